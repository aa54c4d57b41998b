"""What a user is grouped by: recency, frequency and money (RFM), engagement and its trend, as of a day.

Everything comes from the user-days of the last `WINDOW_DAYS` and two facts of older times (origin, days seen), so
that the same can be told as of an earlier day from the same star.
"""

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

import ibis
from ibis.expr.types import NumericValue, Table

from batch_jobs.star.star import Star

WINDOW_DAYS: Final = 90
TREND_DAYS: Final = 30
"""Active days of the last so many days are set against those of as many before."""
_MINUTE_MS: Final = 60_000
_MINOR_UNITS: Final = 100


class Feature(NamedTuple):
    """A column that users are grouped by."""

    name: str
    meaning: str
    skewed: bool
    """Whether ln(1 + x) is scaled in place of x: counts and money have long tails."""


FEATURES: Final = (
    Feature("recency_days", f"days since the last active day, at most {WINDOW_DAYS + 1}", skewed=True),
    Feature("days_seen", "active days since the origin", skewed=True),
    Feature("active_days", f"active days of the last {WINDOW_DAYS}", skewed=True),
    Feature("minutes_a_day", "minutes of sessions an active day", skewed=True),
    Feature("pages_a_day", "pages an active day", skewed=True),
    Feature("orders", f"orders and renewals of the last {WINDOW_DAYS} days", skewed=True),
    Feature(
        "revenue", f"spent + renewed − refunded in the last {WINDOW_DAYS} days, major units", skewed=True
    ),
    Feature(
        "trend",
        f"(a − b) / (a + b) of the active days of the last {TREND_DAYS} and of those of the {TREND_DAYS} before; "
        "0 without any",
        skewed=False,
    ),
)
NAMES: Final = tuple(feature.name for feature in FEATURES)


def features_of_users(star: Star, at: datetime) -> Table:
    """One row for each user whose origin lies before `at`.

    Args:
        at: UTC midnight, exclusive, not after the star's as-of.

    Returns:
        `user`, `hash`, `active` (active within the inactivity limit before `at`) and `NAMES`, natural units, floats.
    """
    until = at.date()
    window = _window(star, until)
    users = star.users.filter(star.users.origin < at)
    users = users.select("user", "hash", seen=users.active_days, origin_day=users.origin.date())
    joined = users.left_join(window, "user").drop("user_right")
    if at < star.as_of:
        later = _active_days_since(star, until)
        joined = joined.left_join(later, "user").drop("user_right")
    else:
        joined = joined.mutate(later_days=ibis.literal(0, "int64"))
    return _features(joined, until, star.settings.inactivity_ms // 86_400_000)


def _window(star: Star, until: date) -> Table:
    days = star.daily.filter((star.daily.day >= until - timedelta(WINDOW_DAYS)) & (star.daily.day < until))
    active = days.activities > 0
    recent = days.day >= until - timedelta(TREND_DAYS)
    before = (days.day < until - timedelta(TREND_DAYS)) & (days.day >= until - timedelta(2 * TREND_DAYS))
    return days.group_by("user").aggregate(
        last_day=days.day.max(where=active),
        active=active.cast("int64").sum(),
        recent=(active & recent).cast("int64").sum(),
        before=(active & before).cast("int64").sum(),
        session_ms=days.session_ms.sum(),
        pages=days.pages.sum(),
        bought=(days.orders + days.renewals).sum(),
        net=(days.spent + days.renewed - days.refunded).sum(),
    )


def _active_days_since(star: Star, since: date) -> Table:
    days = star.daily.filter((star.daily.day >= since) & (star.daily.activities > 0))
    return days.group_by("user").aggregate(later_days=days.count())


def _features(t: Table, until: date, inactivity_days: int) -> Table:
    def number(name: str) -> NumericValue:
        return t[name].fill_null(0).cast("float64")

    last = ibis.coalesce(t.last_day, t.origin_day)
    silent = ibis.date(until).delta(last, unit="day")
    days = number("active")
    some_day = ibis.greatest(days, 1.0)
    both = number("recent") + number("before")
    return t.select(
        "user",
        "hash",
        active=t.last_day.notnull() & (silent <= inactivity_days),
        recency_days=ibis.least(silent, WINDOW_DAYS + 1).cast("float64"),
        days_seen=number("seen") - number("later_days"),
        active_days=days,
        minutes_a_day=number("session_ms") / _MINUTE_MS / some_day,
        pages_a_day=number("pages") / some_day,
        orders=number("bought"),
        revenue=ibis.greatest(number("net"), 0.0) / _MINOR_UNITS,
        trend=ibis.ifelse(both > 0, (number("recent") - number("before")) / ibis.greatest(both, 1.0), 0.0),
    )
