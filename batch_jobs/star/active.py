"""Active users by day and by week (Monday to Sunday, UTC), for every combination of dimensions.

FACT_DAILY_ACTIVE_USERS and FACT_WEEKLY_ACTIVE_USERS: aggregates of `daily` and `users`. A user counts once a day or
week, where the user's dimensions stand as of the as-of; a null is a combination of its own.
"""

from typing import Final

import pyarrow as pa
from ibis.expr.types import Table, Value

from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star

_LABELS: Final = tuple(pa.field(name, pa.string()) for name in DIMENSIONS)

DAILY_ACTIVE: Final = pa.schema(
    [
        pa.field("day", pa.date32(), nullable=False),
        *_LABELS,
        pa.field("users", pa.int64(), nullable=False),  # with an activity
        pa.field("new_users", pa.int64(), nullable=False),  # of them: of whom it is the day of the origin
    ]
)
"""`daily_active`, FACT_DAILY_ACTIVE_USERS."""

WEEKLY_ACTIVE: Final = pa.schema([pa.field("week", pa.date32(), nullable=False), *list(DAILY_ACTIVE)[1:]])
"""`weekly_active`, FACT_WEEKLY_ACTIVE_USERS; `week` is its Monday, and the last may not be over."""


ABOUT: Final = {
    "daily_active": "FACT_DAILY_ACTIVE_USERS: users with an activity by day and combination of dimensions; an "
    "aggregate of `daily` and `users`.",
    "weekly_active": "FACT_WEEKLY_ACTIVE_USERS: likewise by week. A user counts once a week, however many days.",
}
MEANINGS: Final = {
    "day": "UTC day",
    "week": "its Monday; the last week may not be over",
    "users": "with an activity",
    "new_users": "of them those whose origin it holds",
}


def daily_active(star: Star) -> Table:
    """Rows of `DAILY_ACTIVE`."""
    return _active(star, "day", star.daily.day, star.users.origin.date())


def weekly_active(star: Star) -> Table:
    """Rows of `WEEKLY_ACTIVE`."""
    return _active(star, "week", star.daily.day.truncate("W"), star.users.origin.date().truncate("W"))


def _active(star: Star, name: str, span: Value, origin: Value) -> Table:
    active = star.daily.mutate(span=span).filter(star.daily.activities > 0)
    active = active.select("user", "span").distinct()
    people = star.users.select("user", *DIMENSIONS, began=origin)
    rows = active.inner_join(people, "user")
    found = rows.group_by("span", *DIMENSIONS).agg(
        users=rows.count(), new_users=rows.count(where=rows.began == rows.span)
    )
    return found.select(**{name: found.span}, **{column: found[column] for column in found.columns[1:]})
