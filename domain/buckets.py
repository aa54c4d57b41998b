"""Rings of days and weeks: the rolling windows of a user's state."""

from typing import Final

import numpy as np

from domain.calendar import DAY_MS
from domain.compiled import compiled
from domain.state import DAYS, WEEKS

# lanes of both rings
EVENTS: Final = 0
SESSIONS: Final = 1
PAGES: Final = 2
# lanes of the days
DAY_SECONDS: Final = 3
# lanes of the weeks
ACTIVE_DAYS: Final = 3
SECONDS: Final = 4
ORDERS: Final = 5
SPENT: Final = 6
REFUNDED: Final = 7

U16: Final = 65_535
U32: Final = 4_294_967_295


@compiled
def add16(ring, slot, lane, by):  # type: ignore[no-untyped-def]
    ring[slot, lane] = min(np.int64(ring[slot, lane]) + by, U16)


@compiled
def add32(ring, slot, lane, by):  # type: ignore[no-untyped-def]
    ring[slot, lane] = min(np.int64(ring[slot, lane]) + by, U32)


@compiled
def turn(ring, newest, index, length):  # type: ignore[no-untyped-def]
    """Clear the slots of a ring between its newest index and a later one; returns the newest."""
    if index <= newest:
        return newest
    for i in range(max(newest + 1, index - length + 1), index + 1):
        ring[i % length, :] = 0
    return index


@compiled
def slots_of(u, t):  # type: ignore[no-untyped-def]
    """Turn the rings to the event's day and week; returns its slots, -1 where it is too old for one."""
    day = np.int64(t // DAY_MS)
    week = (day + 3) // 7
    u.day = turn(u.days, np.int64(u.day), day, DAYS)
    u.week = turn(u.weeks, np.int64(u.week), week, WEEKS)
    day_slot = day % DAYS if day > u.day - DAYS else np.int64(-1)
    week_slot = week % WEEKS if week > u.week - WEEKS else np.int64(-1)
    return day_slot, week_slot
