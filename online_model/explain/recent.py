"""A sample of the recent population: the background of explanations, of importance and of partial dependence."""

from typing import Final

import numpy as np
import numpy.typing as npt

from domain.labels import FEATURES, Matrix, Times
from online_model.drift.features import week_of

ROWS: Final = 500


class Recent:
    """An even sample of the last whole week's snapshots, and of the present one. Can be pickled; under a megabyte.

    Every snapshot draws a number from its place in the stream; the smallest stay. So any split of the input into
    calls keeps the same rows.
    """

    def __init__(self, seed: int, rows: int = ROWS) -> None:
        """
        Args:
            rows: at most so many of a week.
        """
        self._seed = np.uint64(seed)
        self._most = rows
        self._seen = 0
        self._week: int | None = None
        self._last: Matrix = np.empty((0, FEATURES))
        self._rows: Matrix = np.empty((0, FEATURES))
        self._draws: npt.NDArray[np.uint64] = np.empty(0, np.uint64)

    def add(self, times: Times, x: Matrix) -> None:
        """Snapshots in order of time; shapes (n,) and (n, features)."""
        weeks = week_of(times)
        draws = _mixed(np.arange(self._seen, self._seen + len(x), dtype=np.uint64) + self._seed)
        self._seen += len(x)
        for week in np.unique(weeks).tolist():
            if self._week is None or week > self._week:
                self._last, self._week = self._rows, week
                self._rows, self._draws = self._rows[:0], self._draws[:0]
            taken = weeks == week
            rows = np.concatenate([self._rows, x[taken]])
            drawn = np.concatenate([self._draws, draws[taken]])
            kept = np.sort(np.argsort(drawn, kind="stable")[: self._most])
            self._rows, self._draws = rows[kept], drawn[kept]

    @property
    def population(self) -> Matrix:
        """Rows of the last whole week, or else of the present one; shape (at most `rows`, features)."""
        return self._last if len(self._last) else self._rows


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's mixing of consecutive numbers (Steele, Lea, Flood 2014)."""
    z = values * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
