"""Batch learners that are fitted while a file is replayed, on what had come due by then, and enter the tournament."""

from collections.abc import Callable
from typing import Final

import numpy as np

from batch_jobs.learners.examples import Examples as Known
from batch_jobs.learners.fitted import Fitted, fitted
from batch_jobs.learners.kinds import usual
from batch_jobs.learners.settings import LearnerSettings
from batch_jobs.learners.splits import before, enough
from domain.labels import delay_ms
from domain.settings import FactSettings
from online_model.refitted.frozen import Frozen, name_of
from online_model.refitted.scorer import RefittedScorer
from online_model.registry.errors import MismatchError
from online_model.registry.manifest import Training, describe
from online_model.training.orders import entry
from online_model.training.past import LINEAGE, Examples, Past

AT: Final = (0.4, 0.6, 0.8)
"""Shares of the time span at which all kinds are fitted, with their usual settings, since tuning takes minutes. The
first lies before the second half, on which all is judged."""
_RULES: Final = LearnerSettings()
MOST: Final = 75_000
"""Examples that a model is fitted on and calibrated with; of more, an even part. A random forest takes 20 s for twice
as many, three times a training."""


class Refitting:
    """Holds the models, for the tournament to fetch."""

    def __init__(self, kinds: tuple[str, ...], facts: FactSettings, seed: int) -> None:
        """
        Args:
            kinds: of `batch_jobs.learners.settings.KINDS`; none for no batch learners.
        """
        self._kinds = kinds
        self._facts = facts
        self._seed = seed
        self.held: dict[str, tuple[RefittedScorer, Training]] = {}
        """By version; a training that goes on from another one takes them over."""

    def load(self, version: str, at_ms: int) -> Frozen:
        """A model as it enters the tournament at a moment; see `online_model.training.court.LoadCandidate`.

        Raises:
            MismatchError: it knows outcomes of after that moment.
        """
        scorer, training = self.held[version]
        if training.last_due_ms >= at_ms:
            raise MismatchError(f"version {version}: it knows what was due after the time of its entry")
        return Frozen(scorer, version, training, at_ms)

    def __call__(self, past: Past, told: Callable[[str], None]) -> None:
        """Fit all kinds on what is known now, and have them enter; none where too few outcomes are known.

        Args:
            told: which kind is being fitted.
        """
        known = in_time(past.examples(), delay_ms(self._facts))
        if not known.size:
            return
        train, calibrate = before(known, np.arange(known.size), int(known.dues.max()), _RULES.calibrate)
        if not all(enough(known.lost[rows], _RULES.least) for rows in (train, calibrate)):
            return
        for kind in self._kinds:
            told(kind)
            past.order(entry(self._put(fitted(kind, usual(kind), known, train, calibrate, self._seed))))

    def _put(self, model: Fitted) -> str:
        training = Training(
            name=name_of(model.kind, model.trained_until),
            kind=model.kind,
            lineage=LINEAGE,
            facts=self._facts,
            model_settings=dict(usual(model.kind)),
            seed=self._seed,
            first_snapshot_ms=model.first_snapshot,
            last_snapshot_ms=model.last_snapshot,
            last_due_ms=model.trained_until,
            examples=model.examples,
        )
        version = describe(training, {}).version
        self.held[version] = (model.scorer, training)
        return version


def in_time(examples: Examples, delay: int) -> Known:
    """In the order of time, as batch learners take them; at most `MOST` of them.

    Args:
        delay: ms from a snapshot to when its outcome is due.
    """
    rows = examples.sampled
    times = examples.times[rows]
    users = np.array([examples.users[row] for row in rows.tolist()], object)
    order = np.lexsort((users, times)) if len(rows) else np.zeros(0, int)
    found = Known(
        times=times,
        dues=times + delay,
        features=examples.features,
        lost=examples.scored.lost[rows],
        weights=examples.weights[rows],
        served=np.full(len(rows), np.nan),
    )
    return found.take(order[:: max(1, -(-len(order) // MOST))])
