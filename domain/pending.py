"""Snapshots that wait for their outcome: taken at weekly instants, answered by events, settled at marks.

`docs/snapshots.md` is the specification.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from domain.calendar import WEEK_MS
from domain.catalogue import NAMES
from domain.compiled import compiled
from domain.features import feature_row
from domain.state import PENDING, States

RETURN: Final = 0
CANCELLATION: Final = 1
TREATMENT: Final = 2
"""Columns of ``answers``."""

TAKEN: Final = np.dtype(
    [("time", "<i8"), ("treated", "<i8"), ("holdout", "<i8"), ("features", "<f8", (len(NAMES),))]
)
"""A snapshot as it waits to leave."""
SETTLED: Final = np.dtype([("time", "<i8"), ("returned", "<i8"), ("cancelled", "<i8"), ("treated", "<i8")])
"""An outcome as it waits to leave."""


class Buffers:
    """Room for what one step takes and settles; compiled code fills it."""

    def __init__(self, room: int) -> None:
        self.taken = np.zeros(room, TAKEN)
        self.taken_slots = np.zeros(room, np.int64)
        self.settled = np.zeros(room, SETTLED)
        self.settled_slots = np.zeros(room, np.int64)
        self.counts = np.zeros(2, np.int64)
        """Snapshots taken, outcomes settled."""


@compiled
def _oldest(u):  # type: ignore[no-untyped-def]
    """Number of the oldest pending snapshot of a user who has one."""
    number = np.int64(u.instant) - PENDING + 1
    while (u.pending >> np.uint32(number % PENDING)) & np.uint32(1) == 0:
        number += 1
    return number


@compiled
def take(u, slot, user_hash, at, taken, taken_slots, counts):  # type: ignore[no-untyped-def]
    """Snapshot of a user if `at` (ms) is a weekly instant, unless one of 32 weeks before or more is still pending."""
    since = at - np.int64(user_hash % np.uint64(WEEK_MS))
    number = since // WEEK_MS
    if since % WEEK_MS != 0 or (u.pending != 0 and number - _oldest(u) >= PENDING):
        return
    u.pending |= np.uint32(1) << np.uint32(number % PENDING)
    u.instant = number
    n = counts[0]
    taken_slots[n] = slot
    taken[n].time = at
    taken[n].treated = u.treated_ms
    taken[n].holdout = u.holdout
    feature_row(u, at, taken[n].features)
    counts[0] = n + 1


@compiled
def answer(u, user_hash, t, column, margin, horizon):  # type: ignore[no-untyped-def]
    """What happened at `t` (ms) answers each pending snapshot S with ``S + margin < t <= S + horizon``."""
    if u.pending == 0:
        return
    newest = np.int64(u.instant)
    offset = np.int64(user_hash % np.uint64(WEEK_MS))
    for number in range(newest, newest - PENDING, -1):
        at = number * WEEK_MS + offset
        if t > at + horizon:
            return
        place = number % PENDING
        if t > at + margin and (u.pending >> np.uint32(place)) & np.uint32(1):
            seconds = (t - at + 999) // 1000
            known = np.int64(u.answers[place, column])
            if known == 0 or seconds < known:
                u.answers[place, column] = seconds


@compiled
def settle(u, slot, user_hash, until, delay, settled, settled_slots, counts):  # type: ignore[no-untyped-def]
    """Settle the pending snapshots that are due at or before `until` (ms), oldest first."""
    newest = np.int64(u.instant)
    offset = np.int64(user_hash % np.uint64(WEEK_MS))
    for number in range(newest - PENDING + 1, newest + 1):
        place = number % PENDING
        bit = np.uint32(1) << np.uint32(place)
        at = number * WEEK_MS + offset
        if u.pending & bit and at + delay <= until:
            n = counts[1]
            settled_slots[n] = slot
            settled[n].time = at
            settled[n].returned = u.answers[place, RETURN]
            settled[n].cancelled = u.answers[place, CANCELLATION]
            settled[n].treated = u.answers[place, TREATMENT]
            counts[1] = n + 1
            u.pending &= ~bit
            u.answers[place, :] = 0


@compiled
def stored_timer(u, user_hash, delay):  # type: ignore[no-untyped-def]
    """When a mark must visit the user, ms: at `timer_ms`, or when the oldest pending snapshot is due; 0 for never."""
    if u.pending == 0:
        return u.timer_ms
    due = _oldest(u) * WEEK_MS + np.int64(user_hash % np.uint64(WEEK_MS)) + delay
    return due if u.timer_ms == 0 else min(due, u.timer_ms)


@compiled
def _stored_timers(states, slots, user_hashes, delay, out):  # type: ignore[no-untyped-def]
    for i in range(slots.shape[0]):
        out[i] = stored_timer(states[slots[i]], user_hashes[slots[i]], delay)


def stored_timers(
    states: States, slots: npt.NDArray[np.int64], user_hashes: npt.NDArray[np.uint64], delay_ms: int
) -> npt.NDArray[np.int64]:
    """`stored_timer` of ``states[slots]``, ms, shape (len(slots),)."""
    out = np.empty(len(slots), np.int64)
    _stored_timers(states, slots, user_hashes, delay_ms, out)
    return out


@compiled
def _due_slots(states, user_hashes, delay, mark, out):  # type: ignore[no-untyped-def]
    found = 0
    for slot in range(states.shape[0]):
        timer = stored_timer(states[slot], user_hashes[slot], delay)
        if 0 < timer <= mark:
            out[found] = slot
            found += 1
    return found


def due_slots(
    states: States, user_hashes: npt.NDArray[np.uint64], delay_ms: int, mark: int, room: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Users whose `stored_timer` is due at a mark (ms), as slots, shape (users due,).

    Args:
        room: for the answer, shape (users,): most marks find nobody, and ask for every few records.
    """
    return room[: _due_slots(states, user_hashes, delay_ms, mark, room)]
