"""Rows in blocks, one feature after the other: how scorers read a batch.

A block is small enough to stay in the fastest cache while all its columns are read, and long enough for vector
instructions to pay. Each row's sums keep the order of the features, so a block gives the same bits as its rows.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from online_model.learners.compiled import compiled
from online_model.learners.elementary import signed_logs
from online_model.learners.encoder import LARGEST_RATIO, PLAIN

ROWS: Final = 64
"""Of a block."""

_ARRAYS: Final = 5


def workspace() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Memory for `take`, shape (arrays, ROWS), and the same memory as whole numbers."""
    work = np.zeros((_ARRAYS, ROWS))
    return work, work.view(np.int64)


@compiled
def take(x, start, j, raw):  # type: ignore[no-untyped-def]
    """One feature of a block's rows into `raw`, shape (rows,)."""
    for r in range(raw.shape[0]):
        raw[r] = x[start + r, j]


@compiled
def transform(way, work, bits, rows):  # type: ignore[no-untyped-def]
    """As `encoder.transformed`, of numbers: from the first array of `work` into the second."""
    raw, out = work[0, :rows], work[1, :rows]
    if way == PLAIN:
        for r in range(rows):
            cut = min(max(raw[r], -LARGEST_RATIO), LARGEST_RATIO)
            out[r] = cut if abs(raw[r]) < np.inf else np.nan
    else:
        signed_logs(
            raw, work[2, :rows], bits[2, :rows], work[3, :rows], bits[3, :rows], work[4, :rows], bits[4, :rows], out
        )  # fmt: skip
