"""What features are about: reasons are given by theme, lest ten windows of one count become ten reasons.

`domain.actions` recommends by these names.
"""

from typing import Final

from domain.catalogue import NAMES

_THEMES: Final[dict[str, tuple[str, ...]]] = {
    "silence": ("days_since_last_session", "silence_over_gap"),
    "rhythm": ("gap_", "consistency", "active_weeks", "active_months"),
    "activity": ("sessions_", "active_days_", "events_", "minutes_", "pages_", "session_minutes_mean"),
    "tenure": ("tenure_days", "first_week_sessions", "time_to_first_session_days"),
    "usage": ("tutorial_share", "usage_share", "features_used", "categories_used", "favourite_", "conversions"),
    "spend": (
        "days_since_purchase", "orders_", "spend_", "basket_mean", "items_per_order", "repeated_product_share",
        "discount", "refund", "purchase_gap_",
    ),
    "feedback": ("positive_", "negative_", "feedback_per_event", "social_total", "collection_total"),
    "support": ("support_share", "tickets_total", "days_since_ticket"),
    "plan": (
        "plan", "paid", "upgrades", "downgrades", "days_since_plan_change", "trials", "days_since_trial", "renewals",
    ),
    "payment": ("failed_payments", "days_since_failed_payment"),
    "return": ("returns",),
    "profile": ("platform", "channel", "geography"),
    "habits": ("weekend_share", "evening_share"),
    "season": ("month_of_year",),
}  # fmt: skip
"""Names and beginnings of names."""

THEMES: Final = tuple(_THEMES)


def _find(name: str) -> str:
    exact = [theme for theme, starts in _THEMES.items() if name in starts]
    begun = [theme for theme, starts in _THEMES.items() if name.startswith(starts)]
    return (exact or begun)[0]


_BY_FEATURE: Final = {name: _find(name) for name in NAMES}


def theme_of(feature: str) -> str:
    """Theme of a feature of the catalogue."""
    return _BY_FEATURE[feature]
