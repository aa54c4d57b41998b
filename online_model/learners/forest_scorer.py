"""What serves of a forest: a flat copy of its trees, walked by a compiled loop.

Apart from the learner, so that who only serves does not take in River.
"""

from typing import ClassVar

import numpy as np

from online_model.learners.compiled import compiled
from online_model.learners.encoder import spread, standardise
from online_model.learners.learner import Arrays, Matrix, NotAdditiveError, Vector, bounded


class ForestScorer:
    """All nodes of all trees, one after the other."""

    kind: ClassVar[str] = "forest"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: as of `to_arrays`: the encoding, and by node its column (−1 for leaves), threshold, children
                (the second is `right`, the first follows its parent), share of the prediction, and probability.
        """
        self._arrays = arrays
        names = (
            "way", "first", "mean", "inverse", "roots", "column", "threshold", "left", "right", "share", "lost",
        )  # fmt: skip
        self._terms = tuple(arrays[name] for name in names)

    def score(self, x: Matrix) -> Vector:
        """See `Scorer.score`."""
        out = np.empty(len(x))
        z = np.empty(len(self._arrays["mean"]))
        _score(np.ascontiguousarray(x, np.float64), *self._terms, z, out)
        return bounded(out)

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:  # noqa: ARG002 the protocol's
        """See `Scorer.contributions`."""
        raise NotAdditiveError("a forest's log-odds are no sum over features")

    def to_arrays(self) -> Arrays:
        """See `Scorer.to_arrays`."""
        return self._arrays


@compiled
def _score(x, way, first, mean, inverse, roots, column, threshold, left, right, share, lost, z, out):  # type: ignore[no-untyped-def]
    """A node's prediction counts with its share, those below it with the rest (context tree weighting)."""
    for i in range(x.shape[0]):
        spread(x[i], way, first, z)
        standardise(mean, inverse, z)
        total = 0.0
        for root in roots:
            node, rest = root, 1.0
            while column[node] >= 0:
                total += rest * share[node] * lost[node]
                rest *= 1.0 - share[node]
                node = left[node] if z[column[node]] <= threshold[node] else right[node]
            total += rest * lost[node]
        out[i] = total / roots.shape[0]
