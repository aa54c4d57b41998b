"""Who users are for money: groups that do not change, and months since the origin."""

from typing import Final

import ibis
from ibis.expr.types import Column, IntegerColumn, Table

from batch_jobs.cohorts.members import prevalent
from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star

MONTH_DAYS: Final = 30
"""Months since the origin have so many days, so that all are equal."""
BUCKETS: Final = 32
"""Random groups of users, by hash, from which intervals are made."""
GROUPINGS: Final = ("all", "cohort", *DIMENSIONS, "segment")
"""`cohort` is the calendar month of the origin, dimensions are as of the origin, `segment` is of now."""


def people(star: Star, segments: Table | None) -> Table:
    """One row a user: `user`, `bucket`, `origin_day`, `followed` (complete months since the origin), `prevalent`
    (there before the log, nobody knows for how long), and a column for each of `GROUPINGS`, null where it is not
    known; `cohort` by its number.

    Args:
        segments: `user` and `segment`; None where there are none.
    """
    users = star.users.mutate(prevalent=prevalent(star))
    if segments is None:
        users = users.mutate(segment=ibis.null("string"))
    else:
        users = users.left_join(segments.select("user", "segment"), "user").drop("user_right")
    origin_day = users.origin.date()
    return users.select(
        "user",
        "segment",
        bucket=(users.hash % BUCKETS).cast("int64"),
        origin_day=origin_day,
        prevalent=users.prevalent,
        followed=months_between(origin_day, ibis.date(star.as_of.date())),
        all=ibis.literal("all"),
        cohort=month_number(origin_day),
        **{name: users[f"{name}_at_origin"] for name in DIMENSIONS},
    )


def months_between(origin: Column, day: Column) -> IntegerColumn:
    """Complete months from the origin's day to another, of `MONTH_DAYS`."""
    return (day.delta(origin, unit="day").cast("int64") // MONTH_DAYS).cast("int64")


def month_number(day: Column) -> IntegerColumn:
    """Civil months since year 0; text is for people, and slow to group by."""
    return day.year().cast("int64") * 12 + day.month().cast("int64") - 1


def month_text(number: int) -> str:
    """YYYY-MM."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
