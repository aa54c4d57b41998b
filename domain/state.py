"""A user's state: one record of fixed layout, and the bytes that it is stored as.

`docs/user-state.md` says what each field means and how an event changes it. All numbers are integers, so
that two folds of the same log can be compared byte by byte.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

STATE_VERSION: Final = 2
"""Raised with any change of `STATE` or of its packing; a store of another version wants a rebuild."""

DAYS: Final = 64
"""Day buckets: 30 days and the 30 before, rounded up to a power of two."""
WEEKS: Final = 32
"""Week buckets: 26 weeks, rounded up to a power of two."""
IDS: Final = 64
"""Event ids remembered for the duplicate check."""
PENDING: Final = 32
"""Snapshots that may wait for their outcome: 180 days of horizon and 30 of lateness are 30 weeks."""
FAVOURITES: Final = 4
"""Counters of the Space-Saving summary (Metwally, Agrawal, El Abbadi 2005)."""

STATE: Final = np.dtype(
    [
        # -- who the user is now
        ("version", "<u2"),
        ("gone", "u1"),
        ("paid", "u1"),
        ("session_over", "u1"),
        ("holdout", "u1"),
        ("pad", "u1", (2,)),
        ("platform", "<u4"),
        ("plan", "<u4"),
        ("channel", "<u4"),
        ("geography", "<u4"),
        # -- moments, ms since 1970 unless named _s; 0 is never
        ("first_ms", "<i8"),
        ("last_ms", "<i8"),
        ("signup_ms", "<i8"),
        ("last_signup_ms", "<i8"),
        ("cancelled_ms", "<i8"),
        ("gone_ms", "<i8"),
        ("first_session_ms", "<i8"),
        ("session_start_ms", "<i8"),
        ("last_active_ms", "<i8"),
        ("session_end_s", "<i8"),
        ("last_purchase_ms", "<i8"),
        ("last_ticket_ms", "<i8"),
        ("last_failed_ms", "<i8"),
        ("trial_ms", "<i8"),
        ("plan_change_ms", "<i8"),
        ("timer_ms", "<i8"),
        ("treated_ms", "<i8"),
        ("session", "<u8"),
        ("session_before", "<u8"),
        ("order", "<u8"),
        # -- lifetime counters
        ("events", "<u4"),
        ("late", "<u4"),
        ("sessions", "<u4"),
        ("pages", "<u4"),
        ("active_days", "<u4"),
        ("active_weeks", "<u4"),
        ("active_months", "<u4"),
        ("first_week_sessions", "<u4"),
        ("weekend_sessions", "<u4"),
        ("evening_sessions", "<u4"),
        ("tutorial_sessions", "<u4"),
        ("usage_sessions", "<u4"),
        ("support_sessions", "<u4"),
        ("other_sessions", "<u4"),
        ("returns", "<u4"),
        ("conversions", "<u4"),
        ("orders", "<u4"),
        ("lines", "<u4"),
        ("items", "<u4"),
        ("repeated_lines", "<u4"),
        ("discounted_lines", "<u4"),
        ("refunds", "<u4"),
        ("positive", "<u4"),
        ("negative", "<u4"),
        ("social", "<u4"),
        ("collection", "<u4"),
        ("tickets", "<u4"),
        ("trials", "<u4"),
        ("renewals", "<u4"),
        ("failed_payments", "<u4"),
        ("upgrades", "<u4"),
        ("downgrades", "<u4"),
        # -- sums; seconds and squared seconds, minor units of money
        ("seconds", "<i8"),
        ("gap_count", "<u4"),
        ("last_gap_s", "<u4"),
        ("longest_gap_s", "<u4"),
        ("purchase_gap_count", "<u4"),
        ("gap_sum_s", "<i8"),
        ("gap_square_s2", "<i8"),
        ("purchase_gap_sum_s", "<i8"),
        ("purchase_gap_square_s2", "<i8"),
        ("last_purchase_gap_s", "<u4"),
        ("discounts_pad", "<u4"),
        ("spent", "<i8"),
        ("refunded", "<i8"),
        ("discounted", "<i8"),
        # -- what is used: linear-counting bitmaps, and the most frequent
        ("feature_bits", "<u8", (2,)),
        ("category_bits", "<u8", (2,)),
        ("product_bits", "<u8", (8,)),
        ("feature_top", "<u4", (FAVOURITES,)),
        ("feature_count", "<u4", (FAVOURITES,)),
        ("category_top", "<u4", (FAVOURITES,)),
        ("category_count", "<u4", (FAVOURITES,)),
        # -- buckets: newest index, then rings by index modulo length
        ("day", "<i4"),
        ("week", "<i4"),
        # -- pending snapshots: number of the newest, which of the last 32 wait, and what answers them
        ("instant", "<i4"),
        ("pending", "<u4"),
        ("days", "<u2", (DAYS, 4)),  # events, sessions, pages, seconds
        (
            "weeks",
            "<u4",
            (WEEKS, 8),
        ),  # events, sessions, pages, active days, seconds, orders, spent, refunded
        ("answers", "<u4", (PENDING, 3)),  # seconds to the first return, cancellation, treatment
        # -- duplicate check
        ("id_count", "<u8"),
        ("ids", "<u8", (IDS,)),
    ]
)
assert STATE.itemsize % 8 == 0

States = npt.NDArray[np.void]
"""Records of dtype `STATE`, shape (users,)."""


def empty(count: int) -> States:
    """`count` users of whom nothing is known, shape (count,)."""
    states = np.zeros(count, STATE)
    states["version"] = STATE_VERSION
    return states
