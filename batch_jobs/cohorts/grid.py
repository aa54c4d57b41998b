"""Which cells are ripe, and which of them must be counted."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from batch_jobs.cohorts.counting import Counts
from batch_jobs.cohorts.days import starts
from batch_jobs.cohorts.sizes import Sizes


class Cells(NamedTuple):
    """Cells of one grain, in the order of (row, period)."""

    rows: Counts
    """Row of `Sizes`."""
    periods: Counts

    def where(self, wanted: npt.NDArray[np.bool_]) -> "Cells":
        """Some of them."""
        return Cells(self.rows[wanted], self.periods[wanted])


def ripe(sizes: Sizes, as_of: int, silence: int = 0) -> Cells:
    """Cells whose cohort is complete and of which every member's period lies wholly before the as-of.

    Period n of a member is the days from n·width to (n + 1)·width − 1 after its own origin. The newest member counts,
    for every slice of the cohort alike, so that slices add up to the whole.

    Args:
        as_of: number of the day, exclusive.
        silence: so many days must have passed since, besides.
    """
    complete = starts(sizes.grain, sizes.cohorts + 1) <= as_of
    last = np.minimum((as_of - silence - sizes.newest) // sizes.width - 1, sizes.limits.periods)
    last = np.where(complete, last, -1)
    whole = np.flatnonzero(sizes.kinds <= sizes.limits.whole)
    each = np.maximum(last[whole] + 1, 0)
    begin = np.cumsum(each) - each
    rows = [np.repeat(whole, each)]
    periods = [np.arange(each.sum()) - np.repeat(begin, each)]
    for period in sizes.limits.marked:
        those = np.flatnonzero((sizes.kinds > sizes.limits.whole) & (last >= period))
        rows.append(those)
        periods.append(np.full(len(those), period))
    all_rows, all_periods = np.concatenate(rows), np.concatenate(periods)
    order = np.lexsort((all_periods, all_rows))
    return Cells(all_rows[order].astype(np.int64), all_periods[order].astype(np.int64))


def ends(sizes: Sizes, cells: Cells) -> Counts:
    """The day after the newest member's period, by cell."""
    return sizes.newest[cells.rows] + (cells.periods + 1) * sizes.width


@dataclass(frozen=True)
class Reach:
    """What a scan of activity must read for some cells."""

    day: int
    """No earlier day."""
    cohort: int
    """No earlier cohort; number of the day, week or month."""


def reach(sizes: Sizes, cells: Cells) -> Reach | None:
    """For these cells; None where there are none."""
    if not len(cells.rows):
        return None
    cohorts = sizes.cohorts[cells.rows]
    days = starts(sizes.grain, cohorts) + cells.periods * sizes.width
    return Reach(int(days.min()), int(cohorts.min()))
