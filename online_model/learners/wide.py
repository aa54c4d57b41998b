"""The scorer of learners that are linear in the catalogue's features and the derived ones."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from online_model.learners.derived import widened, with_owners
from online_model.learners.learner import Arrays, Matrix, Vector
from online_model.learners.linear import LinearScorer, LinearStack


class WideScorer:
    """A linear scorer over widened rows; a derived column's part counts among the feature that owns it."""

    kind: ClassVar[str] = "wide"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: as of `to_arrays`: those of the linear scorer, and `places` (`derived.places_of`).
        """
        self._arrays = arrays
        self.places = arrays["places"]
        self.linear = LinearScorer(arrays)

    def score(self, x: Matrix) -> Vector:
        """See `Scorer.score`."""
        return self.linear.score(self._widened(x))

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:
        """See `Scorer.contributions`. A part is relative to what the feature adds on average so far."""
        parts, base = self.linear.contributions(self._widened(x))
        return with_owners(parts, self.places), base

    def to_arrays(self) -> Arrays:
        """See `Scorer.to_arrays`."""
        return self._arrays

    def _widened(self, x: Matrix) -> Matrix:
        return widened(np.ascontiguousarray(x, np.float64), self.places)


class WideStack:
    """Several wide scorers, asked at once: rows are widened, and logarithms taken, once for all."""

    def __init__(self, scorers: Sequence[WideScorer]) -> None:
        """
        Args:
            scorers: at least one, all over the same features.
        """
        self._places = scorers[0].places
        self._stack = LinearStack([s.linear for s in scorers])

    def score(self, x: Matrix) -> list[Vector]:
        """By each scorer what its own `score` says, to the bit, shape (n,) each."""
        return self._stack.score(widened(np.ascontiguousarray(x, np.float64), self._places))
