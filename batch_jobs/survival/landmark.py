"""What users did until a landmark day (Anderson, Cain & Gelber 1983; van Houwelingen 2007)."""

from collections.abc import Sequence
from typing import Final

import ibis
from ibis.expr.types import IntegerValue, Table

from batch_jobs.cohorts.days import number_of
from batch_jobs.survival.covariates import LANDMARK

MEASURES: Final = tuple(LANDMARK)


def sums(days: Table, people: Table, landmarks: Sequence[int]) -> Table:
    """Sums of the days from the origin's to each landmark, as far as they are there.

    Args:
        days: of the star's `daily`.
        people: `user`, `sign` and `born`, the number of the origin's day.

    Returns:
        `user`, `sign` and `<measure>_<day>`, a row each for who has such days.
    """
    born = people.select(of="user", sign="sign", born="born")
    joined = days.inner_join(born, days.user == born.of)
    joined = joined.mutate(since=number_of(joined.day) - joined.born)
    inside = joined.filter((joined.since >= 0) & (joined.since <= max(landmarks)))
    measured = {
        "sessions": inside.sessions,
        "active_days": inside.first_active.notnull().cast("int64"),
        "orders": inside.orders,
    }
    return inside.group_by("user", "sign").agg(
        **{
            column(name, day): measured[name].sum(where=inside.since <= day).fill_null(0).cast("int64")
            for day in landmarks
            for name in MEASURES
        }
    )


def column(measure: str, day: int) -> str:
    """Name of a measure at a landmark."""
    return f"{measure}_{day}"


def band(value: IntegerValue, measure: str) -> IntegerValue:
    """Number of the band that a sum is in."""
    floors = LANDMARK[measure].floors
    bands = ((value < floor, number) for number, floor in enumerate(floors[1:]))
    return ibis.cases(*bands, else_=len(floors) - 1)
