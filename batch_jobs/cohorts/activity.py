"""Who was active in a period: one scan of the user-days that matter, counted for all grains at once.

A user-day counts for a period when it is the user's first in it, which the day of activity before it tells. So users
are counted once without being collected.
"""

from collections.abc import Mapping

import ibis
from ibis.expr.types import Table

from batch_jobs.cohorts.counting import Counts, by_slice
from batch_jobs.cohorts.days import GrainName, number_of
from batch_jobs.cohorts.grid import Reach
from batch_jobs.cohorts.sizes import WIDTH, Sizes, cohort_of
from batch_jobs.cohorts.slices import Combinations


def ages(daily: Table, members: Table, since: int) -> Table:
    """Firsts in a period by `origin`, `month`, `combination` and `age` (days since the origin), a column a grain.

    Args:
        daily: of the star.
        since: no earlier day is read: periods that begin before are counted wrongly.
    """
    active = daily.filter(daily.first_active.notnull())
    active = active.select("user", day=number_of(active.day))
    mine = active.filter(active.day >= since).join(members, "user")
    before = mine.day.lag().over(ibis.window(group_by=mine.user, order_by=mine.day))
    aged = mine.select(
        "origin", "month", "combination", age=mine.day - mine.origin, before=before - mine.origin
    )
    aged = aged.filter(aged.age >= 0)
    firsts = {
        f"first_in_{grain}": (aged.before.isnull() | (aged.before < aged.age // width * width))
        .ifelse(1, 0)
        .sum()
        for grain, width in WIDTH.items()
    }
    return aged.group_by("origin", "month", "combination", "age").agg(**firsts)


def retained(aged: Table, found: Combinations, sizes: Sizes, reach: Reach, as_of: int) -> Counts:
    """Members active in a period, by (row, period); right for periods that begin within the reach.

    Args:
        aged: of `ages`, held.
        as_of: number of the day.
    """
    rows = aged.select(
        "combination",
        cohort=cohort_of(sizes.grain, aged),
        period=aged.age // sizes.width,
        firsts=aged[f"first_in_{sizes.grain}"],
    )
    rows = rows.filter(rows.firsts > 0, rows.cohort >= reach.cohort, rows.period <= sizes.limits.periods)
    counts = by_slice(rows, {"users": lambda t: t.firsts.sum()}, (), found, sizes.grain, sizes.limits, as_of)
    return sizes.dense(counts["cohort"], counts["slice"], counts["period"], counts["users"])


def first_day(reaches: Mapping[GrainName, Reach | None]) -> int | None:
    """Where one scan for all grains begins; None where nothing is to be counted."""
    return min((r.day for r in reaches.values() if r is not None), default=None)
