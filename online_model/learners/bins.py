"""Quantile bins: every feature becomes one of a few bins with about as many examples each.

The edges come from the first `FREEZE_AT` examples and stay from then on. Until then they are provisional: a learner
keeps those examples, and at `MILESTONES` takes new edges and learns them all again, so that early predictions need
not wait, and what is learned in the end does not depend on the provisional edges.
"""

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from online_model.learners.compiled import compiled
from online_model.learners.encoder import (
    CODE,
    CODE_BUCKETS,
    IGNORED,
    MONTH,
    MONTH_BUCKETS,
    Matrix,
    bucket_of,
)

FREEZE_AT: Final = 5000
MILESTONES: Final = (50, 100, 200, 400, 800, 1600, 3200, FREEZE_AT)
QUANTILES: Final = 10
"""Bins of known values, if there are as many distinct ones."""

Integers = npt.NDArray[np.int64]


class Bins(NamedTuple):
    """Bins of all features, one after the other; a feature's last bin is of what is unknown."""

    way: Integers
    """As in `encoder.Plan`, shape (features,); `IGNORED` also for what never varied."""
    first: Integers
    """First bin of each feature, shape (features + 1,)."""
    edges: Matrix
    """Upper edges of all bins but the last known one, shape (features, QUANTILES - 1), filled up with infinity."""

    @property
    def total(self) -> int:
        """Bins of all features."""
        return int(self.first[-1])


def bins_of(x: Matrix, way: Integers) -> Bins:
    """Bins from examples, shape (n, features), read as `encoder.Plan.way` says; none: categories only."""
    way = way.copy()
    edges = np.full((len(way), QUANTILES - 1), math.inf)
    sizes = np.ones(len(way), np.int64)
    for j, kind in enumerate(way.tolist()):
        if kind in (CODE, MONTH):
            sizes[j] = (CODE_BUCKETS if kind == CODE else MONTH_BUCKETS) + 1
            continue
        known = x[np.isfinite(x[:, j]), j]
        if kind == IGNORED or len(known) == 0 or (known.min() == known.max() and len(known) == len(x)):
            way[j], sizes[j] = IGNORED, 0
            continue
        cuts = np.unique(np.quantile(known, np.arange(1, QUANTILES) / QUANTILES, method="lower"))
        cuts = cuts[cuts < known.max()]  # no bin without examples
        edges[j, : len(cuts)] = cuts
        sizes[j] = len(cuts) + 2
    return Bins(way, np.concatenate([[0], np.cumsum(sizes)]), edges)


@compiled
def bin_of(value, way, edges, size):  # type: ignore[no-untyped-def]
    """Bin of a value within its feature, which has `size` bins."""
    if way in (CODE, MONTH):
        bucket = bucket_of(value, way)
        return size - 1 if bucket < 0 else bucket
    if not abs(value) < math.inf:
        return size - 1
    low, high = 0, size - 2
    while low < high:
        middle = (low + high) // 2
        if value <= edges[middle]:
            high = middle
        else:
            low = middle + 1
    return low


@compiled
def bins_of_block(values, way, edges, size, which):  # type: ignore[no-untyped-def]
    """`bin_of` many values, into `which`: comparing all edges at once is faster than searching among so few."""
    if way in (CODE, MONTH):
        for r in range(values.shape[0]):
            which[r] = bin_of(values[r], way, edges, size)
        return
    for r in range(values.shape[0]):
        which[r] = 0
    for q in range(size - 2):
        edge = edges[q]
        for r in range(values.shape[0]):
            which[r] += 1 if values[r] > edge else 0
    for r in range(values.shape[0]):
        which[r] = which[r] if abs(values[r]) < math.inf else size - 1
