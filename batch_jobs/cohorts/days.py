"""Days, weeks and months as whole numbers, in expressions and in Python alike.

A day is its number since 1970-01-01, a week the number of its Monday's week, a month its number since year 0. Whole
numbers mean the same to every engine; functions of dates do not.
"""

from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from ibis.expr.types import Column

EPOCH: Final = date(1970, 1, 1)
DAY_MS: Final = 86_400_000
_MONTHS_BEFORE_1970: Final = 1970 * 12
_MONDAY: Final = 3
"""1970-01-01 was a Thursday."""

GrainName = Literal["day", "week", "month"]
Days = npt.NDArray[np.int64]
"""Numbers of days since 1970-01-01."""


def number(day: date) -> int:
    """Of a day."""
    return (day - EPOCH).days


def day(number: int) -> date:
    """With that number."""
    return EPOCH + timedelta(days=number)


def number_of(column: Column) -> Column:
    """Of a column of dates: whole days since 1970-01-01."""
    return column.delta(EPOCH, unit="day").cast("int64")


def month_of(column: Column) -> Column:
    """Of a column of dates: months since year 0."""
    return (column.year() * 12 + column.month() - 1).cast("int64")


def week_of(days: Column) -> Column:
    """Of numbers of days: 7 times it, less 3, is the number of its Monday."""
    return (days + _MONDAY) // 7


def key(grain: GrainName, number: int) -> int:
    """Number of the day, week or month that holds the day with that number."""
    return int(keys(grain, np.array([number], np.int64))[0])


def keys(grain: GrainName, days: Days) -> Days:
    """Numbers of the days, weeks or months that hold these days."""
    if grain == "day":
        return days
    if grain == "week":
        return (days + _MONDAY) // 7
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + _MONTHS_BEFORE_1970


def starts(grain: GrainName, keys: Days) -> Days:
    """First days of days, weeks or months."""
    if grain == "day":
        return keys
    if grain == "week":
        return keys * 7 - _MONDAY
    months = (keys - _MONTHS_BEFORE_1970).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)


def start(grain: GrainName, key: int) -> int:
    """First day of a day, week or month."""
    return int(starts(grain, np.array([key], np.int64))[0])


def whole_days(milliseconds: int) -> int:
    """So many days hold that time: rounded up."""
    return -(-milliseconds // DAY_MS)
