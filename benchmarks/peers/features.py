"""What every contestant keeps for a user, and how one event changes it."""

from typing import Final

import msgspec

from domain.events import EVENT_TYPES, Event, milliseconds

SESSION_GAP_MS: Final = 1_800_000
RING_DAYS: Final = 30
_DAY_MS: Final = 86_400_000
_OPENS_SESSION: Final = frozenset(name for name, (opens, _) in EVENT_TYPES.items() if opens)


class UserFeatures(msgspec.Struct, array_like=True, gc=False):
    """Features of one user; stored as a MessagePack array in this order, which the Java contestant shares.

    Times in milliseconds since 1970-01-01 UTC, money in minor units, gaps in whole seconds: mean and spread
    of the gaps between sessions are read off their number, sum and sum of squares.
    """

    events: int = 0
    sessions: int = 0
    active_days: int = 0
    pages: int = 0
    purchases: int = 0
    spent: int = 0
    refunds: int = 0
    refunded: int = 0
    last_event: int = 0
    last_activity: int = 0
    gaps: int = 0
    gap_sum: int = 0
    gap_squares: int = 0
    positive: int = 0
    negative: int = 0
    last_day: int = 0
    plan: str | None = None
    platform: str | None = None
    ring: list[int] = msgspec.field(default_factory=lambda: [0] * RING_DAYS)
    """Events of the last 30 days, that of day d (since 1970) at d modulo 30."""
    features: dict[str, int] = {}
    """How often each feature was used; the favourite is the largest."""


decode_event: Final = msgspec.json.Decoder(Event).decode
decode_features: Final = msgspec.msgpack.Decoder(UserFeatures).decode
encode_features: Final = msgspec.msgpack.Encoder().encode


def store_key(user: bytes) -> bytes:
    """Redis key of a user's features."""
    return b"features:" + user


def apply(state: UserFeatures, event: Event) -> None:
    """Add one event of the user, in event-time order, to `state`."""
    now = milliseconds(event.time)
    kind = event.type
    state.events += 1
    if kind in _OPENS_SESSION:
        _visit(state, kind, now)
    _count_day(state, now // _DAY_MS)
    if event.plan is not None:
        state.plan = event.plan
    if event.platform is not None:
        state.platform = event.platform
    if kind == "page_view":
        state.pages += 1 if event.pages is None else event.pages
    elif event.pages is not None:
        state.pages += event.pages
    if kind == "feature_use":
        if event.feature is not None:
            state.features[event.feature] = state.features.get(event.feature, 0) + 1
    elif kind == "purchase":
        state.purchases += 1
        state.spent += round((event.amount or 0.0) * 100)
    elif kind == "refund":
        state.refunds += 1
        state.refunded += abs(round((event.amount or 0.0) * 100))
    elif kind == "positive_feedback":
        state.positive += 1
    elif kind == "negative_feedback":
        state.negative += 1
    state.last_event = now


def _visit(state: UserFeatures, kind: str, now: int) -> None:
    silence = now - state.last_activity
    if not state.sessions:
        state.sessions = 1
    elif kind == "session_start" or silence > SESSION_GAP_MS:
        seconds = silence // 1000
        state.sessions += 1
        state.gaps += 1
        state.gap_sum += seconds
        state.gap_squares += seconds * seconds
    state.last_activity = now


def _count_day(state: UserFeatures, day: int) -> None:
    ring = state.ring
    if day != state.last_day:
        state.active_days += 1
        for passed in range(max(state.last_day + 1, day - RING_DAYS + 1), day + 1):
            ring[passed % RING_DAYS] = 0
        state.last_day = day
    ring[day % RING_DAYS] += 1
