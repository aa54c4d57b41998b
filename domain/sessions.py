"""Sessions: which one an activity belongs to, what opening one adds, how long it lasts."""

from typing import Final

import numpy as np

from domain.buckets import DAY_SECONDS, SECONDS, SESSIONS, add16, add32
from domain.calendar import DAY_MS, WEEK_MS
from domain.columns import KINDS
from domain.compiled import compiled

_SESSION_START: Final = KINDS["session_start"]
_EVENING_MS: Final = 18 * 3_600_000


@compiled
def belongs(u, e, gap):  # type: ignore[no-untyped-def]
    """Whether an activity continues the current session."""
    if u.sessions == 0 or u.gone == 1:
        return False
    if e.kind == _SESSION_START:
        return e.session != 0 and e.session == u.session
    near = e.time - u.last_active_ms <= gap
    if e.session != 0 and u.session != 0:
        return e.session == u.session or (e.session == u.session_before and near)
    return u.session_over == 0 and near


@compiled
def open_session(u, e, day_slot, week_slot, totals):  # type: ignore[no-untyped-def]
    t = e.time
    if u.sessions > 0:
        g = t // 1000 - u.last_active_ms // 1000
        u.gap_count += 1
        u.last_gap_s = g
        u.longest_gap_s = max(np.int64(u.longest_gap_s), g)
        u.gap_sum_s += g
        u.gap_square_s2 += g * g
        totals[0] += 1
        totals[1] += g
    if u.gone == 1:
        u.gone = 0
        u.returns += 1
    u.sessions += 1
    if u.first_session_ms == 0:
        u.first_session_ms = t
    u.session_start_ms = t
    u.session_end_s = t // 1000
    u.session_over = 0
    u.session_before = u.session
    u.session = e.session
    origin = u.signup_ms if u.signup_ms > 0 else u.first_ms
    if t < origin + WEEK_MS:
        u.first_week_sessions += 1
    if (t // DAY_MS + 3) % 7 >= 5:
        u.weekend_sessions += 1
    if t % DAY_MS >= _EVENING_MS:
        u.evening_sessions += 1
    if e.session_type == 1:
        u.tutorial_sessions += 1
    elif e.session_type == 2:
        u.usage_sessions += 1
    elif e.session_type == 3:
        u.support_sessions += 1
    elif e.session_type == 4:
        u.other_sessions += 1
    add16(u.days, day_slot, SESSIONS, 1)
    add32(u.weeks, week_slot, SESSIONS, 1)


@compiled
def lengthen(u, e, day_slot, week_slot):  # type: ignore[no-untyped-def]
    """The session reaches to the event's end; its seconds count on the event's day."""
    end = (e.time + e.duration_ms) // 1000
    more = end - u.session_end_s
    if more > 0:
        u.seconds += more
        u.session_end_s = end
        if day_slot >= 0:
            add16(u.days, day_slot, DAY_SECONDS, more)
        if week_slot >= 0:
            add32(u.weeks, week_slot, SECONDS, more)
