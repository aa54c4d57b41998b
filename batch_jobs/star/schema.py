"""Tables of the star schema. Days are UTC days, money is in minor units, moments are in milliseconds.

An activity is an event of a type that opens or continues a session (`domain.events.EVENT_TYPES`, and the setting
`session_types`). Of events with the same user, id and day one counts, the first in the order of (time, offset); of
users who were erased nothing does.
"""

from typing import Final

import pyarrow as pa

from batch_jobs.fields import counts, required

_TIME: Final = pa.timestamp("ms", tz="UTC")
DIMENSIONS: Final = ("channel", "plan", "geography", "platform")


DAILY: Final = pa.schema(
    [
        required("user", pa.string()),
        required("day", pa.date32()),
        pa.field("first_active", _TIME),  # null where no event of the day was an activity
        pa.field("last_active", _TIME),
        *counts("activities", "sessions", "session_ms", "pages", "conversions"),
        *counts("orders", "items", "spent", "discounted"),  # of purchases
        *counts("renewals", "renewed", "refunds", "refunded", "failed_payments"),
        *counts("tickets", "positive", "negative", "upgrades", "downgrades"),
        pa.field("signup", _TIME),  # the day's first
        pa.field("trial", _TIME),  # the day's first
        pa.field("cancelled", _TIME),  # the day's last
        *(pa.field(name, pa.string()) for name in DIMENSIONS),  # as the day's last event that says it left it
    ]
)
"""`daily`, FACT_DAILY_ACTIVITY: one row a user and day with an event. Revenue is spent + renewed − refunded."""

USAGE: Final = pa.schema(
    [
        required("day", pa.date32()),
        required("user", pa.string()),
        required("feature", pa.string()),
        pa.field("category", pa.string()),
        *counts("uses"),
    ]
)
"""`usage`, FACT_FEATURE_USAGE: one row a user, day and feature."""

CHANGES: Final = pa.schema(
    [
        required("user", pa.string()),
        required("time", _TIME),
        required("day", pa.date32()),
        required(
            "type", pa.string()
        ),  # signup, trial_start, subscription_change, renewal, payment_failed, cancellation
        pa.field("plan", pa.string()),  # that the event names
        pa.field("change", pa.string()),  # upgrade or downgrade
        pa.field("amount", pa.int64()),
    ]
)
"""`changes`, FACT_SUBSCRIPTION_CHANGE."""

TREATMENTS: Final = pa.schema(
    [
        required("user", pa.string()),
        required("time", _TIME),
        required("day", pa.date32()),
        required("type", pa.string()),  # experiment_assignment or promotion
        pa.field("experiment", pa.string()),
        pa.field("variant", pa.string()),
    ]
)
"""`treatments`, FACT_TREATMENT: every assignment and promotion; the first assignment is the one that counts."""

USERS: Final = pa.schema(
    [
        required("user", pa.string()),
        required("hash", pa.uint64()),  # XXH3 of the id, as `domain.columns.hash_of`: samples and holdouts
        required("origin", _TIME),  # the first signup, or the first event where there was none
        required("signed_up", pa.bool_()),  # whether there was one
        # what was known at the origin: said by an event of then or before, the latest that says it
        *(pa.field(f"{name}_at_origin", pa.string()) for name in DIMENSIONS),
        *(pa.field(name, pa.string()) for name in DIMENSIONS),  # now: the latest; of `channel` the first
        pa.field("first_active", _TIME),
        pa.field("last_active", _TIME),
        pa.field(
            "lost", _TIME
        ),  # churn time: first passage of silence, or cancellation, whichever the setting says
        pa.field("lost_by", pa.string()),  # inactivity or cancellation
        pa.field("silent_since", _TIME),  # last activity before `lost`, or the origin: its onset
        pa.field("returned", _TIME),  # first activity after `lost`: a resurrection
        *counts("returns"),  # how often one came back after having been lost
        pa.field("cancelled", _TIME),  # the last cancellation, null after a later signup
        *counts("active_days", "activities", "sessions", "session_ms", "pages", "conversions"),
        *counts("orders", "items", "spent", "discounted", "renewals", "renewed", "refunds", "refunded"),
        *counts("failed_payments", "tickets", "positive", "negative", "upgrades", "downgrades"),
        pa.field("first_order", pa.date32()),
        pa.field("last_order", pa.date32()),
        pa.field("trial", _TIME),  # the first
        pa.field("paid", _TIME),  # first event on a paid plan at or after the trial, else the first of all
    ]
)
"""`users`, DIM_USERS: one row a user, as of the as-of."""

TABLES: Final = {
    "daily": DAILY,
    "usage": USAGE,
    "changes": CHANGES,
    "treatments": TREATMENTS,
    "users": USERS,
}
