"""The feature catalogue: name, unit, window and meaning of every feature, in the order of the vector.

`domain.features` computes them. Documents, API and training take names and units from here.
"""

from typing import Final, Literal, NamedTuple

Kind = Literal["count", "amount", "duration", "ratio", "category"]


class Feature(NamedTuple):
    """One column of the feature vector."""

    name: str
    unit: str
    window: str
    """What stretch of time before `now` it looks at."""
    kind: Kind
    """How a learner should read it: counts, amounts and durations are skewed; categories are codes."""
    description: str


DAY_WINDOWS: Final = (1, 7, 14, 30)
"""Calendar days in UTC: the day of `now` and those before it."""
WEEK_WINDOWS: Final = (9, 13, 26)
"""Weeks from Monday, UTC: the week of `now` and those before it."""


def _rolling() -> list[Feature]:
    metrics: tuple[tuple[str, str, Kind, str], ...] = (
        ("sessions", "sessions", "count", "sessions opened"),
        ("active_days", "days", "count", "days with an activity"),
        ("events", "events", "count", "activities"),
        ("minutes", "min", "duration", "time in sessions"),
        ("pages", "pages", "count", "pages and screens seen"),
    )
    table = []
    for name, unit, kind, meaning in metrics:
        table += [Feature(f"{name}_{d}d", unit, f"{d} d", kind, meaning) for d in DAY_WINDOWS]
        table += [Feature(f"{name}_{w}w", unit, f"{w} w", kind, meaning) for w in WEEK_WINDOWS]
        table.append(Feature(f"{name}_total", unit, "lifetime", kind, meaning))
    return table


def _f(name: str, unit: str, kind: Kind, description: str, window: str = "lifetime") -> Feature:
    return Feature(name, unit, window, kind, description)


_TREND = "(newer − older) / (newer + older), from −1 to 1"

CATALOGUE: Final[tuple[Feature, ...]] = (
    *_rolling(),
    _f("sessions_trend_30d", "1", "ratio", f"sessions, last 30 days against the 30 before: {_TREND}", "60 d"),
    _f("events_trend_30d", "1", "ratio", f"activities, last 30 days against the 30 before: {_TREND}", "60 d"),
    _f("minutes_trend_30d", "1", "ratio", f"minutes, last 30 days against the 30 before: {_TREND}", "60 d"),
    _f(
        "sessions_trend_13w", "1", "ratio", f"sessions, last 13 weeks against the 13 before: {_TREND}", "26 w"
    ),
    _f(
        "events_trend_13w", "1", "ratio", f"activities, last 13 weeks against the 13 before: {_TREND}", "26 w"
    ),
    _f("spend_trend_13w", "1", "ratio", f"spend, last 13 weeks against the 13 before: {_TREND}", "26 w"),
    _f("days_since_last_session", "d", "duration", "silence: since the last activity", "since it"),
    _f("tenure_days", "d", "duration", "since the signup, or the first event where there was none"),
    _f("first_week_sessions", "sessions", "count", "sessions in the first seven days", "first 7 d"),
    _f("time_to_first_session_days", "d", "duration", "from signup to the first session", "first session"),
    _f("active_weeks", "weeks", "count", "weeks with an activity"),
    _f("consistency", "1", "ratio", "active weeks over calendar weeks since the start"),
    _f("active_months", "months", "count", "calendar months with an activity"),
    _f("gap_mean_days", "d", "duration", "mean silence between sessions"),
    _f("gap_sd_days", "d", "duration", "standard deviation (n − 1) of the silence between sessions"),
    _f("gap_last_days", "d", "duration", "silence before the last session", "last gap"),
    _f("gap_longest_days", "d", "duration", "longest silence between sessions"),
    _f("silence_over_gap", "1", "ratio", "silence now over the mean silence between sessions"),
    _f("session_minutes_mean", "min", "duration", "mean length of a session"),
    _f("tutorial_share", "1", "ratio", "tutorial sessions over sessions"),
    _f("usage_share", "1", "ratio", "usage sessions over sessions"),
    _f("support_share", "1", "ratio", "support sessions over sessions"),
    _f("returns", "returns", "count", "times that the user came back after having been gone"),
    _f(
        "features_used", "features", "count", "distinct features used, by linear counting (Whang et al. 1990)"
    ),
    _f("categories_used", "categories", "count", "distinct categories used, by linear counting"),
    _f("favourite_feature", "code", "category", "feature used most, by Space-Saving (Metwally et al. 2005)"),
    _f("favourite_category", "code", "category", "category used most, by Space-Saving"),
    _f("conversions", "conversions", "count", "events marked as a conversion"),
    _f("conversions_per_session", "1/session", "ratio", "conversions over sessions"),
    _f("days_since_purchase", "d", "duration", "since the last purchase", "since it"),
    _f("orders_9w", "orders", "count", "purchases", "9 w"),
    _f("orders_13w", "orders", "count", "purchases", "13 w"),
    _f("orders_26w", "orders", "count", "purchases", "26 w"),
    _f("orders_total", "orders", "count", "purchases"),
    _f("spend_9w", "money", "amount", "money spent, major units", "9 w"),
    _f("spend_13w", "money", "amount", "money spent, major units", "13 w"),
    _f("spend_26w", "money", "amount", "money spent, major units", "26 w"),
    _f("spend_total", "money", "amount", "money spent, major units"),
    _f("basket_mean", "money", "amount", "money spent over purchases"),
    _f("items_per_order", "items", "count", "items over purchases"),
    _f("repeated_product_share", "1", "ratio", "purchase lines of a product bought before (512-bit memory)"),
    _f("discounted_share", "1", "ratio", "purchase lines with a discount"),
    _f("discount_total", "money", "amount", "discounts received, major units"),
    _f("refunds_total", "refunds", "count", "refunds"),
    _f("refunded_total", "money", "amount", "money refunded, major units"),
    _f("refunded_26w", "money", "amount", "money refunded, major units", "26 w"),
    _f("refunded_share", "1", "ratio", "money refunded over money spent"),
    _f("purchase_gap_mean_days", "d", "duration", "mean time between purchases"),
    _f("purchase_gap_sd_days", "d", "duration", "standard deviation (n − 1) of the time between purchases"),
    _f("purchase_gap_last_days", "d", "duration", "time between the last two purchases", "last gap"),
    _f("positive_total", "events", "count", "positive feedback"),
    _f("negative_total", "events", "count", "negative feedback"),
    _f("positive_ratio", "1", "ratio", "positive over all feedback"),
    _f("feedback_per_event", "1", "ratio", "feedback over activities"),
    _f("social_total", "events", "count", "social actions"),
    _f("collection_total", "events", "count", "things saved to a list"),
    _f("tickets_total", "tickets", "count", "support tickets"),
    _f("days_since_ticket", "d", "duration", "since the last support ticket", "since it"),
    _f("plan", "code", "category", "latest plan", "latest"),
    _f("paid", "1", "ratio", "1 on a paid plan, 0 on another", "latest"),
    _f("upgrades", "changes", "count", "changes to a higher plan"),
    _f("downgrades", "changes", "count", "changes to a lower plan"),
    _f("days_since_plan_change", "d", "duration", "since the plan last changed", "since it"),
    _f("trials", "trials", "count", "trials begun"),
    _f("days_since_trial", "d", "duration", "since the last trial began", "since it"),
    _f("renewals", "renewals", "count", "renewals"),
    _f("failed_payments", "payments", "count", "charges declined"),
    _f("days_since_failed_payment", "d", "duration", "since the last declined charge", "since it"),
    _f("platform", "code", "category", "latest platform", "latest"),
    _f("channel", "code", "category", "how the user came", "first"),
    _f("geography", "code", "category", "latest geography", "latest"),
    _f("weekend_share", "1", "ratio", "sessions begun on Saturday or Sunday, UTC, over sessions"),
    _f("evening_share", "1", "ratio", "sessions begun from 18:00 to 24:00 UTC over sessions"),
    _f("month_of_year", "month", "category", "1 to 12, of `now`", "now"),
)

NAMES: Final = tuple(f.name for f in CATALOGUE)
INDEX: Final = {name: i for i, name in enumerate(NAMES)}
CODED: Final = frozenset(f.name for f in CATALOGUE if f.unit == "code")
