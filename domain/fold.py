"""What an event and a timer do to a user's state: the compiled fold.

`docs/user-state.md` is the specification; `domain.oracle` computes the same slowly. Plain loops that Numba
compiles; with ``NUMBA_DISABLE_JIT=1`` they run as Python, for debugging and coverage.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from domain.columns import ACTIVITIES, KINDS, MARK, REJECTED
from domain.settings import FactSettings
from domain.state import DAYS, FAVOURITES, IDS, WEEKS, States

APPLIED: Final = 1
DUPLICATE: Final = 2
LATE: Final = 3
TOO_LATE: Final = 4

DAY_MS: Final = 86_400_000
WEEK_MS: Final = 7 * DAY_MS
_U16: Final = 65_535
_U32: Final = 4_294_967_295

_SESSION_START: Final = KINDS["session_start"]
_SESSION_END: Final = KINDS["session_end"]
_PAGE_VIEW: Final = KINDS["page_view"]
_PURCHASE: Final = KINDS["purchase"]
_POSITIVE: Final = KINDS["positive_feedback"]
_NEGATIVE: Final = KINDS["negative_feedback"]
_SOCIAL: Final = KINDS["social_action"]
_COLLECTION: Final = KINDS["collection_action"]
_REFUND: Final = KINDS["refund"]
_SIGNUP: Final = KINDS["signup"]
_TRIAL: Final = KINDS["trial_start"]
_RENEWAL: Final = KINDS["renewal"]
_FAILED: Final = KINDS["payment_failed"]
_CHANGE: Final = KINDS["subscription_change"]
_TICKET: Final = KINDS["support_ticket"]
_CANCELLING: Final = KINDS["cancellation_started"]
_CANCELLATION: Final = KINDS["cancellation"]
_ASSIGNMENT: Final = KINDS["experiment_assignment"]
_PROMOTION: Final = KINDS["promotion"]

IS_ACTIVITY: Final = np.zeros(256, np.bool_)
IS_ACTIVITY[sorted(ACTIVITIES)] = True

# lanes of the buckets
EVENTS: Final = 0
SESSIONS: Final = 1
PAGES: Final = 2
DAY_SECONDS: Final = 3
ACTIVE_DAYS: Final = 3
SECONDS: Final = 4
ORDERS: Final = 5
SPENT: Final = 6
REFUNDED: Final = 7

# places in the array of settings that the compiled functions take
_INACTIVITY: Final = 0
_GAP: Final = 1
_LATENESS: Final = 2


def settings_array(settings: FactSettings) -> npt.NDArray[np.int64]:
    """What the fold needs of the settings, in milliseconds, shape (3,)."""
    return np.array(
        [settings.inactivity_ms, settings.session_gap_ms, settings.allowed_lateness_ms], dtype=np.int64
    )


@njit(cache=True)  # type: ignore[untyped-decorator]
def month_of(day):  # type: ignore[no-untyped-def]
    """Civil months since year 0 of a day since 1970 (Hinnant, "chrono-compatible low-level date algorithms")."""
    z = day + 719_468
    era = z // 146_097
    doe = z - era * 146_097
    yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (1 if month <= 2 else 0)
    return year * 12 + month - 1


@njit(cache=True)  # type: ignore[untyped-decorator]
def at_risk(u):  # type: ignore[no-untyped-def]
    """A session, not gone since, and not cancelled since the last signup."""
    return u.sessions > 0 and u.gone == 0 and not (u.cancelled_ms > 0 and u.cancelled_ms >= u.last_signup_ms)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _next_timer(u, user_hash, after, inactivity):  # type: ignore[no-untyped-def]
    """The first weekly instant after `after`, or the passage if that comes first."""
    offset = np.int64(user_hash % np.uint64(WEEK_MS))
    instant = (after - offset) // WEEK_MS * WEEK_MS + offset + WEEK_MS
    return min(instant, u.last_active_ms + inactivity)


@njit(cache=True)  # type: ignore[untyped-decorator]
def fire(u, user_hash, until, inactivity):  # type: ignore[no-untyped-def]
    """Fire the user's timer, as of its own time, until it is later than `until`."""
    while 0 < u.timer_ms <= until:
        passage = u.last_active_ms + inactivity
        if passage <= u.timer_ms:
            u.gone = 1
            u.gone_ms = passage
            u.timer_ms = 0
            u.day = 0
            u.days[:, :] = 0
            u.ids[:] = 0
        else:
            u.timer_ms = _next_timer(u, user_hash, u.timer_ms, inactivity)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _more16(ring, slot, lane, by):  # type: ignore[no-untyped-def]
    ring[slot, lane] = min(np.int64(ring[slot, lane]) + by, _U16)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _more32(ring, slot, lane, by):  # type: ignore[no-untyped-def]
    ring[slot, lane] = min(np.int64(ring[slot, lane]) + by, _U32)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _turn(ring, newest, index, length):  # type: ignore[no-untyped-def]
    """Clear the slots of a ring between its newest index and a later one; returns the newest."""
    if index <= newest:
        return newest
    for i in range(max(newest + 1, index - length + 1), index + 1):
        ring[i % length, :] = 0
    return index


@njit(cache=True)  # type: ignore[untyped-decorator]
def _favour(tops, counts, code):  # type: ignore[no-untyped-def]
    """Space-Saving (Metwally, Agrawal, El Abbadi 2005) with `FAVOURITES` counters."""
    least = 0
    for i in range(FAVOURITES):
        if counts[i] > 0 and tops[i] == code:
            counts[i] = min(np.int64(counts[i]) + 1, _U32)
            return
        if counts[i] < counts[least]:
            least = i
    tops[least] = code
    counts[least] = min(np.int64(counts[least]) + 1, _U32)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _belongs(u, e, gap):  # type: ignore[no-untyped-def]
    """Whether an activity continues the current session."""
    if u.sessions == 0 or u.gone == 1:
        return False
    if e.kind == _SESSION_START:
        return e.session != 0 and e.session == u.session
    near = e.time - u.last_active_ms <= gap
    if e.session != 0 and u.session != 0:
        return e.session == u.session or (e.session == u.session_before and near)
    return u.session_over == 0 and near


@njit(cache=True)  # type: ignore[untyped-decorator]
def _open_session(u, e, day_slot, week_slot, totals):  # type: ignore[no-untyped-def]
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
    if t % DAY_MS >= 18 * 3_600_000:
        u.evening_sessions += 1
    if e.session_type == 1:
        u.tutorial_sessions += 1
    elif e.session_type == 2:
        u.usage_sessions += 1
    elif e.session_type == 3:
        u.support_sessions += 1
    elif e.session_type == 4:
        u.other_sessions += 1
    _more16(u.days, day_slot, SESSIONS, 1)
    _more32(u.weeks, week_slot, SESSIONS, 1)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _lengthen(u, e, day_slot, week_slot):  # type: ignore[no-untyped-def]
    """The session reaches to the event's end; its seconds count on the event's day."""
    end = (e.time + e.duration_ms) // 1000
    more = end - u.session_end_s
    if more > 0:
        u.seconds += more
        u.session_end_s = end
        if day_slot >= 0:
            _more16(u.days, day_slot, DAY_SECONDS, more)
        if week_slot >= 0:
            _more32(u.weeks, week_slot, SECONDS, more)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _count(u, e, day_slot, week_slot):  # type: ignore[no-untyped-def]
    """What applied and late activities add alike."""
    if day_slot >= 0:
        if u.days[day_slot, EVENTS] == 0:
            u.active_days += 1
            if week_slot >= 0:
                _more32(u.weeks, week_slot, ACTIVE_DAYS, 1)
        _more16(u.days, day_slot, EVENTS, 1)
    if week_slot >= 0:
        if u.weeks[week_slot, EVENTS] == 0:
            u.active_weeks += 1
        _more32(u.weeks, week_slot, EVENTS, 1)
    u.events += 1
    pages = np.int64(e.pages)
    if pages < 0:
        pages = 1 if e.kind == _PAGE_VIEW else 0
    if pages > 0:
        u.pages = min(np.int64(u.pages) + pages, _U32)
        if day_slot >= 0:
            _more16(u.days, day_slot, PAGES, pages)
        if week_slot >= 0:
            _more32(u.weeks, week_slot, PAGES, pages)
    if e.feature != 0:
        bit = e.feature % 128
        u.feature_bits[bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
        _favour(u.feature_top, u.feature_count, e.feature)
    if e.category != 0:
        bit = e.category % 128
        u.category_bits[bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
        _favour(u.category_top, u.category_count, e.category)
    if e.kind == _POSITIVE:
        u.positive += 1
    elif e.kind == _NEGATIVE:
        u.negative += 1
    elif e.kind == _SOCIAL:
        u.social += 1
    elif e.kind == _COLLECTION:
        u.collection += 1


@njit(cache=True)  # type: ignore[untyped-decorator]
def _purchase(u, e, week_slot, late):  # type: ignore[no-untyped-def]
    if e.order == 0 or e.order != u.order:
        if not late and u.last_purchase_ms > 0:
            g = e.time // 1000 - u.last_purchase_ms // 1000
            u.purchase_gap_count += 1
            u.last_purchase_gap_s = g
            u.purchase_gap_sum_s += g
            u.purchase_gap_square_s2 += g * g
        u.orders += 1
        if week_slot >= 0:
            _more32(u.weeks, week_slot, ORDERS, 1)
        if not late:
            u.order = e.order
    u.lines += 1
    u.items = min(np.int64(u.items) + e.quantity, _U32)
    u.spent += e.amount
    if week_slot >= 0:
        _more32(u.weeks, week_slot, SPENT, e.amount)
    u.discounted += e.discount
    if e.discount > 0:
        u.discounted_lines += 1
    if e.product != 0:
        bit = e.product % 512
        mask = np.uint64(1) << np.uint64(bit % 64)
        if u.product_bits[bit // 64] & mask:
            u.repeated_lines += 1
        u.product_bits[bit // 64] |= mask
    if not late:
        u.last_purchase_ms = e.time


@njit(cache=True)  # type: ignore[untyped-decorator]
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


@njit(cache=True)  # type: ignore[untyped-decorator]
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


@njit(cache=True)  # type: ignore[untyped-decorator]
def _slots(u, t):  # type: ignore[no-untyped-def]
    """Turn the rings to the event's day and week; returns its slots, -1 where it is too old for one."""
    day = np.int64(t // DAY_MS)
    week = (day + 3) // 7
    u.day = _turn(u.days, np.int64(u.day), day, DAYS)
    u.week = _turn(u.weeks, np.int64(u.week), week, WEEKS)
    day_slot = day % DAYS if day > u.day - DAYS else np.int64(-1)
    week_slot = week % WEEKS if week > u.week - WEEKS else np.int64(-1)
    return day_slot, week_slot


@njit(cache=True)  # type: ignore[untyped-decorator]
def _refund(u, e):  # type: ignore[no-untyped-def]
    _, week_slot = _slots(u, e.time)
    u.refunds += 1
    u.refunded += e.amount
    if week_slot >= 0:
        _more32(u.weeks, week_slot, REFUNDED, e.amount)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _apply(u, e, gap, is_activity, totals):  # type: ignore[no-untyped-def]
    t = e.time
    kind = e.kind
    u.last_ms = t
    if u.first_ms == 0:
        u.first_ms = t
    if kind == _CANCELLATION:
        u.cancelled_ms = t
        u.timer_ms = 0
        return
    if kind == _CANCELLING or kind == _ASSIGNMENT or kind == _PROMOTION:
        return
    paid_before = _attributes(u, e)
    if e.conversion:
        u.conversions += 1
    if is_activity:
        day_slot, week_slot = _slots(u, t)
        before = u.last_active_ms
        if not _belongs(u, e, gap):
            _open_session(u, e, day_slot, week_slot, totals)
        else:
            if e.session != 0 and e.session != u.session:
                u.session_before = u.session
                u.session = e.session
            u.session_over = 0
        if u.last_active_ms == 0 or month_of(t // DAY_MS) != month_of(before // DAY_MS):
            u.active_months += 1
        u.last_active_ms = t
        _lengthen(u, e, day_slot, week_slot)
        _count(u, e, day_slot, week_slot)
        if kind == _PURCHASE:
            _purchase(u, e, week_slot, False)
    elif kind == _SESSION_END:
        if u.sessions > 0 and u.session_over == 0:
            if t - u.last_active_ms <= gap or (e.session != 0 and e.session == u.session):
                day_slot, week_slot = _slots(u, t)
                _lengthen(u, e, day_slot, week_slot)
                u.session_over = 1
    elif kind == _REFUND:
        _refund(u, e)
    else:
        _status(u, e, False, paid_before)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _apply_late(u, e, is_activity):  # type: ignore[no-untyped-def]
    kind = e.kind
    u.late += 1
    if kind == _CANCELLATION:
        u.cancelled_ms = max(u.cancelled_ms, e.time)
        return
    if kind == _CANCELLING or kind == _ASSIGNMENT or kind == _PROMOTION:
        return
    if e.conversion:
        u.conversions += 1
    if is_activity:
        day_slot, week_slot = _slots(u, e.time)
        _count(u, e, day_slot, week_slot)
        if kind == _PURCHASE:
            _purchase(u, e, week_slot, True)
    elif kind == _REFUND:
        _refund(u, e)
    else:
        _status(u, e, True, u.paid)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _fold_one(u, e, user_hash, clock, settings, activities, totals):  # type: ignore[no-untyped-def]
    """One event into its user's state; returns its outcome."""
    known = min(u.id_count, np.uint64(IDS))
    for i in range(np.int64(known)):
        if u.ids[i] == e.id:
            return DUPLICATE
    if clock > 0 and e.time < clock - settings[_LATENESS]:
        return TOO_LATE
    inactivity = settings[_INACTIVITY]
    fire(u, user_hash, e.time, inactivity)
    late = e.time < u.last_ms
    if late:
        _apply_late(u, e, activities[e.kind])
    else:
        _apply(u, e, settings[_GAP], activities[e.kind], totals)
    u.ids[np.int64(u.id_count % np.uint64(IDS))] = e.id
    u.id_count += np.uint64(1)
    if at_risk(u):
        if u.timer_ms == 0:
            now = max(e.time, clock)
            u.timer_ms = max(_next_timer(u, user_hash, now, inactivity), now + 1)
    else:
        u.timer_ms = 0
    return LATE if late else APPLIED


@njit(cache=True)  # type: ignore[untyped-decorator]
def fold_rows(states, rows, first, user_hashes, clock, settings, activities, outcomes, touched, free, totals):  # type: ignore[no-untyped-def]
    """Fold rows from `first` on, up to a mark, the end, or the row that would touch one user too many.

    Args:
        states: of the batch's users, shape (users,), changed in place.
        rows: shape (records,).
        user_hashes: shape (users,).
        clock: the partition's, ms.
        outcomes: shape (records,), written for the rows folded; rejected rows are left alone.
        touched: shape (users,), bool, set for users whose state changed.
        free: so many users may still be touched.
        totals: shape (2,): gaps seen and their seconds, added to.

    Returns:
        The first row that was not folded, and how many users may still be touched.
    """
    i = first
    while i < rows.shape[0]:
        e = rows[i]
        if e.kind == MARK:
            break
        if e.kind != REJECTED:
            slot = e.slot
            if not touched[slot]:
                if free == 0:
                    break
                touched[slot] = True
                free -= 1
            outcomes[i] = _fold_one(states[slot], e, user_hashes[slot], clock, settings, activities, totals)
        i += 1
    return i, free


@njit(cache=True)  # type: ignore[untyped-decorator]
def fire_many(states, slots, user_hashes, until, settings, touched):  # type: ignore[no-untyped-def]
    """Fire the due timers of some users at a mark."""
    for slot in slots:
        fire(states[slot], user_hashes[slot], until, settings[_INACTIVITY])
        touched[slot] = True


@njit(cache=True)  # type: ignore[untyped-decorator]
def _at_risk_many(states, slots, out):  # type: ignore[no-untyped-def]
    for i in range(slots.shape[0]):
        out[i] = at_risk(states[slots[i]])


def at_risk_many(states: States, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether each of ``states[slots]`` is at risk, shape (len(slots),)."""
    out = np.empty(len(slots), np.bool_)
    _at_risk_many(states, slots, out)
    return out
