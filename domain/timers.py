"""Timers of a user, and whether the user is at risk."""

import numpy as np
import numpy.typing as npt

from domain.calendar import WEEK_MS
from domain.compiled import compiled
from domain.state import States


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
def fire(u, user_hash, until, inactivity, late_until):  # type: ignore[no-untyped-def]
    """Fire the user's timer, as of its own time, until it is later than `until`.

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
            u.timer_ms = next_timer(u, user_hash, u.timer_ms, inactivity)


@compiled
def fire_many(states, slots, user_hashes, until, inactivity, late_until, touched):  # type: ignore[no-untyped-def]
    """Fire the due timers of some users at a mark, ms; `touched` is set for them."""
    for slot in slots:
        fire(states[slot], user_hashes[slot], until, inactivity, late_until)
        touched[slot] = True


@compiled
def _at_risk_many(states, slots, out):  # type: ignore[no-untyped-def]
    for i in range(slots.shape[0]):
        out[i] = at_risk(states[slots[i]])


def at_risk_many(states: States, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether each of ``states[slots]`` is at risk, shape (len(slots),)."""
    out = np.empty(len(slots), np.bool_)
    _at_risk_many(states, slots, out)
    return out
