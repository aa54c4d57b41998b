"""What an event does to a user's state: the compiled fold.

`docs/user-state.md` is the specification; `domain.oracle` computes the same slowly. Plain loops that Numba
compiles; with ``NUMBA_DISABLE_JIT=1`` they run as Python, for debugging and coverage.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from domain.buckets import slots_of
from domain.calendar import DAY_MS, month_of
from domain.columns import ACTIVITIES, KINDS, MARK, REJECTED
from domain.compiled import compiled
from domain.pending import CANCELLATION, RETURN, TREATMENT, answer
from domain.sessions import belongs, lengthen, open_session
from domain.settings import FactSettings
from domain.state import IDS, PENDING
from domain.timers import at_risk, fire, next_timer
from domain.trade import purchase, refund
from domain.usage import count_activity

APPLIED: Final = 1
DUPLICATE: Final = 2
LATE: Final = 3
TOO_LATE: Final = 4

_SESSION_END: Final = KINDS["session_end"]
_PURCHASE: Final = KINDS["purchase"]
_REFUND: Final = KINDS["refund"]
_SIGNUP: Final = KINDS["signup"]
_TRIAL: Final = KINDS["trial_start"]
_RENEWAL: Final = KINDS["renewal"]
_FAILED: Final = KINDS["payment_failed"]
_CHANGE: Final = KINDS["subscription_change"]
_TICKET: Final = KINDS["support_ticket"]
_CANCELLATION: Final = KINDS["cancellation"]
_ASSIGNMENT: Final = KINDS["experiment_assignment"]
_PROMOTION: Final = KINDS["promotion"]

_IS_SILENT: Final = np.zeros(256, np.bool_)
"""Kinds that touch nothing, so that no feature announces the loss or the treatment."""
_IS_SILENT[[KINDS["cancellation_started"], KINDS["experiment_assignment"], KINDS["promotion"]]] = True

IS_ACTIVITY: Final = np.zeros(256, np.bool_)
"""Kinds that open or continue a session."""
IS_ACTIVITY[sorted(ACTIVITIES)] = True

# places in the array of settings that the compiled functions take
_INACTIVITY: Final = 0
_GAP: Final = 1
_LATENESS: Final = 2
_HORIZON: Final = 3


def settings_array(settings: FactSettings) -> npt.NDArray[np.int64]:
    """What the fold needs of the settings, in milliseconds, shape (4,)."""
    return np.array(
        [
            settings.inactivity_ms,
            settings.session_gap_ms,
            settings.allowed_lateness_ms,
            settings.horizon_ms,
        ],
        dtype=np.int64,
    )


@compiled
def _attributes(u, e):  # type: ignore[no-untyped-def]
    """What an applied event says of the user; returns whether the plan was paid before it (0: unknown)."""
    paid = u.paid
    if e.plan != 0:
        if e.plan != u.plan:
            if u.plan != 0:
                u.plan_change_ms = e.time
            u.plan = e.plan
        u.paid = e.paid
    if e.platform != 0:
        u.platform = e.platform
    if e.geography != 0:
        u.geography = e.geography
    if e.channel != 0 and u.channel == 0:
        u.channel = e.channel
    return paid


@compiled
def _status(u, e, late, paid_before):  # type: ignore[no-untyped-def]
    """Types that are no activity: what they add, and (applied only) when it was."""
    kind = e.kind
    if kind == _SIGNUP:
        if u.signup_ms == 0 or (late and e.time < u.signup_ms):
            u.signup_ms = e.time
        u.last_signup_ms = max(u.last_signup_ms, e.time)
    elif kind == _TRIAL:
        u.trials += 1
        if not late:
            u.trial_ms = e.time
    elif kind == _RENEWAL:
        u.renewals += 1
    elif kind == _FAILED:
        u.failed_payments += 1
        if not late:
            u.last_failed_ms = e.time
    elif kind == _TICKET:
        u.tickets += 1
        if not late:
            u.last_ticket_ms = e.time
    elif kind == _CHANGE and not late:
        if e.change == 1 or (e.change == 0 and e.plan != 0 and paid_before == 1 and u.paid == 2):
            u.upgrades += 1
        elif e.change == 2 or (e.change == 0 and e.plan != 0 and paid_before == 2 and u.paid == 1):
            u.downgrades += 1


@compiled
def _silent(u, e, user_hash, horizon, late):  # type: ignore[no-untyped-def]
    """Types that enter no feature; they answer pending snapshots, or say how the user was treated."""
    if e.kind == _PROMOTION:
        u.treated_ms = max(u.treated_ms, e.time)
        answer(u, user_hash, e.time, TREATMENT, 0, horizon)
    elif e.kind == _ASSIGNMENT and not late and e.change != 0:
        u.holdout = 1 if e.change == 1 else 0


@compiled
def _activity(u, e, user_hash, settings, totals):  # type: ignore[no-untyped-def]
    t = e.time
    day_slot, week_slot = slots_of(u, t)
    before = u.last_active_ms
    if not belongs(u, e, settings[_GAP]):
        open_session(u, e, day_slot, week_slot, totals)
        answer(u, user_hash, t, RETURN, 0, settings[_HORIZON])
    else:
        if e.session != 0 and e.session != u.session:
            u.session_before = u.session
            u.session = e.session
        u.session_over = 0
    if u.last_active_ms == 0 or month_of(t // DAY_MS) != month_of(before // DAY_MS):
        u.active_months += 1
    u.last_active_ms = t
    lengthen(u, e, day_slot, week_slot)
    count_activity(u, e, day_slot, week_slot)
    if e.kind == _PURCHASE:
        purchase(u, e, week_slot, False)


@compiled
def _apply(u, e, user_hash, settings, is_activity, totals):  # type: ignore[no-untyped-def]
    t = e.time
    kind = e.kind
    u.last_ms = t
    if kind == _CANCELLATION:
        u.cancelled_ms = t
        u.timer_ms = 0
        answer(u, user_hash, t, CANCELLATION, 0, settings[_HORIZON])
        return
    if _IS_SILENT[kind]:
        _silent(u, e, user_hash, settings[_HORIZON], False)
        return
    if u.first_ms == 0:
        u.first_ms = t
    paid_before = _attributes(u, e)
    if e.conversion:
        u.conversions += 1
    if is_activity:
        _activity(u, e, user_hash, settings, totals)
    elif kind == _SESSION_END:
        own = e.session != 0 and e.session == u.session
        if u.sessions > 0 and u.session_over == 0 and (own or t - u.last_active_ms <= settings[_GAP]):
            day_slot, week_slot = slots_of(u, t)
            lengthen(u, e, day_slot, week_slot)
            u.session_over = 1
    elif kind == _REFUND:
        refund(u, e)
    else:
        _status(u, e, False, paid_before)


@compiled
def _apply_late(u, e, user_hash, settings, is_activity):  # type: ignore[no-untyped-def]
    kind = e.kind
    u.late += 1
    if kind == _CANCELLATION:
        u.cancelled_ms = max(u.cancelled_ms, e.time)
        answer(u, user_hash, e.time, CANCELLATION, 0, settings[_HORIZON])
        return
    if _IS_SILENT[kind]:
        _silent(u, e, user_hash, settings[_HORIZON], True)
        return
    if e.conversion:
        u.conversions += 1
    if is_activity:
        # nearer to the snapshot it may belong to a session that was under way there
        answer(u, user_hash, e.time, RETURN, settings[_GAP], settings[_HORIZON])
        day_slot, week_slot = slots_of(u, e.time)
        count_activity(u, e, day_slot, week_slot)
        if kind == _PURCHASE:
            purchase(u, e, week_slot, True)
    elif kind == _REFUND:
        refund(u, e)
    else:
        _status(u, e, True, u.paid)


@compiled
def _fold_one(u, e, user_hash, clock, settings, activities, totals, taken, taken_slots, counts):  # type: ignore[no-untyped-def]
    """One event into its user's state; returns its outcome."""
    known = min(u.id_count, np.uint64(IDS))
    for i in range(np.int64(known)):
        if u.ids[i] == e.id:
            return DUPLICATE
    if clock > 0 and e.time < clock - settings[_LATENESS]:
        return TOO_LATE
    inactivity = settings[_INACTIVITY]
    late_until = clock - settings[_LATENESS]
    fire(u, e.slot, user_hash, e.time, inactivity, late_until, taken, taken_slots, counts)
    late = e.time < u.last_ms
    if late:
        _apply_late(u, e, user_hash, settings, activities[e.kind])
    else:
        _apply(u, e, user_hash, settings, activities[e.kind], totals)
    u.ids[np.int64(u.id_count % np.uint64(IDS))] = e.id
    u.id_count += np.uint64(1)
    if at_risk(u):
        if u.timer_ms == 0:
            now = max(u.last_ms, clock)
            u.timer_ms = max(next_timer(u, user_hash, now, inactivity), now + 1)
    else:
        u.timer_ms = 0
    return LATE if late else APPLIED


@compiled
def fold_rows(  # type: ignore[no-untyped-def]
    states, rows, first, user_hashes, clock, settings, activities, outcomes, touched, free, totals, taken,
    taken_slots, counts,
):  # fmt: skip
    """Fold rows from `first` on, up to a mark, an erasure, the end, or a row with one user or one snapshot too many.

    Args:
        states: of the batch's users, shape (users,), changed in place.
        rows: shape (records,).
        user_hashes: shape (users,).
        clock: the partition's, ms.
        outcomes: shape (records,), written for the rows folded; rejected rows are left alone.
        touched: shape (users,), bool, set for users whose state changed.
        free: so many users may still be touched.
        totals: shape (2,): gaps seen and their seconds, added to.
        taken, taken_slots, counts: `domain.pending.Buffers`.

    Returns:
        The first row that was not folded, and how many users may still be touched.
    """
    i = first
    while i < rows.shape[0]:
        e = rows[i]
        if e.kind >= MARK:
            break
        if e.kind != REJECTED:
            slot = e.slot
            if (free == 0 and not touched[slot]) or counts[0] + PENDING > taken.shape[0]:
                break
            outcome = _fold_one(
                states[slot],
                e,
                user_hashes[slot],
                clock,
                settings,
                activities,
                totals,
                taken,
                taken_slots,
                counts,
            )
            outcomes[i] = outcome
            # duplicates and the too late leave the state alone, and must not make anybody a user
            if outcome in (APPLIED, LATE) and not touched[slot]:
                touched[slot] = True
                free -= 1
        i += 1
    return i, free
