"""Counts of values on a fixed grid: any split of the rows into calls gives the same counts, in bounded memory.

The grid is fine and fixed beforehand, so nothing has to be kept back until quantiles are known; the ten quantile
bins of a comparison are then runs of grid cells with about equal shares of the reference (`comparison`).
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.calendar import DAY_MS
from domain.catalogue import CATALOGUE, Feature
from domain.labels import Matrix

Counts = npt.NDArray[np.int64]

_HALF: Final = 330
"""Cells on either side of zero: the last one begins at 10^9."""
CELLS: Final = 2 * _HALF + 2
"""Cells of a feature; the last one counts what is unknown."""
_FINENESS: Final = 16.0
"""Cells to a factor of e: whole numbers up to 16 have a cell each."""
_RATIO_SCALE: Final = 16.0
"""Ratios are of the order of 1, so they are spread before."""
_FIXED_POINT: Final = 1024.0
_LARGEST: Final = 1e9
_CHUNK: Final = 2048


def days_of_window(feature: Feature) -> int | None:
    """Length of the rolling window in days; None for what looks back to the beginning, or at one moment."""
    length, _, unit = feature.window.partition(" ")
    return int(length) * {"d": 1, "w": 7}[unit] if length.isdigit() and unit in ("d", "w") else None


COLUMNS: Final = np.array([i for i, f in enumerate(CATALOGUE) if days_of_window(f) is not None])
"""Catalogue index of each watched feature."""
WATCHED: Final = tuple(CATALOGUE[i] for i in COLUMNS.tolist())
"""Features of rolling windows: those that count from the beginning drift by construction."""
WINDOW_MS: Final = np.array([(days_of_window(f) or 0) * DAY_MS for f in WATCHED], np.int64)
_SCALE: Final = np.array([_RATIO_SCALE if f.kind == "ratio" else 1.0 for f in WATCHED])
_OFFSET: Final = np.arange(len(WATCHED), dtype=np.int64) * CELLS


class FeatureCounts(NamedTuple):
    """One week's users in one feature."""

    users: int
    cells: Counts
    mean: float
    """Of what is known; NaN where nothing is."""


class WeekCounts:
    """One week's users on the grid."""

    def __init__(self) -> None:
        self.rows = 0
        self.cells: Counts = np.zeros((len(WATCHED), CELLS), np.int64)
        self._sums: Counts = np.zeros(len(WATCHED), np.int64)

    def add(self, x: Matrix) -> None:
        """Count rows of raw features, shape (n, features of the catalogue)."""
        self.rows += len(x)
        for first in range(0, len(x), _CHUNK):
            values = x[first : first + _CHUNK, COLUMNS]
            np.add.at(self.cells.reshape(-1), (cells_of(values) + _OFFSET).reshape(-1), 1)
            known = np.nan_to_num(np.clip(values, -_LARGEST, _LARGEST))
            # in whole numbers, since sums of doubles depend on how the rows were split
            self._sums += np.rint(known * _FIXED_POINT).astype(np.int64).sum(axis=0)

    def of(self, feature: int) -> FeatureCounts:
        """One of `WATCHED`, as it is now."""
        cells = self.cells[feature].copy()
        known = self.rows - int(cells[-1])
        mean = int(self._sums[feature]) / _FIXED_POINT / known if known else float("nan")
        return FeatureCounts(self.rows, cells, mean)


def cells_of(values: Matrix) -> Counts:
    """Cell of each value, shape of `values`: equal steps of the logarithm of 1 + size."""
    steps = np.log1p(np.minimum(np.abs(values), _LARGEST) * _SCALE) * _FINENESS
    inner = np.copysign(np.minimum(np.rint(np.nan_to_num(steps)), _HALF), values)
    return np.where(np.isnan(values), CELLS - 1, np.nan_to_num(inner).astype(np.int64) + _HALF)
