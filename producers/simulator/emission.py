"""Writing an event into the buffer."""

from typing import Any, Final

from numpy.typing import NDArray

from producers.simulator.compiled import Record, compiled
from producers.simulator.vocabulary import COLLECTION_ACTION, SESSION_END

ROOM: Final = 640
"""More events than one user can have on one day: 8 sessions of at most 72 events, and the account's."""
PAUSE_MS: Final = 2_400_000
"""Least time between two sessions of a user, longer than any session gap in use."""


@compiled
def emit(events: NDArray[Any], n: int, number: int, life: Record, time: int, kind: int) -> int:
    """Write an event outside a session at position `n`; returns `n` + 1. Further fields are the caller's.

    `time` is in ms since 1970-01-01 UTC, `number` the user's.
    """
    life.events += 1
    event = events[n]
    event.time = time
    event.user = number
    event.number = life.events
    event.session = 0
    event.order = 0
    event.cents = -1
    event.discount = -1
    event.product = 0
    event.duration = 0
    event.quantity = 0
    event.type = kind
    event.session_type = 0
    event.platform = 0
    event.plan = life.plan
    event.subject = 0
    event.note = 0
    event.origin = 0
    return n + 1


@compiled
def emit_in_session(
    events: NDArray[Any], n: int, number: int, life: Record, time: int, kind: int, platform: int
) -> int:
    """Like `emit`, inside the user's latest session."""
    n = emit(events, n, number, life, time, kind)
    events[n - 1].session = life.sessions
    events[n - 1].platform = platform
    life.free_from = time + PAUSE_MS
    if kind <= COLLECTION_ACTION and kind != SESSION_END:
        life.last_life = time
    return n
