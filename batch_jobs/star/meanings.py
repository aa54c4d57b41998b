"""What the columns of the star mean, in words: `docs/star-schema.md` is made from it."""

from typing import Final

_USER: Final = {"user": "user id"}
_DIMENSIONS: Final = {
    "channel": "how the user came",
    "plan": "plan",
    "geography": "geography",
    "platform": "platform",
}
_COUNTS: Final = {
    "activities": "activities",
    "sessions": "sessions opened",
    "session_ms": "time in sessions, ms, in whole seconds",
    "pages": "pages and screens seen",
    "conversions": "events marked as a conversion",
    "orders": "purchases: consecutive lines with the same order id are one",
    "items": "items of purchases; a line without a quantity is one item",
    "spent": "money of purchases, minor units",
    "discounted": "discounts of purchases, minor units",
    "renewals": "renewals",
    "renewed": "money of renewals, minor units",
    "refunds": "refunds",
    "refunded": "money refunded, minor units",
    "failed_payments": "charges declined",
    "tickets": "support tickets",
    "positive": "positive feedback",
    "negative": "negative feedback",
    "upgrades": "changes to a higher plan",
    "downgrades": "changes to a lower plan",
}
_EVENT: Final = {
    "time": "when",
    "day": "its UTC day",
    "type": "type of the event",
}

MEANINGS: Final[dict[str, dict[str, str]]] = {
    "daily": _USER
    | {
        "day": "UTC day",
        "first_active": "first activity of the day; null where no event of the day was one",
        "last_active": "last activity of the day",
    }
    | _COUNTS
    | {
        "signup": "first signup of the day",
        "trial": "first trial begun on the day",
        "cancelled": "last cancellation of the day",
    }
    | {
        name: f"{what}: said last on the day" if name != "channel" else f"{what}: said first on the day"
        for name, what in _DIMENSIONS.items()
    },
    "usage": {
        "day": "UTC day",
        "user": "user id",
        "feature": "feature used",
        "category": "its category: said last",
        "uses": "activities that name it",
    },
    "changes": _USER
    | _EVENT
    | {
        "plan": "that the event names",
        "change": "upgrade or downgrade, where the event says so",
        "amount": "minor units",
    },
    "treatments": _USER
    | _EVENT
    | {"experiment": "experiment that the event names", "variant": "variant that it names"},
    "users": _USER
    | {
        "hash": "XXH3 of the id, 64 bits: for samples and holdouts",
        "origin": "the first signup, or the first event where there was none; silent types only if there is no other",
        "signed_up": "whether there was a signup",
    }
    | {f"{name}_at_origin": f"{what} as known at the origin" for name, what in _DIMENSIONS.items()}
    | {
        name: f"{what}: the latest" if name != "channel" else f"{what}: the first"
        for name, what in _DIMENSIONS.items()
    }
    | {
        "first_active": "first activity",
        "last_active": "last activity",
        "lost": "churn time: first moment at which silence reached the limit, or the cancellation, by the setting "
        "`EBBWATCH_CHURN`; a later return does not revise it",
        "lost_by": "inactivity or cancellation",
        "silent_since": "last activity before `lost`, or the origin",
        "returned": "first activity after `lost`: a resurrection",
        "returns": "how often the user came back after having been lost",
        "cancelled": "last cancellation; null after a later signup",
        "active_days": "days with an activity",
    }
    | _COUNTS
    | {
        "first_order": "first day with an order",
        "last_order": "last day with an order",
        "trial": "first trial begun",
        "paid": "first event that names a paid plan at or after the trial; the first of all if there was no trial",
    },
}
"""By table and column."""

ABOUT: Final = {
    "daily": "FACT_DAILY_ACTIVITY: one row a user and day with an event. Revenue is `spent + renewed − refunded`.",
    "usage": "FACT_FEATURE_USAGE: one row a user, day and feature.",
    "changes": "FACT_SUBSCRIPTION_CHANGE: signups, trials, plans changed, renewals, declined charges, cancellations.",
    "treatments": "FACT_TREATMENT: every assignment and promotion; the first assignment is the one that counts.",
    "users": "DIM_USERS: one row a user, as of the as-of.",
}
"""What each table is."""
