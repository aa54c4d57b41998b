"""When versions are published, and what their manifests say."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from domain.labels import Matrix, Times, delay_ms
from domain.settings import FactSettings
from online_model.calibration.scorer import Line, calibrated
from online_model.learners.learner import Learner
from online_model.loading import BACKGROUND, SCORER_KIND, settings_of
from online_model.quality.quality import Quality
from online_model.refitted.frozen import Frozen
from online_model.registry.manifest import SCORER, Payload, describe
from online_model.registry.manifest import Training as TrainingRecord
from online_model.registry.payload import pack_arrays
from online_model.training.effects import Publish
from online_model.training.lineup import Lineup
from online_model.training.population import background, importance
from online_model.training.serving import Version

IMPORTANCE: Final = "importance_"
"""Metrics that begin so say how much a theme (`online_model.explain.themes`) matters over the recent population:
the mean size of what it adds to the log-odds."""
CANDIDATE: Final = "candidate"
"""Setting of a version of a refitted model: the id that it entered the tournament by."""
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

    def version(
        self, name: str, lineup: Lineup, quality: Quality, line: Line, population: Matrix
    ) -> tuple[Publish, Version] | None:
        """The version that a contestant would be; None where it has learned too little to have one.

        Args:
            line: by which it is calibrated.
            population: raw features of recent users, shape (n, features).
        """
        learner = lineup.learner(name)
        scorer = learner.scorer()
        if scorer is None:
            return None
        some = background(population)
        arrays = scorer.to_arrays() | {SCORER_KIND: np.array(scorer.kind), BACKGROUND: some}
        served = calibrated(scorer, line)
        record = self._record(name, learner, line, quality, importance(served, population, self._seed))
        packed = pack_arrays(arrays)
        payload = Payload(hashlib.sha256(packed).hexdigest(), len(packed))
        identity = describe(record, {SCORER: payload}).version
        return Publish(identity, record, arrays, learner), Version(identity, name, scorer, line, some)

    def _record(
        self, name: str, learner: Learner, line: Line, quality: Quality, themes: Mapping[str, float]
    ) -> TrainingRecord:
        measured = quality.report(name)
        metrics = {metric: getattr(measured, metric) for metric in _METRICS}
        settings = settings_of(line)
        if isinstance(learner, Frozen):
            settings |= {CANDIDATE: learner.candidate}
            first, last = learner.training.first_snapshot_ms, learner.training.last_snapshot_ms
        else:
            first, last = self._first[name], self._last_ms
        return TrainingRecord(
            name=name,
            kind=learner.kind,
            lineage=self._lineage,
            facts=self._facts,
            model_settings=settings,
            seed=self._seed,
            first_snapshot_ms=first,
            last_snapshot_ms=last,
            last_due_ms=self._last_ms + delay_ms(self._facts),
            examples=learner.learned,
            metrics=metrics | {IMPORTANCE + theme: weight for theme, weight in themes.items()},
        )
