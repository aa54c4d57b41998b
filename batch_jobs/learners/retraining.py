"""Whether models are to be trained anew: on schedule, on drift, on degradation."""

from typing import Final, NamedTuple

import numpy as np

from batch_jobs.learners.examples import Examples
from batch_jobs.learners.reasons import Reason
from batch_jobs.learners.settings import LearnerSettings
from domain.calendar import DAY_MS
from online_model.drift.features import FeatureWatch, start_of, week_of
from online_model.learners.learner import Scorer
from online_model.quality.metrics import log_losses
from online_model.registry.manifest import Training

_LEAST: Final = 200
"""Examples that came due since, below which nothing is called degradation."""


class Former(NamedTuple):
    """A model of the last training."""

    scorer: Scorer
    training: Training
    """What it has learned."""
    log_loss: float
    """On the test of then."""


def reason_to_train(
    former: Former | None, examples: Examples, as_of_ms: int, settings: LearnerSettings
) -> Reason | None:
    """The first that holds; None if the former models stay.

    Drift is what the trainer calls so (`online_model.drift.features`): a feature of a rolling window that is far
    from where it was, two weeks running, in weeks of which the former model has learned no snapshot. Degradation is a
    log loss on what came due since that is higher than that on the test by more than the tolerance and twice its
    standard error.
    """
    if former is None:
        return "first"
    if as_of_ms - former.training.last_due_ms >= settings.every_days * DAY_MS:
        return "schedule"
    if drifted(examples, former.training.last_snapshot_ms):
        return "drift"
    return "degradation" if degraded(former, examples, settings.tolerance) else None


def drifted(examples: Examples, since_ms: int) -> bool:
    """Whether a feature has changed in a week that began after that moment."""
    watch = FeatureWatch()
    weeks = week_of(examples.times)
    for week in np.unique(weeks).tolist():
        rows = weeks == week
        watch.add(examples.times[rows], examples.features[rows])
        if watch.end_of_week(week) and start_of(week) >= since_ms:
            return True
    return False


def degraded(former: Former, examples: Examples, tolerance: float) -> bool:
    """Whether the former model does worse on what it could not know."""
    fresh = examples.take(np.flatnonzero(examples.dues > former.training.last_due_ms))
    if fresh.size < _LEAST:
        return False
    losses = log_losses(fresh.lost, former.scorer.score(fresh.features))
    mean = float(np.average(losses, weights=fresh.weights))
    error = float(losses.std() / np.sqrt(fresh.size))
    return mean - 2 * error > former.log_loss * (1 + tolerance)
