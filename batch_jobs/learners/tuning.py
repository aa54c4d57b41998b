"""Random search within a budget of time, by time-ordered cross-validation."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from batch_jobs.learners.encoding import encoding
from batch_jobs.learners.examples import Examples
from batch_jobs.learners.kinds import DENSE, Chosen, drawn, fit, usual
from batch_jobs.learners.splits import Fold
from online_model.quality.metrics import log_losses
from online_model.quality.ranking import ranked, roc_auc
from online_model.refitted.probabilities import Platt

Clock = Callable[[], float]
"""Seconds that only grow."""


class Judged(NamedTuple):
    """A setting on one fold."""

    fold: Fold
    roc_auc: float | None
    log_loss: float


class Tuned(NamedTuple):
    """The best setting of a kind."""

    chosen: Chosen
    folds: list[Judged]
    trials: int


def tuned(
    kind: str, examples: Examples, folds: Sequence[Fold], seed: int, trials: int, until: float, clock: Clock
) -> Tuned:
    """The setting with the least mean log loss over the folds.

    How many are tried depends on the time; which come in which order, on the seed alone.

    Args:
        folds: at least one.
        trials: at most.
        until: no trial begins later, but for the first; in the seconds of `clock`.
    """
    rng = np.random.default_rng([seed, *kind.encode()])
    best: list[Judged] = []
    chosen, tried = usual(kind), 0
    for number in range(trials):
        if number and clock() >= until:
            break
        setting = usual(kind) if not number else drawn(kind, rng)
        found = [judged(kind, setting, examples, fold, seed) for fold in folds]
        tried += 1
        if not best or _mean(found) < _mean(best):
            chosen, best = setting, found
    return Tuned(chosen, best, tried)


def judged(kind: str, setting: Chosen, examples: Examples, fold: Fold, seed: int) -> Judged:
    """Probabilities are told by the base rate of what was learned: weights have made both outcomes equal."""
    x, lost = examples.features[fold.learn], examples.lost[fold.learn]
    columns = encoding(x, dense=kind in DENSE)
    model = fit(kind, setting, columns(x), lost, seed)
    margins = model.margins(columns(examples.features[fold.judge]))
    said = Platt(1.0, float(np.log(lost.mean() / (1 - lost.mean()))))(margins)
    truth, weights = examples.lost[fold.judge], examples.weights[fold.judge]
    loss = float(np.average(log_losses(truth, said), weights=weights))
    return Judged(fold, roc_auc(ranked(said, truth, weights)), loss)


def _mean(found: Sequence[Judged]) -> float:
    return float(np.mean([one.log_loss for one in found]))
