"""What serves of a forest: a flat copy of its trees, walked by a compiled loop.

Apart from the learner, so that who only serves does not take in River.
"""

from typing import ClassVar, Final

import numpy as np

from online_model.learners.blocks import ROWS, take, transform, workspace
from online_model.learners.compiled import compiled
from online_model.learners.encoder import CLIP, CODE, MONTH, bucket_of
from online_model.learners.learner import Arrays, Matrix, NotAdditiveError, Vector, bounded

_STRIDE: Final = 6
"""Steps that a block goes before rows that have come to a leaf are left behind."""


class ForestScorer:
    """All nodes of all trees, one after the other."""

    kind: ClassVar[str] = "forest"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: as of `to_arrays`: the encoding, and by node its column (−1 for leaves), threshold, children
                (the second is `right`, the first follows its parent), share of the prediction, and probability.
        """
        self._arrays = a = arrays
        column, leaf = a["column"], a["column"] < 0
        totals = np.zeros(len(column))
        _totals(a["roots"], column, a["left"], a["right"], a["share"], a["lost"], totals)
        asked = np.unique(column[~leaf])
        feature = np.searchsorted(a["first"], asked, "right") - 1  # an ignored one's first is its successor's
        slot = np.where(leaf, 0, np.searchsorted(asked, column))
        own = np.arange(len(column))
        children = np.column_stack([np.where(leaf, own, a["left"]), np.where(leaf, own, a["right"])])
        self._terms = (
            np.column_stack([asked, feature]), a["way"], a["first"], a["mean"], a["inverse"], a["roots"],
            slot.astype(np.uint64), a["threshold"], np.ascontiguousarray(children, np.uint64), totals,
        )  # fmt: skip

    def __reduce__(self) -> tuple[type["ForestScorer"], tuple[Arrays]]:
        return ForestScorer, (self._arrays,)

    def score(self, x: Matrix) -> Vector:
        """See `Scorer.score`."""
        out = np.empty(len(x))
        _score(np.ascontiguousarray(x, np.float64), *self._terms, *workspace(), out)
        return bounded(out)

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:  # noqa: ARG002 the protocol's
        """See `Scorer.contributions`."""
        raise NotAdditiveError("a forest's log-odds are no sum over features")

    def to_arrays(self) -> Arrays:
        """See `Scorer.to_arrays`."""
        return self._arrays


@compiled
def _totals(roots, column, left, right, share, lost, out):  # type: ignore[no-untyped-def]
    """What each leaf predicts together with all nodes above it, into `out`.

    A node's prediction counts with its share, those below it with the rest (context tree weighting).
    """
    rest = np.ones(column.shape[0])
    for root in roots:
        out[root] = 0.0
    for node in range(column.shape[0]):  # parents come before their children
        if column[node] < 0:
            out[node] += rest[node] * lost[node]
            continue
        for child in (left[node], right[node]):
            out[child] = out[node] + rest[node] * share[node] * lost[node]
            rest[child] = rest[node] * (1.0 - share[node])


@compiled
def _score(x, needed, way, first, mean, inverse, roots, slot, threshold, children, totals, work, bits, out):  # type: ignore[no-untyped-def]
    """All rows of a block go down a tree together: their steps do not wait for each other.

    Args:
        needed: columns that nodes ask for, by the feature that each comes from, shape (slots, 2).
        slot: by node, which of them it asks for; leaves ask for any, and are their own children. Unsigned, as the
            children are, since for signed indices a test whether they count from the end is compiled in.
    """
    z = np.empty((ROWS, max(needed.shape[0], 1)))
    z[:, 0] = 0.0
    at, who = np.empty(ROWS, np.uint64), np.empty(ROWS, np.uint64)
    for start in range(0, x.shape[0], ROWS):
        rows = min(ROWS, x.shape[0] - start)
        for s in range(needed.shape[0]):
            column, j = needed[s, 0], needed[s, 1]
            take(x, start, j, work[0, :rows])
            _column(way[j], column - first[j], mean[column], inverse[column], work, bits, rows, z[:rows, s])
        for r in range(rows):
            out[start + r] = 0.0
        for tree in range(roots.shape[0]):
            for r in range(rows):
                at[r], who[r] = roots[tree], r
            going = rows
            while going > 0:
                for _ in range(_STRIDE):
                    for a in range(going):
                        r = who[a]
                        node = at[r]
                        at[r] = children[node, 0 if z[r, slot[node]] <= threshold[node] else 1]
                still = 0
                for a in range(going):
                    r = who[a]
                    who[still] = r
                    still += 1 if children[at[r], 0] != at[r] else 0
                going = still
            for r in range(rows):
                out[start + r] += totals[at[r]]
        for r in range(rows):
            out[start + r] /= roots.shape[0]


@compiled
def _column(way, which, mean, inverse, work, bits, rows, z):  # type: ignore[no-untyped-def]
    """One standardised column of a block, as the encoder makes it; its feature's values stand in `work`."""
    if way in (CODE, MONTH):
        for r in range(rows):
            work[1, r] = 1.0 if bucket_of(work[0, r], way) == which else 0.0
    else:
        transform(way, work, bits, rows)
        if which == 1:
            for r in range(rows):
                work[1, r] = 1.0 if work[1, r] != work[1, r] else 0.0
    for r in range(rows):
        found = (work[1, r] - mean) * inverse
        # a NaN fails all comparisons, and so becomes 0
        z[r] = CLIP if found > CLIP else -CLIP if found < -CLIP else found if found == found else 0.0
