"""Margins of trees: a forest's mean of shares as log-odds, or the sum that boosting has made."""

from typing import ClassVar, Final

import numpy as np

from online_model.learners.learner import Arrays, Matrix, Vector
from online_model.refitted.compiled import compiled

LEAF: Final = -1
"""In place of a column; the node's threshold is then what it says."""
_EDGE: Final = 1e-9
"""Shares are cut so far from 0 and 1 before they become log-odds."""
_ROWS: Final = 64
"""Of a block."""


class Trees:
    """All nodes of all trees, one after the other; a row goes left where its column is at most the threshold."""

    form: ClassVar[str] = "trees"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: by node `column` (`LEAF` for leaves), `threshold`, `left`, `right` and `unknown_left`, where a NaN
                goes; `roots`, by tree; and three flags: `mean`, whether shares are averaged rather than log-odds
                added, `single_columns` and `single_sums`, whether columns and sums are rounded to single precision,
                as the library does that grew the trees.
        """
        self._arrays = a = arrays
        self._mean, self._single = bool(a["mean"]), bool(a["single_columns"])
        leaf, own = a["column"] < 0, np.arange(len(a["column"]))
        # a leaf is its own child, so that all rows of a block can go the same number of steps
        children = np.column_stack([np.where(leaf, own, a["right"]), np.where(leaf, own, a["left"])])
        depths = np.zeros(len(a["roots"]), np.int64)
        _depths(a["roots"], a["column"], a["left"], a["right"], np.zeros(len(leaf), np.int64), depths)
        self._terms = (
            a["roots"].astype(np.uint64), depths, np.where(leaf, 0, a["column"]).astype(np.uint64), a["threshold"],
            np.ascontiguousarray(children, np.uint64), a["unknown_left"], bool(a["single_sums"]),
        )  # fmt: skip

    def __call__(self, z: Matrix) -> Vector:
        """See `Margins`."""
        out = np.zeros(len(z))
        _sums(z.astype(np.float32).astype(np.float64) if self._single else z, *self._terms, out)
        if not self._mean:
            return out
        shares = np.clip(out / len(self._arrays["roots"]), _EDGE, 1 - _EDGE)
        return np.asarray(np.log(shares / (1 - shares)))

    def to_arrays(self) -> Arrays:
        """See `Margins`."""
        return self._arrays


@compiled
def _depths(roots, column, left, right, depth, out):  # type: ignore[no-untyped-def]
    """Steps from each root to its farthest leaf, into `out`."""
    for tree in range(roots.shape[0]):
        end = roots[tree + 1] if tree + 1 < roots.shape[0] else column.shape[0]
        for node in range(roots[tree], end):  # parents come before their children
            out[tree] = max(out[tree], depth[node])
            if column[node] >= 0:
                depth[left[node]] = depth[right[node]] = depth[node] + 1


@compiled
def _sums(z, roots, depths, column, threshold, children, unknown_left, single_sums, out):  # type: ignore[no-untyped-def]
    """All rows of a block go down a tree together: their steps do not wait for each other.

    Args:
        column: unsigned, as the children are, since for signed indices a test whether they count from the end is
            compiled in.
    """
    at = np.empty(_ROWS, np.uint64)
    for start in range(0, z.shape[0], _ROWS):
        rows = min(_ROWS, z.shape[0] - start)
        for tree in range(roots.shape[0]):
            for r in range(rows):
                at[r] = roots[tree]
            for _ in range(depths[tree]):
                for r in range(rows):
                    node = at[r]
                    v = z[start + r, column[node]]
                    goes_left = (v <= threshold[node]) | ((v != v) & unknown_left[node])
                    at[r] = children[node, np.uint64(goes_left)]
            for r in range(rows):
                out[start + r] += threshold[at[r]]
            if single_sums:
                for r in range(rows):
                    # of two single numbers: rounded once more it is the sum that single precision gives
                    out[start + r] = np.float64(np.float32(out[start + r]))
