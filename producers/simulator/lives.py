"""A user's day, and many days of many users."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from producers.simulator import vocabulary as words
from producers.simulator.accounts import keep_account, sign_up
from producers.simulator.calendar import ANY, DAY_MS, hour_shares
from producers.simulator.chance import choose, exponential, poisson, uniform
from producers.simulator.compiled import Record, compiled
from producers.simulator.emission import ROOM, emit, emit_in_session
from producers.simulator.hazard import daily_hazard, weaken_experiences
from producers.simulator.records import ACTIVE, FADING, GONE, UNBORN
from producers.simulator.shop import refund
from producers.simulator.visits import visit, watch_silence

MOST_SESSIONS: Final = 8
"""Sessions of a user on a day."""
HOUR_SHARES: Final = hour_shares()
UTC_OFFSETS: Final = np.array(words.UTC_OFFSET_HOURS)


@compiled
def live(
    traits: NDArray[Any], lives: NDArray[Any], calendar: NDArray[Any], scenario: NDArray[Any],
    first_day: int, last_day: int, first_user: int, events: NDArray[Any],
) -> tuple[int, int]:  # fmt: skip
    """Users from `first_user` on live the days from `first_day` to before `last_day`, while the buffer has room.

    Returns:
        The first user who did not, and the number of events written.
    """
    n = int(np.int64(0))  # a literal would be a type of its own, and everything compiled twice
    for number in range(first_user, len(lives)):
        if len(events) - n < ROOM * (last_day - first_day):
            return number, n
        for day in range(first_day, last_day):
            n = live_day(number, traits[number], lives[number], day, calendar[day], scenario[0], events, n)
    return len(lives), n


@compiled
def live_day(
    number: int,
    user: Record,
    life: Record,
    day: int,
    today: Record,
    scenario: Record,
    events: NDArray[Any],
    n: int,
) -> int:
    """One day of one user."""
    if life.stage == UNBORN:
        if day < user.signup_day:
            return n
        n = sign_up(number, life, day, today.start_ms + user.signup_ms, events, n)
        return spend_day(number, user, life, day, today, scenario, 1, events, n) if uniform(life) < 0.9 else n
    if life.last_life == 0:
        life.last_life = today.start_ms  # nothing is known from before the span
    watch_silence(life, today.start_ms, scenario)
    weaken_experiences(life)
    if life.stage == GONE:
        return live_away(number, user, life, day, today, scenario, events, n)
    if life.stage == FADING and day - life.fade_from >= life.fade_days:
        return leave(number, user, life, today, scenario, events, n)
    if day == scenario.offer_at and today.start_ms - life.last_life < 30 * DAY_MS:
        n = make_offer(number, user, life, today, events, n)
    n = keep_account(number, user, life, day, today, events, n)
    if life.refund_day >= 0 and life.refund_day <= day:
        n = refund(number, life, today, events, n)
    if life.stage == ACTIVE:
        decide(user, life, day, today, scenario)
    if day < life.pause_until:
        return n
    return spend_day(number, user, life, day, today, scenario, 0, events, n)


@compiled
def decide(user: Record, life: Record, day: int, today: Record, scenario: Record) -> None:
    """Stay, take a break, or begin to leave."""
    hazard, cause = daily_hazard(user, life, day, today, scenario)
    if uniform(life) < hazard:
        life.stage = FADING
        life.cause = cause
        life.decided_ms = today.start_ms
        life.fade_from = day
        abrupt = uniform(life) < scenario.abrupt_share
        life.fade_days = 1 if abrupt else 3 + min(90, int(scenario.fade_days * exponential(life)))
    elif day >= life.pause_until and uniform(life) < scenario.pause:
        life.pause_until = day + 7 + min(60, int(scenario.pause_days * exponential(life)))


@compiled
def spend_day(
    number: int, user: Record, life: Record, day: int, today: Record, scenario: Record, least: int,
    events: NDArray[Any], n: int,
) -> int:  # fmt: skip
    """Today's sessions, at least `least`."""
    mean = scenario.activity * user.rate / 7.0 * today.activity * (user.weekend if today.weekend else 1.0)
    if day >= scenario.change_at and user.platform >= words.IOS:
        mean *= scenario.change_mobile_activity
    if life.stage == FADING:
        mean *= max(0.0, 1.0 - (day - life.fade_from) / life.fade_days)
    sessions = max(least, min(MOST_SESSIONS, poisson(life, mean)))
    times = np.zeros(MOST_SESSIONS, np.int64)
    for k in range(sessions):
        time = session_time(user, life, today)
        slot = k
        while slot > 0 and times[slot - 1] > time:
            times[slot] = times[slot - 1]
            slot -= 1
        times[slot] = time
    for k in range(sessions):
        n = visit(number, user, life, day, today, scenario, max(times[k], life.free_from), events, n)
    return n


@compiled
def session_time(user: Record, life: Record, today: Record) -> int:
    """A moment of today (ms) after the user's rhythm in local time; weekends are for everybody alike."""
    hour = choose(life, HOUR_SHARES[ANY if today.weekend else user.daytime])
    hour = (hour - UTC_OFFSETS[user.geography]) % 24
    return int(today.start_ms + 3_600_000 * hour + int(3_600_000 * uniform(life)))


@compiled
def leave(
    number: int, user: Record, life: Record, today: Record, scenario: Record, events: NDArray[Any], n: int
) -> int:
    """The end of fading: silence, or a last visit with an explicit cancellation."""
    share = scenario.cancel_paid if life.plan >= words.PRO else scenario.cancel_unpaid
    life.stage = GONE
    if uniform(life) < share:
        n = cancel(number, user, life, today, scenario, events, n)
    life.left_ms = life.last_life
    life.leaves += 1
    if life.first_left_ms == 0:
        life.first_left_ms = life.left_ms
        life.first_cause = life.cause
    return n


@compiled
def cancel(
    number: int, user: Record, life: Record, today: Record, scenario: Record, events: NDArray[Any], n: int
) -> int:
    """A visit that ends the account."""
    time = max(session_time(user, life, today), life.free_from)
    watch_silence(life, time, scenario)
    life.sessions += 1
    n = emit_in_session(events, n, number, life, time, words.SESSION_START, user.platform)
    events[n - 1].session_type = words.USAGE
    n = emit_in_session(events, n, number, life, time + 9_000, words.PAGE_VIEW, user.platform)
    events[n - 1].subject = words.FIRST_TOPIC + words.ACCOUNT_TOPIC
    n = emit_in_session(events, n, number, life, time + 21_000, words.CANCELLATION_STARTED, user.platform)
    n = emit_in_session(events, n, number, life, time + 48_000, words.CANCELLATION, user.platform)
    life.cancelled_ms = time + 48_000
    if life.first_cancelled_ms == 0:
        life.first_cancelled_ms = life.cancelled_ms
    life.billing_day = -1
    life.trial_end = -1
    life.refund_day = -1
    return n


@compiled
def live_away(
    number: int,
    user: Record,
    life: Record,
    day: int,
    today: Record,
    scenario: Record,
    events: NDArray[Any],
    n: int,
) -> int:
    """A day of a user who has left: the account runs on unless cancelled, and perhaps the user returns."""
    cancelled = life.cancelled_ms > 0
    if not cancelled:
        n = keep_account(number, user, life, day, today, events, n)
        if life.refund_day >= 0 and life.refund_day <= day:
            n = refund(number, life, today, events, n)
    if uniform(life) >= (scenario.return_cancelled if cancelled else scenario.return_quiet):
        return n
    life.returns += 1
    life.cancelled_ms = 0
    life.left_ms = 0
    if cancelled:
        n = sign_up(number, life, day, max(session_time(user, life, today), life.free_from), events, n)
    life.stage = ACTIVE
    if life.first_returned_ms == 0:
        life.first_returned_ms = today.start_ms
    return spend_day(number, user, life, day, today, scenario, 1, events, n)


@compiled
def make_offer(number: int, user: Record, life: Record, today: Record, events: NDArray[Any], n: int) -> int:
    """The offer's day: everybody who is there is assigned, and one half is made the offer, from 05:00 UTC."""
    life.offer_ms = today.start_ms + 18_000_000 + number % 3_600 * 1_000
    n = emit(events, n, number, life, life.offer_ms, words.EXPERIMENT_ASSIGNMENT)
    events[n - 1].note = words.OFFER_ASSIGNED if user.offered else words.HOLDOUT_ASSIGNED
    if user.offered:
        n = emit(events, n, number, life, life.offer_ms + 2_000, words.PROMOTION)
        events[n - 1].note = words.OFFER_MADE
    return n
