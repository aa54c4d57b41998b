"""When versions are published, and what their manifests say."""

import hashlib
from collections.abc import Iterable
from typing import Final

import numpy as np

from domain.labels import Times, delay_ms
from domain.settings import FactSettings
from online_model.quality.quality import Quality
from online_model.registry.manifest import SCORER, Payload, describe
from online_model.registry.manifest import Training as TrainingRecord
from online_model.registry.payload import pack_arrays
from online_model.training.effects import Publish
from online_model.training.lineup import Lineup
from online_model.training.serving import Version

SCORER_KIND: Final = "scorer_kind"
"""Array of a version that says of which kind the scorer is (`online_model.loading`)."""
_METRICS: Final = ("examples", "roc_auc", "pr_auc", "log_loss", "brier", "ece")


class Publishing:
    """Remembers what was learned, and what of it is published. Picklable."""

    def __init__(
        self, lineage: str, facts: FactSettings, seed: int, every_examples: int, every_days: int
    ) -> None:
        """
        Args:
            every_examples: learned since the last publication, until the next.
            every_days: of event time until the next, if anything was learned.
        """
        self._lineage = lineage
        self._facts = facts
        self._seed = seed
        self._every_examples = every_examples
        self._every_days = every_days
        self._first: dict[str, int] = {}
        self._last_ms = 0
        self.examples = 0
        """Learned so far."""
        self._published = 0
        self._published_day: int | None = None

    def learned(self, names: Iterable[str], times: Times) -> None:
        """Contestants have learned examples of these snapshot times, in their order."""
        for name in names:
            self._first.setdefault(name, int(times[0]))
        self._last_ms = int(times[-1])
        self.examples += len(times)

    def full(self) -> bool:
        """Whether so many examples have been learned that it is time."""
        return self.examples - self._published >= self._every_examples

    def old(self, day: int) -> bool:
        """Whether, at the end of a day, something learned has waited long enough."""
        if self._published_day is None:
            return self.examples > 0
        return self.examples > self._published and day - self._published_day >= self._every_days

    def done(self, day: int) -> None:
        """Everything that serves has been published."""
        self._published, self._published_day = self.examples, day

    def version(self, name: str, lineup: Lineup, quality: Quality) -> tuple[Publish, Version] | None:
        """The version that a contestant would be; None where it has learned too little to have one."""
        learner = lineup.learner(name)
        scorer = learner.scorer()
        if scorer is None:
            return None
        arrays = scorer.to_arrays() | {SCORER_KIND: np.array(scorer.kind)}
        record = self._record(name, learner.kind, learner.learned, quality)
        packed = pack_arrays(arrays)
        payload = Payload(hashlib.sha256(packed).hexdigest(), len(packed))
        identity = describe(record, {SCORER: payload}).version
        return Publish(identity, record, arrays, learner), Version(identity, name, scorer)

    def _record(self, name: str, kind: str, examples: int, quality: Quality) -> TrainingRecord:
        measured = quality.report(name)
        return TrainingRecord(
            name=name,
            kind=kind,
            lineage=self._lineage,
            facts=self._facts,
            seed=self._seed,
            first_snapshot_ms=self._first[name],
            last_snapshot_ms=self._last_ms,
            last_due_ms=self._last_ms + delay_ms(self._facts),
            examples=examples,
            metrics={metric: getattr(measured, metric) for metric in _METRICS},
        )
