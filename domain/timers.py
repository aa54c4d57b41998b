"""Timers of a user, and whether the user is at risk."""

import numpy as np
import numpy.typing as npt

from domain.calendar import WEEK_MS
from domain.compiled import compiled
from domain.pending import settle, take
from domain.state import PENDING, States


@compiled
def at_risk(u):  # type: ignore[no-untyped-def]
    """A session, not gone since, and not cancelled since the last signup."""
    return u.sessions > 0 and u.gone == 0 and not (u.cancelled_ms > 0 and u.cancelled_ms >= u.last_signup_ms)


@compiled
def next_timer(u, user_hash, after, inactivity):  # type: ignore[no-untyped-def]
    """The first weekly instant after `after`, or the passage if that comes first."""
    offset = np.int64(user_hash % np.uint64(WEEK_MS))
    instant = (after - offset) // WEEK_MS * WEEK_MS + offset + WEEK_MS
    return min(instant, u.last_active_ms + inactivity)


@compiled
def fire(u, slot, user_hash, until, inactivity, late_until, taken, taken_slots, counts):  # type: ignore[no-untyped-def]
    """Fire the user's timer, as of its own time, until it is later than `until`; with snapshots at weekly instants.

    What is before `late_until` (ms) is too late now: only then can ids and days be forgotten.
    """
    while 0 < u.timer_ms <= until:
        passage = u.last_active_ms + inactivity
        if passage <= u.timer_ms:
            u.gone = 1
            u.gone_ms = passage
            u.timer_ms = 0
            if u.last_ms < late_until:
                u.day = 0
                u.days[:, :] = 0
                u.ids[:] = 0
        else:
            take(u, slot, user_hash, u.timer_ms, taken, taken_slots, counts)
            u.timer_ms = next_timer(u, user_hash, u.timer_ms, inactivity)


@compiled
def visit_many(  # type: ignore[no-untyped-def]
    states, slots, user_hashes, until, inactivity, late_until, delay, touched, taken, taken_slots, settled,
    settled_slots, counts,
):  # fmt: skip
    """Visit users at a mark, ms: fire their timers, settle their snapshots; `touched` is set for them.

    Returns:
        How many were visited before the buffers had no room for one more.
    """
    for i in range(slots.shape[0]):
        if counts[0] + PENDING > taken.shape[0] or counts[1] + PENDING > settled.shape[0]:
            return i
        slot = slots[i]
        u = states[slot]
        fire(u, slot, user_hashes[slot], until, inactivity, late_until, taken, taken_slots, counts)
        settle(u, slot, user_hashes[slot], until, delay, settled, settled_slots, counts)
        touched[slot] = True
    return slots.shape[0]


@compiled
def _at_risk_many(states, slots, out):  # type: ignore[no-untyped-def]
    for i in range(slots.shape[0]):
        out[i] = at_risk(states[slots[i]])


def at_risk_many(states: States, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether each of ``states[slots]`` is at risk, shape (len(slots),)."""
    out = np.empty(len(slots), np.bool_)
    _at_risk_many(states, slots, out)
    return out
