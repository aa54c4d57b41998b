"""What track events stand for: Segment's specified names, by themselves or in snake case, as our types.

Sources: Segment's specs of e-commerce (V2), B2B SaaS, mobile, video, live chat and A/B testing.
"""

import re
from typing import Final

from domain.events import EVENT_TYPES

TYPES: Final = {
    # browsing
    "product_list_viewed": "page_view",
    "product_viewed": "page_view",
    "promotion_viewed": "page_view",
    "cart_viewed": "page_view",
    "checkout_step_viewed": "page_view",
    # doing
    "products_searched": "feature_use",
    "product_list_filtered": "feature_use",
    "promotion_clicked": "feature_use",
    "product_clicked": "feature_use",
    "product_removed": "feature_use",
    "product_removed_from_wishlist": "feature_use",
    "checkout_started": "feature_use",
    "checkout_step_completed": "feature_use",
    "payment_info_entered": "feature_use",
    "coupon_entered": "feature_use",
    "coupon_applied": "feature_use",
    "coupon_denied": "feature_use",
    "coupon_removed": "feature_use",
    "video_playback_started": "feature_use",
    "video_content_started": "feature_use",
    "video_content_completed": "feature_use",
    # keeping, sharing
    "product_added": "collection_action",
    "product_added_to_wishlist": "collection_action",
    "wishlist_product_added_to_cart": "collection_action",
    "product_shared": "social_action",
    "cart_shared": "social_action",
    "invite_sent": "social_action",
    # money
    "order_completed": "purchase",
    "order_refunded": "refund",
    # the account
    "signed_up": "signup",
    "signed_in": "session_start",
    "signed_out": "session_end",
    "trial_started": "trial_start",
    "application_opened": "session_start",
    "application_backgrounded": "session_end",
    "live_chat_conversation_started": "support_ticket",
    "experiment_viewed": "experiment_assignment",
}
"""``product_reviewed`` is not here: its rating decides (`of_review`)."""

REVIEW: Final = "product_reviewed"

_LIKED: Final = 4.0
_DISLIKED: Final = 2.0

_BREAK: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


def snake(name: str) -> str:
    """``Order Completed``, ``orderCompleted`` and ``order-completed`` are one name; others keep their letters."""
    if not name.isascii():
        return name
    return _BREAK.sub("_", name).strip("_").lower() or name


def type_of(name: str) -> str:
    """Our type for a name in snake case; a custom one, as it is named, where there is none."""
    return TYPES.get(name, name) if name not in EVENT_TYPES else name


def of_review(rating: float | None) -> str:
    """What a review on the usual scale of 1 to 5 says."""
    if rating is None or _DISLIKED < rating < _LIKED:
        return "feature_use"
    return "positive_feedback" if rating >= _LIKED else "negative_feedback"
