"""Sign-up, trial, renewals, failed payments, changes of plan: what happens to the account, session or not."""

from typing import Any, Final

from numpy.typing import NDArray

from producers.simulator import vocabulary as words
from producers.simulator.chance import below, uniform
from producers.simulator.compiled import Record, compiled
from producers.simulator.emission import emit
from producers.simulator.records import ACTIVE, GONE

TRIAL_DAYS: Final = 14
BILLING_DAYS: Final = 30
RETRY_DAYS: Final = 3
MOST_DECLINED: Final = 3
"""Declined charges in a row after which the subscription ends."""


@compiled
def sign_up(number: int, life: Record, day: int, time: int, events: NDArray[Any], n: int) -> int:
    """An account is opened, or opened again; a trial or a subscription may begin with it."""
    life.stage = ACTIVE
    life.joined_day = day
    share = uniform(life)
    life.plan = words.FREE if share < 0.5 else (words.TRIAL if share < 0.9 else words.PRO)
    n = emit(events, n, number, life, time, words.SIGNUP)
    events[n - 1].origin = 1
    if life.plan == words.TRIAL:
        life.trial_end = day + TRIAL_DAYS
        n = emit(events, n, number, life, time + 500, words.TRIAL_START)
    elif life.plan == words.PRO:
        n = change_plan(number, life, day, time + 500, words.PRO, words.UPGRADED, events, n)
    life.free_from = time + 5_000
    if life.last_life == 0:
        life.last_life = time
    return n


@compiled
def change_plan(
    number: int, life: Record, day: int, time: int, plan: int, note: int, events: NDArray[Any], n: int
) -> int:
    """The plan changes; a subscription begins or ends with it."""
    life.plan = plan
    life.declined = 0
    life.billing_day = day + BILLING_DAYS if plan >= words.PRO else -1
    if note == words.DOWNGRADED:
        life.downgrades += 1.0
    n = emit(events, n, number, life, time, words.SUBSCRIPTION_CHANGE)
    event = events[n - 1]
    event.note = note
    event.cents = words.PLAN_CENTS[plan]
    return n


@compiled
def keep_account(
    number: int, user: Record, life: Record, day: int, today: Record, events: NDArray[Any], n: int
) -> int:
    """Whatever is due today at night, between 02:00 and 03:00 UTC."""
    time = today.start_ms + 7_200_000 + 1_000 * below(life, 3_600)
    if life.trial_end == day:
        life.trial_end = -1
        if life.stage != GONE and uniform(life) < min(0.75, 0.06 * life.sessions):
            plan = words.TEAM if uniform(life) < 0.15 else words.PRO
            return change_plan(number, life, day, time, plan, words.UPGRADED, events, n)
        return change_plan(number, life, day, time, words.FREE, words.PLAIN, events, n)
    if life.billing_day == day:
        return charge(number, user, life, day, time, events, n)
    if life.stage != ACTIVE:
        return n
    change = uniform(life)
    if life.plan == words.FREE and change < 0.0006 * min(5.0, user.rate):
        return change_plan(number, life, day, time, words.PRO, words.UPGRADED, events, n)
    if life.plan == words.PRO and change < 0.0004:
        return change_plan(number, life, day, time, words.TEAM, words.UPGRADED, events, n)
    # annoyed users pay less before they go
    if life.plan >= words.PRO and change > 1.0 - 0.0008 * (1.0 + 3.0 * life.negatives + 2.0 * life.tickets):
        lower = words.PRO if life.plan == words.TEAM else words.FREE
        return change_plan(number, life, day, time, lower, words.DOWNGRADED, events, n)
    return n


@compiled
def charge(number: int, user: Record, life: Record, day: int, time: int, events: NDArray[Any], n: int) -> int:
    """A month is due: it is paid, declined, or the subscription ends."""
    if life.stage == GONE and uniform(life) < 0.6:  # sleeping payers notice sooner or later
        return change_plan(number, life, day, time, words.FREE, words.DOWNGRADED, events, n)
    if uniform(life) >= user.card_trouble:
        life.declined = 0
        life.billing_day = day + BILLING_DAYS
        n = emit(events, n, number, life, time, words.RENEWAL)
        events[n - 1].cents = words.PLAN_CENTS[life.plan]
        return n
    life.failed_payments += 1.0
    life.declined += 1
    life.billing_day = day + RETRY_DAYS
    n = emit(events, n, number, life, time, words.PAYMENT_FAILED)
    events[n - 1].cents = words.PLAN_CENTS[life.plan]
    if life.declined >= MOST_DECLINED:
        return change_plan(number, life, day, time + 500, words.FREE, words.DOWNGRADED, events, n)
    return n
