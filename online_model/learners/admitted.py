"""Which features learners may see: an explicit list, so that a new feature has to be let in by hand.

Never admitted is what names the outcome or says how a user was treated: a model that sees the treatment learns who
was thought to be at risk, and one that sees the outcome learns nothing else.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.catalogue import DAY_WINDOWS, WEEK_WINDOWS, Feature

_ROLLING: Final = ("sessions", "active_days", "events", "minutes", "pages")
_WINDOWS: Final = (*(f"{d}d" for d in DAY_WINDOWS), *(f"{w}w" for w in WEEK_WINDOWS), "total")

_OTHERS: Final = """
sessions_trend_30d events_trend_30d minutes_trend_30d sessions_trend_13w events_trend_13w spend_trend_13w
days_since_last_session tenure_days first_week_sessions time_to_first_session_days active_weeks consistency
active_months gap_mean_days gap_sd_days gap_last_days gap_longest_days silence_over_gap session_minutes_mean
tutorial_share usage_share support_share returns features_used categories_used favourite_feature
favourite_category conversions conversions_per_session
days_since_purchase orders_9w orders_13w orders_26w orders_total spend_9w spend_13w spend_26w spend_total
basket_mean items_per_order repeated_product_share discounted_share discount_total refunds_total
refunded_total refunded_26w refunded_share purchase_gap_mean_days purchase_gap_sd_days purchase_gap_last_days
positive_total negative_total positive_ratio feedback_per_event social_total collection_total tickets_total
days_since_ticket plan paid upgrades downgrades days_since_plan_change trials days_since_trial renewals
failed_payments days_since_failed_payment platform channel geography weekend_share evening_share
month_of_year
"""

ADMITTED: Final = frozenset(f"{name}_{window}" for name in _ROLLING for window in _WINDOWS) | frozenset(
    _OTHERS.split()
)

SPARES: Final = tuple(
    Feature(f"spare_{i}", "1", "", "ratio", "Of an example from elsewhere.") for i in range(32)
)
"""Columns for features that the catalogue does not know; only `river_classifier` fills them."""

_REFUSED: Final = """
churn churned lost loss outcome label target cause gone cancelled cancellation next future
treated treatment promotion campaign contact contacted holdout control variant experiment assignment
"""

REFUSED_WORDS: Final = frozenset(_REFUSED.split())
"""A name that holds one of these between its underscores is refused even if somebody lists it above."""


def admitted(features: Sequence[Feature]) -> npt.NDArray[np.bool_]:
    """Whether each feature may enter a learner, shape (len(features),)."""
    return np.array(
        [
            f in SPARES or (f.name in ADMITTED and REFUSED_WORDS.isdisjoint(f.name.split("_")))
            for f in features
        ],
        np.bool_,
    )
