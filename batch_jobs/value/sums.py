"""Passes over the user-days that all of the money is made from, kept as Parquet while the job runs."""

from pathlib import Path
from typing import NamedTuple

import ibis
from ibis.expr.types import IntegerValue, Table

from batch_jobs.star.star import Star
from batch_jobs.value.people import GROUPINGS, month_number, months_between, people


class Sums(NamedTuple):
    """Tables of the engine."""

    people: Table
    """`batch_jobs.value.people.people`."""
    months: Table
    """Users with an event in a complete calendar month, summed by `month` (a number) and all of `GROUPINGS`: `net`,
    `active` and `paying` users."""
    sold: Table
    """One row a user-day with money: `net`, `age` (months since the origin), `followed`, `bucket`, `prevalent`,
    `GROUPINGS`."""


def net_of(days: Table) -> IntegerValue:
    """Revenue, minor units: spent + renewed − refunded."""
    return days.spent + days.renewed - days.refunded


def summed(star: Star, segments: Table | None, scratch: Path) -> Sums:
    """One pass by month and one over the days with money.

    Args:
        scratch: an empty folder for what is in between; to be removed when the job is over.
    """

    def kept(table: Table, name: str) -> Table:
        star.engine.to_parquet(table, scratch / f"{name}.parquet")
        # DuckDB writes sums of integers as floats, which hold them exactly up to 2^53
        return star.engine.read_parquet(scratch / f"{name}.parquet").cast(table.schema())

    who = kept(people(star, segments), "people")
    month_start = star.as_of.date().replace(day=1)
    days = star.daily.filter(star.daily.day < ibis.date(month_start))
    days = days.select(
        "user", "activities", month=month_number(days.day), net=net_of(days), came=days.spent + days.renewed
    )
    months = days.group_by("user", "month").aggregate(
        net=days.net.sum(),
        active=(days.activities.sum() > 0).cast("int64"),
        paying=(days.came.sum() > 0).cast("int64"),
    )
    months = months.inner_join(who, "user")
    months = months.group_by("month", *GROUPINGS).aggregate(
        **{name: months[name].sum() for name in ("net", "active", "paying")}
    )
    paid = star.daily.filter((star.daily.spent != 0) | (star.daily.renewed != 0) | (star.daily.refunded != 0))
    paid = paid.select("user", "day", net=net_of(paid)).inner_join(who, "user")
    paid = paid.filter(
        paid.day >= paid.origin_day
    )  # money from before a later signup is of no month since it
    sold = paid.select(
        "net", "bucket", "followed", "prevalent", *GROUPINGS, age=months_between(paid.origin_day, paid.day)
    )
    return Sums(who, kept(months, "months"), kept(sold, "sold"))
