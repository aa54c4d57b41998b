"""Fixed layouts that compiled code reads and writes: who a user is, what the user lives through, an event."""

from typing import Final

import numpy as np

TRAITS: Final = np.dtype(
    [
        ("rate", "f8"),  # sessions per week
        ("length", "f8"),  # mean actions in a session
        ("weekend", "f8"),  # factor on Saturdays and Sundays
        ("card_trouble", "f8"),  # probability that a charge is declined
        ("irritability", "f8"),  # probability of negative feedback in a session
        ("delight", "f8"),  # probability of positive feedback in a session
        ("appetite", "f8"),  # probability of a purchase in a session
        ("signup_day", "i4"),  # -1: before the span
        ("signup_ms", "i4"),  # within that day
        ("tenure_days", "i4"),  # at the start of the span, for those who signed up before
        ("taste", "u4"),  # which products are favourites, where the feature ring starts
        ("breadth", "u1"),  # features that the user may ever use
        ("daytime", "u1"),  # row of DAYTIMES
        ("platform", "u1"),
        ("second_platform", "u1"),
        ("channel", "u1"),
        ("geography", "u1"),
        ("treated", "u1"),  # 1 if the experiment's variant would be `checklist`
        ("offered", "u1"),  # 1 if the offer would be made
    ],
    align=True,
)

UNBORN, ACTIVE, FADING, GONE = range(4)
STAGES: Final = ("unborn", "active", "fading", "gone")

LIFE: Final = np.dtype(
    [
        ("random", "u8"),  # position in the user's own random sequence
        ("free_from", "i8"),  # no session may start before, ms
        ("last_life", "i8"),  # last sign of life, ms; times of 0 mean never
        ("experiment_ms", "i8"),
        ("offer_ms", "i8"),
        ("decided_ms", "i8"),
        ("left_ms", "i8"),
        ("first_left_ms", "i8"),
        ("cancelled_ms", "i8"),
        ("first_cancelled_ms", "i8"),
        ("first_returned_ms", "i8"),
        ("silent_ms", "i8"),  # first moment at which silence reached inactivity_days
        ("failed_payments", "f8"),  # fading counts, the drivers of the same names
        ("tickets", "f8"),
        ("negatives", "f8"),
        ("positives", "f8"),
        ("downgrades", "f8"),
        ("events", "u4"),
        ("sessions", "u4"),
        ("orders", "u4"),
        ("joined_day", "i4"),
        ("trial_end", "i4"),
        ("billing_day", "i4"),  # next charge; -1 without a subscription
        ("fade_from", "i4"),
        ("fade_days", "i4"),
        ("pause_until", "i4"),
        ("refund_day", "i4"),  # -1 if no refund is due
        ("refund_cents", "i4"),
        ("refund_order", "u4"),
        ("refund_product", "u2"),
        ("features", "u2"),  # bits of the features used so far
        ("stage", "u1"),
        ("plan", "u1"),
        ("declined", "u1"),  # declined charges in a row
        ("first_cause", "u1"),
        ("cause", "u1"),
        ("leaves", "u1"),
        ("returns", "u1"),
    ],
    align=True,
)

EVENT: Final = np.dtype(
    [
        ("time", "i8"),  # ms since 1970-01-01 UTC
        ("user", "u4"),
        ("number", "u4"),  # counts the user's events from 1
        ("session", "u4"),  # 0: outside a session
        ("order", "u4"),  # 0: none
        ("cents", "i4"),  # -1: no amount
        ("discount", "i4"),  # cents; -1: none
        ("product", "u2"),  # 0: none
        ("duration", "u2"),  # seconds; 0: none
        ("quantity", "u1"),  # 0: none
        ("type", "u1"),
        ("session_type", "u1"),
        ("platform", "u1"),
        ("plan", "u1"),
        ("subject", "u1"),  # feature or category
        ("note", "u1"),  # end of the JSON
        ("origin", "u1"),  # 1 if the event carries channel and geography
    ],
    align=True,
)

DAY: Final = np.dtype(
    [("start_ms", "i8"), ("activity", "f8"), ("shopping", "f8"), ("weekend", "u1"), ("summer", "u1")],
    align=True,
)
