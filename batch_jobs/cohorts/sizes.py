"""Cohorts by grain and slice: how many members, and in which period they were last active."""

from dataclasses import dataclass
from typing import Final

import ibis
import numpy as np
import numpy.typing as npt
from ibis.expr.types import IntegerColumn, Table

from batch_jobs.cohorts.days import Days, GrainName, key, week_of
from batch_jobs.cohorts.limits import GrainLimits
from batch_jobs.cohorts.slices import Combinations

WIDTH: Final[dict[GrainName, int]] = {"day": 1, "week": 7, "month": 30}
"""Days of a period, counted from the member's own origin."""
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sizes:
    """Cohorts of one grain: one row a cohort and slice that has members, in the order of (slice, cohort)."""

    grain: GrainName
    limits: GrainLimits
    slices: Counts
    """Number of the slice, by row."""
    kinds: Counts
    """Kind of the slice, by row."""
    cohorts: Counts
    """Number of the day, week or month of origin, by row."""
    sizes: Counts
    """Members, by row."""
    newest: Days
    """Latest day of origin of anybody in the cohort, whatever the slice, by row."""
    last_seen: Counts
    """Members whose last activity lies in the period; shape (rows, periods + 1), what is later in the last."""

    @property
    def width(self) -> int:
        """Days of a period."""
        return WIDTH[self.grain]

    def rows(self, cohorts: Counts, slices: Counts) -> Counts:
        """Which row is each; −1 where there is none."""
        if not len(self.cohorts):
            return np.full(len(cohorts), -1, np.int64)
        low = int(min(self.cohorts.min(), cohorts.min(initial=self.cohorts.min())))
        span = int(max(self.cohorts.max(), cohorts.max(initial=self.cohorts.max()))) - low + 1
        mine, asked = self.slices * span + self.cohorts - low, slices * span + cohorts - low
        place = np.minimum(np.searchsorted(mine, asked), len(mine) - 1)
        return np.where(mine[place] == asked, place, -1)

    def dense(self, cohorts: Counts, slices: Counts, periods: Counts, values: Counts) -> Counts:
        """Values by (row, period), shape as `last_seen`; what has no row is left out."""
        found = np.zeros_like(self.last_seen)
        rows = self.rows(cohorts, slices)
        held = (rows >= 0) & (periods >= 0) & (periods <= self.limits.periods)
        found[rows[held], periods[held]] = values[held]
        return found


def cohort_of(grain: GrainName, members: Table) -> IntegerColumn:
    """Number of the day, week or month of origin, of rows with `origin` and `month`."""
    if grain == "day":
        return members.origin
    return week_of(members.origin) if grain == "week" else members.month


def first_cohort(grain: GrainName, limits: GrainLimits, as_of: int) -> int:
    """The earliest cohort that is told."""
    return key(grain, as_of - 1) - limits.cohorts + 1


def sizes(members: Table, found: Combinations, grain: GrainName, limits: GrainLimits, as_of: int) -> Sizes:
    """Of one grain.

    Args:
        members: of `batch_jobs.cohorts.members.members`.
        as_of: number of the day.
    """
    last = members["last"]
    period = (last - members.origin) // WIDTH[grain]
    never = last.isnull() | (last < members.origin)
    rows = members.select(
        "combination",
        "origin",
        cohort=cohort_of(grain, members),
        period=ibis.cases((never, -1), (period > limits.periods, limits.periods), else_=period),
    )
    rows = rows.filter(rows.cohort >= first_cohort(grain, limits, as_of))
    small = rows.group_by("cohort", "combination", "period").agg(
        members=rows.count(), newest=rows.origin.max()
    )
    joined = small.join(found.membership(limits.some), "combination")
    table = joined.group_by("cohort", "slice", "period").agg(
        kind=joined.kind.max(), members=joined.members.sum(), newest=joined.newest.max()
    )
    return _rows(columns(table), grain, limits)


def columns(table: Table) -> dict[str, Counts]:
    """Whole numbers by the name of the column, without null."""
    found = table.to_pyarrow()
    return {name: found[name].to_numpy().astype(np.int64) for name in found.column_names}


def _rows(found: dict[str, Counts], grain: GrainName, limits: GrainLimits) -> Sizes:
    keys = np.stack([found["slice"], found["cohort"]])
    unique, first, row = np.unique(keys, axis=1, return_index=True, return_inverse=True)
    row = row.reshape(-1)  # NumPy 2.0 kept an axis of length 1
    held = np.zeros((unique.shape[1], limits.periods + 2), np.int64)
    np.add.at(held, (row, found["period"] + 1), found["members"])
    slices, cohorts = unique
    kinds = found["kind"][first]
    newest_of, at = np.unique(found["cohort"], return_inverse=True)
    newest = np.full(len(newest_of), np.iinfo(np.int64).min)
    np.maximum.at(newest, at.reshape(-1), found["newest"])
    return Sizes(
        grain=grain,
        limits=limits,
        slices=slices,
        kinds=kinds,
        cohorts=cohorts,
        sizes=held.sum(1),
        newest=newest[np.searchsorted(newest_of, cohorts)],
        last_seen=held[:, 1:],
    )
