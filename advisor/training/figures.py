"""How good the contestants were on the second half of a file, as `ebbwatch evaluate` judges it."""

from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from advisor.training.errors import NothingLearnedError
from advisor.training.replayed import Replayed
from batch_jobs.learners.score import roi, score, stability
from online_model.quality.metrics import Metrics
from online_model.quality.report import Judgement, judge
from online_model.quality.scored import Scored, Vector
from online_model.refitted.frozen import is_refitted
from online_model.thresholds import Contact
from online_model.training.settle import CHAMPION

FOLDS: Final = 4
"""Stretches of time of equal length, over which the AUC is to be steady."""


class Contestant(msgspec.Struct, frozen=True, kw_only=True):
    """One of them; `champion` is what served, whoever that was at the moment."""

    name: str
    metrics: Metrics
    """Of the second half of the time span, with the reliability curve."""
    f1_of_all: float | None
    """F1 of flagging everybody."""
    roi: float | None
    stability: float | None
    score: float | None
    """0.4 F1 + 0.3 recall + 0.2 ROI + 0.1 stability; decides nothing."""
    value_of_a_snapshot: float | None
    """Money that contacting above the threshold brings, beside contacting nobody."""


def contestants(replayed: Replayed, contact: Contact) -> list[Contestant]:
    """What served first, the others by log loss; refitted models last, since each is judged on what it has predicted.

    Raises:
        NothingLearnedError: there is nothing to judge by.
    """
    examples = replayed.watched.examples
    rows = np.flatnonzero(examples.times >= replayed.middle_ms)
    if not len(rows):
        raise NothingLearnedError(
            "No customer of the second half of the file has an outcome that is known: send a longer time, or choose "
            "a shorter horizon."
        )
    half, weights = examples.scored.take(rows), examples.weights[rows]
    half = half._replace(predictions={n: p for n, p in half.predictions.items() if np.isfinite(p).any()})
    judged = judge(half, weights, contact=contact)
    folds = _folds(half, weights, contact)
    found = [_contestant(name, one, folds, contact) for name, one in judged.items()]
    return sorted(found, key=lambda c: (c.name != CHAMPION, is_refitted(c.name), _loss(c), c.name))


def _contestant(
    name: str, judgement: Judgement, folds: list[dict[str, Judgement]], contact: Contact
) -> Contestant:
    metrics = judgement.parts["all"]
    at = metrics.decided
    back = None if at is None or metrics.base_rate is None else roi(at, contact, metrics.base_rate)
    steady = stability([fold[name].parts["all"].roc_auc for fold in folds if name in fold])
    return Contestant(
        name=name,
        metrics=metrics,
        f1_of_all=None if at is None else at.f1_of_all,
        roi=back,
        stability=steady,
        score=None if at is None else score(at.f1, at.recall, back, steady),
        value_of_a_snapshot=None if at is None else at.cost_of_none - at.cost_with_saving,
    )


def _folds(half: Scored, weights: Vector, contact: Contact) -> list[dict[str, Judgement]]:
    first, last = int(half.due_day.min()), int(half.due_day.max())
    edges = np.linspace(first, last + 1, FOLDS + 1)
    found = []
    for low, high in pairwise(edges.tolist()):
        rows = np.flatnonzero((half.due_day >= low) & (half.due_day < high))
        if len(rows):
            found.append(judge(half.take(rows), weights[rows], contact=contact))
    return found


def _loss(contestant: Contestant) -> float:
    loss = contestant.metrics.log_loss
    return float("inf") if loss is None else loss
