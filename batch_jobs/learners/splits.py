"""Parts of the examples in the order of time, purged: nobody learns an outcome that was not known by then.

Windows overlap: a snapshot's outcome is known only when its horizon is over. So a model that is judged on snapshots
from a moment on has learned only what was due by that moment (López de Prado 2018, "Advances in Financial Machine
Learning", chapter 7; here nothing follows a judged part, so that there is no embargo).
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from batch_jobs.learners.examples import Examples
from batch_jobs.learners.settings import LearnerSettings
from domain.labels import Times
from online_model.quality.scored import Bools


class Parts(NamedTuple):
    """Rows of the examples, ascending."""

    train: Times
    calibrate: Times
    test: Times


class Fold(NamedTuple):
    """Rows to learn and rows to judge; moments in ms, the second exclusive."""

    begins: int
    ends: int
    learn: Times
    judge: Times


def parts(examples: Examples, calibrate: float, test: float) -> Parts:
    """Training, then calibration, then test.

    Args:
        calibrate: share of the time, counted back from the latest outcome that the test leaves.
        test: share of the time.
    """
    if not examples.size:
        empty = np.zeros(0, np.int64)
        return Parts(empty, empty, empty)
    first, last = int(examples.times[0]), int(examples.times[-1])
    tested_from = last + 1 - round(test * (last - first))
    train, calibrated = before(examples, np.arange(examples.size), tested_from, calibrate)
    return Parts(train, calibrated, np.flatnonzero(examples.times >= tested_from))


def before(examples: Examples, rows: Times, moment: int, calibrate: float) -> tuple[Times, Times]:
    """Rows to train and rows to calibrate with, of those whose outcomes are due by a moment (ms).

    Args:
        rows: ascending.
        calibrate: share of the time of all examples.
    """
    known = rows[examples.dues[rows] <= moment]
    if not len(known):
        return known, known
    span = int(examples.times[-1] - examples.times[0])
    begins = int(examples.times[known[-1]]) + 1 - round(calibrate * span)
    return known[examples.dues[known] <= begins], known[examples.times[known] >= begins]


def folds(examples: Examples, rows: Times, count: int, least: int) -> list[Fold]:
    """Blocks of equal time over the later half, each judged by what was due when it began.

    Args:
        rows: of the training part, ascending.
        least: lost, and returned, on both sides; other blocks are left out.
    """
    if not len(rows):
        return []
    times = examples.times[rows]
    first, last = int(times[0]), int(times[-1]) + 1
    edges = np.linspace(first + (last - first) // 2, last, count + 1).astype(np.int64).tolist()
    found = []
    for begins, ends in pairwise(edges):
        learn = rows[examples.dues[rows] <= begins]
        judge = rows[(times >= begins) & (times < ends)]
        if enough(examples.lost[learn], least) and enough(examples.lost[judge], least):
            found.append(Fold(begins, ends, learn, judge))
    return found


def trainable(examples: Examples, settings: LearnerSettings) -> bool:
    """Whether every part, and a fold at least, has enough of both outcomes."""
    found = parts(examples, settings.calibrate, settings.test)
    return all(enough(examples.lost[rows], settings.least) for rows in found) and bool(
        folds(examples, found.train, settings.folds, settings.least)
    )


def enough(lost: Bools, least: int) -> bool:
    """Whether both outcomes are there often enough."""
    return min(int(lost.sum()), int((~lost).sum())) >= least
