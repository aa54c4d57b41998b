"""The words that simulated events use, and the small numbers that stand for them in compiled code.

A code is a position in its table. Code 0 of an optional field means that the event does not carry it.
"""

from typing import Final

TYPES: Final = (
    "session_start", "session_end", "page_view", "feature_use", "purchase", "positive_feedback",
    "negative_feedback", "social_action", "collection_action", "refund", "signup", "trial_start", "renewal",
    "payment_failed", "subscription_change", "support_ticket", "cancellation_started", "cancellation",
    "experiment_assignment", "promotion",
)  # fmt: skip
(
    SESSION_START, SESSION_END, PAGE_VIEW, FEATURE_USE, PURCHASE, POSITIVE_FEEDBACK, NEGATIVE_FEEDBACK,
    SOCIAL_ACTION, COLLECTION_ACTION, REFUND, SIGNUP, TRIAL_START, RENEWAL, PAYMENT_FAILED,
    SUBSCRIPTION_CHANGE, SUPPORT_TICKET, CANCELLATION_STARTED, CANCELLATION, EXPERIMENT_ASSIGNMENT, PROMOTION,
) = range(20)  # fmt: skip

SESSION_TYPES: Final = ("", "tutorial", "usage", "support")
NO_SESSION_TYPE, TUTORIAL, USAGE, SUPPORT = range(4)

PLANS: Final = ("", "free", "trial", "pro", "team")
NO_PLAN, FREE, TRIAL, PRO, TEAM = range(5)
PLAN_CENTS: Final = (0, 0, 0, 1_900, 4_900)
"""Monthly price in cents, by plan."""

PLATFORMS: Final = ("", "web", "desktop", "ios", "android")
NO_PLATFORM, WEB, DESKTOP, IOS, ANDROID = range(5)

CHANNELS: Final = ("organic", "referral", "ads", "partner", "social")
ORGANIC, REFERRAL, ADS, PARTNER, SOCIAL = range(5)
CHANNEL_SHARES: Final = (0.38, 0.17, 0.25, 0.08, 0.12)

GEOGRAPHIES: Final = ("US", "DE", "GB", "FR", "BR", "IN", "JP", "AU")
GEOGRAPHY_SHARES: Final = (0.34, 0.16, 0.12, 0.10, 0.09, 0.10, 0.06, 0.03)
UTC_OFFSET_HOURS: Final = (-6, 1, 0, 1, -3, 5, 9, 10)

FEATURES: Final = (
    "dashboard", "editor", "search", "comments", "export", "templates",
    "calendar", "sharing", "reports", "automation", "import", "integrations",
)  # fmt: skip
FEATURE_CATEGORIES: Final = (
    "explore", "create", "explore", "collaborate", "organise", "create",
    "organise", "collaborate", "explore", "create", "organise", "collaborate",
)  # fmt: skip
TOPICS: Final = ("home", "pricing", "help", "account", "billing", "bug", "how_to")
"""Categories of page views (the first four) and of support tickets (the last three)."""
PAGE_TOPICS: Final = 4
ACCOUNT_TOPIC: Final = TOPICS.index("account")
FIRST_TOPIC: Final = len(FEATURES) + 1
"""The subject of an event: 0 none, 1 and up a feature with its category, from here a category alone."""

EXPERIMENT: Final = "onboarding-checklist"
OFFER: Final = "loyalty-offer"

(
    PLAIN, CONVERTED, UPGRADED, DOWNGRADED,
    CONTROL_ASSIGNED, TREATMENT_ASSIGNED, HOLDOUT_ASSIGNED, OFFER_ASSIGNED, OFFER_MADE,
) = range(9)  # fmt: skip
NOTES: Final = (
    "",
    ',"conversion":true',
    ',"change":"upgrade"',
    ',"change":"downgrade"',
    f',"experiment":"{EXPERIMENT}","variant":"control"',
    f',"experiment":"{EXPERIMENT}","variant":"checklist"',
    f',"experiment":"{OFFER}","variant":"holdout"',
    f',"experiment":"{OFFER}","variant":"offer"',
    f',"experiment":"{OFFER}"',
)
"""What ends the event's JSON, by note."""

PRODUCTS: Final = 400
USER_ID_WIDTH: Final = 7


def user_id(user: int) -> str:
    """Name of the user with this number, counted from 0."""
    return f"u{user:0{USER_ID_WIDTH}d}"
