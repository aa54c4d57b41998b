"""Passes over the user-days that all of the money is made from, kept as Parquet while the job runs."""

from pathlib import Path
from typing import NamedTuple

from ibis.expr.types import Table

from batch_jobs.star.star import Star
from batch_jobs.value.months import Months
from batch_jobs.value.people import GROUPINGS, months_between, people


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


def summed(star: Star, segments: Table | None, months: Months, scratch: Path) -> Sums:
    """Roll up by group what users did by month, and put their groups to what they paid.

    Args:
        scratch: an empty folder for what is in between; to be removed when the job is over.
    """

    def kept(table: Table, name: str) -> Table:
        star.engine.to_parquet(table, scratch / f"{name}.parquet")
        # DuckDB writes sums of integers as floats, which hold them exactly up to 2^53
        return star.engine.read_parquet(scratch / f"{name}.parquet").cast(table.schema())

    who = kept(people(star, segments), "people")
    joined = months.activity.inner_join(who, "user")
    by_group = joined.group_by("month", *GROUPINGS).aggregate(
        **{name: joined[name].sum() for name in ("net", "active", "paying")}
    )
    paid = months.paid.inner_join(who, "user")
    paid = paid.filter(
        paid.day >= paid.origin_day
    )  # money from before a later signup is of no month since it
    sold = paid.select(
        "net", "bucket", "followed", "prevalent", *GROUPINGS, age=months_between(paid.origin_day, paid.day)
    )
    return Sums(who, kept(by_group, "months"), kept(sold, "sold"))
