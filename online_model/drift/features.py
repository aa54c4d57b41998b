"""Watches the features of rolling windows week by week: PSI above 0.2 in two consecutive weeks is a change."""

from typing import Final

import numpy as np
import numpy.typing as npt

from domain.calendar import DAY_MS, WEEK_MS
from domain.labels import Matrix, Times
from online_model.drift.comparison import Comparison, compare
from online_model.drift.grid import WATCHED, WINDOW_MS, FeatureCounts, WeekCounts

MONDAY_MS: Final = 3 * DAY_MS
"""1970 began three days after a Monday."""
PSI: Final = 0.2
STEADY_PSI: Final = 0.1
"""Two weeks that are nearer than this make a reference."""
CHANCE: Final = 0.01
"""Most probability, over all watched features together, that a week's PSI is chance."""
MIN_USERS: Final = 200
_OPEN_WEEKS: Final = 4


class FeatureWatch:
    """Weeks run from Monday to Sunday, UTC, so that all have the same weekdays."""

    def __init__(self) -> None:
        self._first_ms: int | None = None
        self._open: dict[int, WeekCounts] = {}
        self._last: tuple[int, WeekCounts] | None = None
        self._since_ms = np.zeros(len(WATCHED), np.int64)
        self._reference: list[tuple[FeatureCounts, FeatureCounts] | None] = [None] * len(WATCHED)
        self._above: npt.NDArray[np.int64] = np.zeros(len(WATCHED), np.int64)
        self._ended = -(1 << 62)
        self.compared: list[Comparison] = []
        """All watched features in the week that ended last, but those without a reference."""
        self.late = 0
        """Rows of weeks that had ended."""

    def add(self, times: Times, x: Matrix) -> None:
        """Count users of any weeks that have not ended.

        Raises:
            ValueError: more than four weeks would be open; nothing was counted.
        """
        if not len(times):
            return
        weeks = week_of(times)
        fresh = weeks > self._ended
        found = np.unique(weeks[fresh]).tolist()
        if len(self._open.keys() | set(found)) > _OPEN_WEEKS:
            first = min([*self._open, *found])
            raise ValueError(f"week {max(found)} has begun, but weeks from {first} on are not ended")
        if self._first_ms is None:
            # whole weeks only: the one in which the stream begins is none
            self._first_ms = int(times.min())
            self._since_ms[:] = self._first_ms
        self.late += int((~fresh).sum())
        for week in found:
            self._open.setdefault(week, WeekCounts()).add(x[weeks == week])

    def end_of_week(self, week: int) -> list[Comparison]:
        """Close the weeks up to this one; the features that were above in it and in the one before."""
        self.compared = []
        counts = self._open.get(week)
        self._open = {w: c for w, c in self._open.items() if w > week}
        self._ended = max(self._ended, week)
        if counts is None or counts.rows < MIN_USERS:
            self._above[:] = 0
            self._last = None
            return []
        for feature, reference in enumerate(self._reference):
            if reference is None:
                self._find_reference(feature, week, counts)
            else:
                self._judge(feature, compare(WATCHED[feature].name, reference, counts.of(feature)))
        self._last = week, counts
        return [c for c in self.compared if self._above[_INDEX[c.feature]] >= 2]

    def begin_anew(self, at_ms: int) -> None:
        """Take new references, from weeks whose windows lie wholly after this moment."""
        self._since_ms[:] = at_ms
        self._reference = [None] * len(WATCHED)
        self._above[:] = 0

    @property
    def referenced(self) -> int:
        """How many features have a reference by now."""
        return sum(reference is not None for reference in self._reference)

    def _judge(self, feature: int, found: Comparison) -> None:
        self.compared.append(found)
        above = found.psi > PSI and found.chance < CHANCE / len(WATCHED)
        self._above[feature] = self._above[feature] + 1 if above else 0

    def _find_reference(self, feature: int, week: int, counts: WeekCounts) -> None:
        if self._last is None or self._last[0] != week - 1:
            return
        # windows that begin with the stream, or with the change, fill up: that is no drift
        if start_of(week - 1) < self._since_ms[feature] + WINDOW_MS[feature]:
            return
        last, now = self._last[1].of(feature), counts.of(feature)
        if compare(WATCHED[feature].name, [last], now).psi < STEADY_PSI:
            self._reference[feature] = last, now


_INDEX: Final = {f.name: i for i, f in enumerate(WATCHED)}


def week_of(times: Times) -> Times:
    """Weeks since the Monday before 1970, of ms since 1970."""
    return (np.asarray(times, np.int64) + MONDAY_MS) // WEEK_MS


def start_of(week: int) -> int:
    """First moment of a week, ms since 1970."""
    return week * WEEK_MS - MONDAY_MS
