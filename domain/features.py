"""Features of a state at a given now: the same code for the agent, the trainer, the API and batch jobs.

Compiled loops; `domain.catalogue` says what each number means. What cannot be known is NaN: never zero where
zero would be a claim.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.buckets import ACTIVE_DAYS, DAY_SECONDS, EVENTS, ORDERS, PAGES, REFUNDED, SECONDS, SESSIONS, SPENT
from domain.calendar import DAY_MS, month_of
from domain.catalogue import NAMES
from domain.compiled import compiled
from domain.state import DAYS, FAVOURITES, WEEKS, States

_DAY_S: Final = 86_400.0
_COUNT: Final = len(NAMES)


@compiled
def _days(u, lane, today, back, length):  # type: ignore[no-untyped-def]
    """Sum of a day lane over `length` days that end `back` days before today."""
    total = 0
    newest = np.int64(u.day)
    for day in range(today - back - length + 1, today - back + 1):
        if newest - DAYS < day <= newest:
            total += u.days[day % DAYS, lane]
    return total


@compiled
def _active(u, today, length):  # type: ignore[no-untyped-def]
    total = 0
    newest = np.int64(u.day)
    for day in range(today - length + 1, today + 1):
        if newest - DAYS < day <= newest and u.days[day % DAYS, EVENTS] > 0:
            total += 1
    return total


@compiled
def _weeks(u, lane, this, back, length):  # type: ignore[no-untyped-def]
    total = np.int64(0)
    newest = np.int64(u.week)
    for week in range(this - back - length + 1, this - back + 1):
        if newest - WEEKS < week <= newest:
            total += np.int64(u.weeks[week % WEEKS, lane])
    return total


@compiled
def _over(a, b):  # type: ignore[no-untyped-def]
    return a / b if b > 0 else math.nan


@compiled
def _trend(newer, older):  # type: ignore[no-untyped-def]
    return (newer - older) / (newer + older) if newer + older > 0 else math.nan


@compiled
def _since(now, then):  # type: ignore[no-untyped-def]
    return (now - then) / DAY_MS if then > 0 else math.nan


@compiled
def _spread(count, total, squares):  # type: ignore[no-untyped-def]
    """Standard deviation (n − 1) in days from integer sums in seconds."""
    if count < 2:
        return math.nan
    # around the whole mean in integers, since doubles would cancel where all gaps are alike; no product exceeds
    # the sum of squares (Cauchy, Schwarz), which fits 63 bits
    n = np.int64(count)
    mean = np.int64(total) // n
    rest = np.int64(total) - n * mean
    around = np.float64(np.int64(squares) - mean * np.int64(total) - mean * rest)
    return math.sqrt((around - np.float64(rest) / n * rest) / (n - 1)) / _DAY_S


@compiled
def _distinct(words, size):  # type: ignore[no-untyped-def]
    """Linear counting (Whang, Vander-Zanden, Taylor 1990): −m ln(share of zero bits)."""
    ones = 0
    for word in words:
        w = word
        while w != 0:
            w &= w - np.uint64(1)
            ones += 1
    if ones == size:
        return size * math.log(size)
    return -size * math.log(1.0 - ones / size) + 0.0


@compiled
def _favourite(tops, counts):  # type: ignore[no-untyped-def]
    best = 0
    for i in range(1, FAVOURITES):
        if counts[i] > counts[best]:
            best = i
    return np.float64(tops[best]) if counts[best] > 0 else math.nan


@compiled
def _named(code):  # type: ignore[no-untyped-def]
    return np.float64(code) if code > 0 else math.nan


@compiled
def _rolling(u, out, k, day_lane, week_lane, today, this, lifetime, scale):  # type: ignore[no-untyped-def]
    for length in (1, 7, 14, 30):
        out[k] = _days(u, day_lane, today, 0, length) / scale
        k += 1
    for length in (9, 13, 26):
        out[k] = _weeks(u, week_lane, this, 0, length) / scale
        k += 1
    out[k] = lifetime / scale
    return k + 1


@compiled
def _windows(u, out, today, this):  # type: ignore[no-untyped-def]
    k = _rolling(u, out, 0, SESSIONS, SESSIONS, today, this, u.sessions, 1.0)
    for length in (1, 7, 14, 30):
        out[k] = _active(u, today, length)
        k += 1
    for length in (9, 13, 26):
        out[k] = _weeks(u, ACTIVE_DAYS, this, 0, length)
        k += 1
    out[k] = u.active_days
    k += 1
    k = _rolling(u, out, k, EVENTS, EVENTS, today, this, u.events, 1.0)
    k = _rolling(u, out, k, DAY_SECONDS, SECONDS, today, this, u.seconds, 60.0)
    k = _rolling(u, out, k, PAGES, PAGES, today, this, u.pages, 1.0)
    for lane in (SESSIONS, EVENTS, DAY_SECONDS):
        out[k] = _trend(_days(u, lane, today, 0, 30), _days(u, lane, today, 30, 30))
        k += 1
    for lane in (SESSIONS, EVENTS, SPENT):
        out[k] = _trend(_weeks(u, lane, this, 0, 13), _weeks(u, lane, this, 13, 13))
        k += 1
    return k


@compiled
def _habit(u, out, k, now, this):  # type: ignore[no-untyped-def]
    origin = u.signup_ms if u.signup_ms > 0 else u.first_ms
    first_week = (origin // DAY_MS + 3) // 7
    gap_mean = _over(np.float64(u.gap_sum_s), u.gap_count) / _DAY_S
    silence = _since(now, u.last_active_ms)
    met = u.signup_ms > 0 and u.first_session_ms >= u.signup_ms
    out[k] = silence
    out[k + 1] = _since(now, origin)
    out[k + 2] = u.first_week_sessions
    out[k + 3] = (u.first_session_ms - u.signup_ms) / DAY_MS if met else math.nan
    out[k + 4] = u.active_weeks
    out[k + 5] = u.active_weeks / max(this - first_week + 1, 1) if origin > 0 else math.nan
    out[k + 6] = u.active_months
    out[k + 7] = gap_mean
    out[k + 8] = _spread(u.gap_count, u.gap_sum_s, u.gap_square_s2)
    out[k + 9] = u.last_gap_s / _DAY_S if u.gap_count > 0 else math.nan
    out[k + 10] = u.longest_gap_s / _DAY_S if u.gap_count > 0 else math.nan
    out[k + 11] = silence / gap_mean if gap_mean > 0 else math.nan
    out[k + 12] = _over(u.seconds / 60.0, u.sessions)
    out[k + 13] = _over(u.tutorial_sessions, u.sessions)
    out[k + 14] = _over(u.usage_sessions, u.sessions)
    out[k + 15] = _over(u.support_sessions, u.sessions)
    out[k + 16] = u.returns
    out[k + 17] = _distinct(u.feature_bits, 128)
    out[k + 18] = _distinct(u.category_bits, 128)
    out[k + 19] = _favourite(u.feature_top, u.feature_count)
    out[k + 20] = _favourite(u.category_top, u.category_count)
    out[k + 21] = u.conversions
    out[k + 22] = _over(u.conversions, u.sessions)
    return k + 23


@compiled
def _trade(u, out, k, now, this):  # type: ignore[no-untyped-def]
    out[k] = _since(now, u.last_purchase_ms)
    out[k + 1] = _weeks(u, ORDERS, this, 0, 9)
    out[k + 2] = _weeks(u, ORDERS, this, 0, 13)
    out[k + 3] = _weeks(u, ORDERS, this, 0, 26)
    out[k + 4] = u.orders
    out[k + 5] = _weeks(u, SPENT, this, 0, 9) / 100.0
    out[k + 6] = _weeks(u, SPENT, this, 0, 13) / 100.0
    out[k + 7] = _weeks(u, SPENT, this, 0, 26) / 100.0
    out[k + 8] = u.spent / 100.0
    out[k + 9] = _over(u.spent / 100.0, u.orders)
    out[k + 10] = _over(u.items, u.orders)
    out[k + 11] = _over(u.repeated_lines, u.lines)
    out[k + 12] = _over(u.discounted_lines, u.lines)
    out[k + 13] = u.discounted / 100.0
    out[k + 14] = u.refunds
    out[k + 15] = u.refunded / 100.0
    out[k + 16] = _weeks(u, REFUNDED, this, 0, 26) / 100.0
    out[k + 17] = _over(u.refunded, u.spent)
    out[k + 18] = _over(np.float64(u.purchase_gap_sum_s), u.purchase_gap_count) / _DAY_S
    out[k + 19] = _spread(u.purchase_gap_count, u.purchase_gap_sum_s, u.purchase_gap_square_s2)
    out[k + 20] = u.last_purchase_gap_s / _DAY_S if u.purchase_gap_count > 0 else math.nan
    return k + 21


@compiled
def _relation(u, out, k, now, month):  # type: ignore[no-untyped-def]
    feedback = np.int64(u.positive) + np.int64(u.negative)
    out[k] = u.positive
    out[k + 1] = u.negative
    out[k + 2] = _over(u.positive, feedback)
    out[k + 3] = _over(feedback, u.events)
    out[k + 4] = u.social
    out[k + 5] = u.collection
    out[k + 6] = u.tickets
    out[k + 7] = _since(now, u.last_ticket_ms)
    out[k + 8] = _named(u.plan)
    out[k + 9] = u.paid - 1.0 if u.paid > 0 else math.nan
    out[k + 10] = u.upgrades
    out[k + 11] = u.downgrades
    out[k + 12] = _since(now, u.plan_change_ms)
    out[k + 13] = u.trials
    out[k + 14] = _since(now, u.trial_ms)
    out[k + 15] = u.renewals
    out[k + 16] = u.failed_payments
    out[k + 17] = _since(now, u.last_failed_ms)
    out[k + 18] = _named(u.platform)
    out[k + 19] = _named(u.channel)
    out[k + 20] = _named(u.geography)
    out[k + 21] = _over(u.weekend_sessions, u.sessions)
    out[k + 22] = _over(u.evening_sessions, u.sessions)
    out[k + 23] = month % 12 + 1
    return k + 24


@compiled
def feature_row(u, now, out):  # type: ignore[no-untyped-def]
    """Features of one user at `now` (ms), not before the user's last event, into `out`, shape (len(CATALOGUE),)."""
    today = np.int64(now // DAY_MS)
    this = (today + 3) // 7
    k = _windows(u, out, today, this)
    k = _habit(u, out, k, now, this)
    k = _trade(u, out, k, now, this)
    _relation(u, out, k, now, month_of(today))


@compiled
def _features(states, slots, nows, out):  # type: ignore[no-untyped-def]
    for i in range(slots.shape[0]):
        u = states[slots[i]]
        feature_row(u, max(nows[i], u.last_ms), out[i])


def features(
    states: States, slots: npt.NDArray[np.int64], nows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Features of ``states[slots]``, each at its now, shape (len(slots), len(CATALOGUE)).

    Args:
        nows: ms, shape (len(slots),). A now before the user's last event is taken as that event's time: a
            state cannot forget.
    """
    out = np.empty((len(slots), _COUNT), np.float64)
    _features(states, slots, nows, out)
    return out
