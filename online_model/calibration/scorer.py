"""A scorer whose probabilities are calibrated, and whose contributions still add up to them."""

from typing import ClassVar, NamedTuple

import numpy as np

from online_model.calibration.recalibrator import FARTHEST, recalibrated
from online_model.learners.learner import Arrays, Matrix, Scorer, Vector


class Line(NamedTuple):
    """What the log-odds of a scorer become: ``intercept + slope · log-odds``."""

    slope: float = 1.0
    intercept: float = 0.0


AS_IT_IS = Line()


class CalibratedScorer:
    """Implements `Scorer`; stored as the scorer below it, the line stands in the version's manifest."""

    kind: ClassVar[str] = "calibrated"

    def __init__(self, scorer: Scorer, line: Line) -> None:
        """
        Args:
            scorer: says the probabilities that are calibrated.
            line: its slope is above 0.
        """
        self._scorer = scorer
        self._line = line

    def score(self, x: Matrix) -> Vector:
        """See `Scorer.score`."""
        return recalibrated(self._scorer.score(x), self._line.slope, self._line.intercept)

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:
        """See `Scorer.contributions`: each part times the slope, or less where the log-odds are cut.

        Raises:
            NotAdditiveError: those of the scorer below are no sum over features.
        """
        slope, intercept = self._line
        parts, base = self._scorer.contributions(x)
        sums = parts.sum(axis=1)
        reached = np.clip(base + sums, -FARTHEST, FARTHEST) - base
        # where nothing is cut the factor is the slope itself, without the rounding of a division
        uncut = (np.abs(base + sums) <= FARTHEST) | (sums == 0)
        factor = slope * np.where(uncut, 1.0, reached / np.where(sums == 0, 1.0, sums))
        return parts * factor[:, None], intercept + slope * base

    def to_arrays(self) -> Arrays:
        """See `Scorer.to_arrays`: of the scorer below."""
        return self._scorer.to_arrays()


def calibrated(scorer: Scorer, line: Line) -> Scorer:
    """What serves: the scorer itself where nothing is to be calibrated."""
    return scorer if line == AS_IT_IS else CalibratedScorer(scorer, line)
