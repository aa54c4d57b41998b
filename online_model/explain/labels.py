"""Short names of features for people."""

from typing import Final

from domain.catalogue import NAMES

_NOUNS: Final = {
    "sessions": "sessions",
    "active_days": "active days",
    "events": "activities",
    "minutes": "time in sessions",
    "pages": "pages seen",
    "orders": "purchases",
    "spend": "money spent",
    "refunded": "money refunded",
}

_LABELS: Final = {
    "days_since_last_session": "time since the last session",
    "tenure_days": "time with us",
    "first_week_sessions": "sessions in the first week",
    "time_to_first_session_days": "time from signup to the first session",
    "active_weeks": "weeks with an activity",
    "consistency": "active weeks of all weeks",
    "active_months": "months with an activity",
    "gap_mean_days": "usual gap between sessions",
    "gap_sd_days": "variation of the gaps between sessions",
    "gap_last_days": "gap before the last session",
    "gap_longest_days": "longest gap between sessions",
    "silence_over_gap": "silence as a multiple of the usual gap",
    "session_minutes_mean": "usual length of a session",
    "tutorial_share": "sessions with a tutorial",
    "usage_share": "sessions that use the product",
    "support_share": "sessions for support",
    "returns": "times come back after having been gone",
    "features_used": "different features used, about",
    "categories_used": "different categories used, about",
    "favourite_feature": "feature used most",
    "favourite_category": "category used most",
    "conversions": "conversions so far",
    "conversions_per_session": "conversions for each session",
    "days_since_purchase": "time since the last purchase",
    "basket_mean": "usual purchase",
    "items_per_order": "items in a purchase",
    "repeated_product_share": "purchases of a product bought before",
    "discounted_share": "purchases with a discount",
    "discount_total": "discounts so far",
    "refunds_total": "refunds so far",
    "refunded_total": "money refunded so far",
    "refunded_share": "refunded of what was spent",
    "purchase_gap_mean_days": "usual time between purchases",
    "purchase_gap_sd_days": "variation of the time between purchases",
    "purchase_gap_last_days": "time between the last two purchases",
    "positive_total": "positive feedback so far",
    "negative_total": "negative feedback so far",
    "positive_ratio": "positive of all feedback",
    "feedback_per_event": "feedback for each activity",
    "social_total": "social actions so far",
    "collection_total": "things saved to a list",
    "tickets_total": "support tickets so far",
    "days_since_ticket": "time since the last support ticket",
    "plan": "plan",
    "paid": "on a paid plan",
    "upgrades": "upgrades so far",
    "downgrades": "downgrades so far",
    "days_since_plan_change": "time since the plan changed",
    "trials": "trials so far",
    "days_since_trial": "time since the last trial began",
    "renewals": "renewals so far",
    "failed_payments": "declined charges so far",
    "days_since_failed_payment": "time since the last declined charge",
    "platform": "platform",
    "channel": "came by",
    "geography": "geography",
    "weekend_share": "sessions on weekends",
    "evening_share": "sessions in the evening",
    "month_of_year": "month of the year",
}


def window_in_words(window: str) -> str:
    """``30d`` as ``in the last 30 days``."""
    if window == "total":
        return "so far"
    if window == "1d":
        return "today"
    return f"in the last {window[:-1]} {'days' if window.endswith('d') else 'weeks'}"


def _label(name: str) -> str:
    if name in _LABELS:
        return _LABELS[name]
    stem, _, window = name.rpartition("_")
    if stem.endswith("_trend"):
        return f"trend of {_NOUNS[stem.removesuffix('_trend')]} {window_in_words(window)}, from −1 to 1"
    return f"{_NOUNS[stem]} {window_in_words(window)}"


LABELS: Final = {name: _label(name) for name in NAMES}
"""By feature of the catalogue."""
