"""Cohorts by grain and slice: how many members, and in which period they were last active."""

from dataclasses import dataclass, replace
from typing import Final

import ibis
import numpy as np
from ibis.expr.types import IntegerColumn, Table

from batch_jobs.cohorts.counting import Counts, by_slice
from batch_jobs.cohorts.days import Days, GrainName, week_of
from batch_jobs.cohorts.limits import GrainLimits
from batch_jobs.cohorts.slices import Combinations

WIDTH: Final[dict[GrainName, int]] = {"day": 1, "week": 7, "month": 30}
"""Days of a period, counted from the member's own origin."""


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


def sizes(people: Table, found: Combinations, grain: GrainName, limits: GrainLimits, as_of: int) -> Sizes:
    """Of one grain.

    Args:
        people: of `batch_jobs.cohorts.members.members`, held.
        as_of: number of the day.
    """
    last = people["last"]
    period = (last - people.origin) // WIDTH[grain]
    never = last.isnull() | (last < people.origin)
    rows = people.select(
        "combination",
        "origin",
        cohort=cohort_of(grain, people),
        period=ibis.cases((never, -1), (period > limits.periods, limits.periods), else_=period),
    )
    every = replace(limits, whole=limits.some)
    counts = by_slice(
        rows,
        {"members": lambda t: t.count(), "newest": lambda t: t.origin.max()},
        {"newest"},
        found,
        grain,
        every,
        as_of,
    )
    return _rows(counts, grain, limits)


def _rows(found: dict[str, Counts], grain: GrainName, limits: GrainLimits) -> Sizes:
    low = found["cohort"].min(initial=0)
    span = int(found["cohort"].max(initial=0) - low + 1)
    codes, row = np.unique(found["slice"] * span + found["cohort"] - low, return_inverse=True)
    row = row.reshape(-1)  # NumPy 2.0 gave it another shape
    held = np.zeros((len(codes), limits.periods + 2), np.int64)
    held[row, found["period"] + 1] = found["members"]
    slices, cohorts = codes // span, codes % span + low
    kinds = np.zeros(len(codes), np.int64)
    kinds[row] = found["kind"]
    newest_of = np.zeros(span, np.int64)
    np.maximum.at(newest_of, found["cohort"] - low, found["newest"])
    return Sizes(
        grain=grain,
        limits=limits,
        slices=slices,
        kinds=kinds,
        cohorts=cohorts,
        sizes=held.sum(1),
        newest=newest_of[cohorts - low],
        last_seen=held[:, 1:],
    )
