"""The record of a user, read off the whole history."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import xxhash

from domain.events import Event
from domain.oracle.examples import answers_of, in_holdout, treated_ms
from domain.oracle.history import (
    SILENT,
    Buckets,
    Happening,
    History,
    Line,
    cents,
    hash_of,
    moment,
    pages_of,
)
from domain.packing import pack
from domain.settings import FactSettings
from domain.state import FAVOURITES, IDS, PENDING, STATE, empty

_DAY_COLUMNS: Final = ("events", "sessions", "pages", "seconds")
_WEEK_COLUMNS: Final = (
    "events",
    "sessions",
    "pages",
    "active_days",
    "seconds",
    "orders",
    "spent",
    "refunded",
)


def packed(history: History, settings: FactSettings) -> bytes:
    """The stored form of the user's record."""
    states = empty(1)
    record = states[0]
    numbers = (
        _moments(history)
        | _counters(history)
        | _sums(history)
        | _sessions(history)
        | _purchases(history)
        | _pending(history)
    )
    for name, number in numbers.items():
        record[name] = _fitting(number, STATE[name])
    for name in ("feature", "category"):
        codes = [code_of(getattr(a.event, name)) for a in history.activities if getattr(a.event, name)]
        record[f"{name}_bits"] = _bitmap(codes, 128)
        for place, (code, count) in enumerate(favourites(codes)):
            record[f"{name}_top"][place] = code
            record[f"{name}_count"][place] = count
    record["product_bits"] = _bitmap(_products(history.lines), 512)
    for name, buckets, columns in (
        ("days", history.days, _DAY_COLUMNS),
        ("weeks", history.weeks, _WEEK_COLUMNS),
    ):
        _fill(record[name], buckets, columns)
    for at in history.pending:
        record["answers"][history.number_of(at) % PENDING] = answers_of(history, at, settings)
    for place, known in list(enumerate(history.ids))[history.forgotten :][-IDS:]:
        record["ids"][place % IDS] = known
    return pack(states, np.zeros(1, np.int64))[0]


def _fitting(number: int, kind: np.dtype[Any]) -> int:
    return min(number, int(np.iinfo(kind).max))


def code_of(name: str | None) -> int:
    """32-bit code of a name, never 0 unless it is absent (XXH32, Collet, xxHash specification)."""
    return (xxhash.xxh32_intdigest(name.encode()) or 1) if name else 0


def _last(times: Iterable[int]) -> int:
    return max(times, default=0)


def loud(history: History) -> list[Happening]:
    """What happened, but for the types that enter no feature."""
    return [h for h in history.happened if h.event.type not in SILENT]


def times_of(history: History, kind: str) -> list[int]:
    """When events of the type happened that were not late."""
    return [h.time for h in history.happened if h.event.type == kind and not h.late]


def _plan_change(history: History) -> int:
    pairs = zip(history.plans, history.plans[1:], strict=False)
    return _last(time for (_, before), (time, now) in pairs if before != now)


def _moments(history: History) -> dict[str, int]:
    on_time = [h.event for h in loud(history) if not h.late]
    plan = history.plans[-1][1] if history.plans else None
    return {
        "gone": int(history.gone),
        "paid": history.paid_by(plan) if plan else 0,
        "platform": code_of(latest(on_time, "platform")),
        "plan": code_of(plan),
        "channel": code_of(latest(on_time[::-1], "channel")),  # the first one
        "geography": code_of(latest(on_time, "geography")),
        "first_ms": history.first_ms,
        "last_ms": history.last_ms,
        "signup_ms": min(history.signups, default=0),
        "last_signup_ms": _last(history.signups),
        "cancelled_ms": _last(history.cancellations),
        "gone_ms": history.departures[-1] if history.departures else 0,
        "last_active_ms": history.last_active_ms,
        "last_ticket_ms": _last(times_of(history, "support_ticket")),
        "last_failed_ms": _last(times_of(history, "payment_failed")),
        "trial_ms": _last(times_of(history, "trial_start")),
        "plan_change_ms": _plan_change(history),
        "timer_ms": history.timer,
    }


def latest(events: list[Event], name: str) -> str | None:
    """The text of a field that was given last; None if it never was."""
    given: list[str] = [getattr(e, name) for e in events if getattr(e, name)]
    return given[-1] if given else None


def _counters(history: History) -> dict[str, int]:
    types = [h.event.type for h in history.happened]
    return {
        "events": len(history.activities),
        "late": sum(h.late for h in history.happened),
        "pages": sum(pages_of(a.event) for a in history.activities),
        "active_days": len(history.active_days),
        "active_weeks": len(history.active_weeks),
        "active_months": len(history.active_months),
        "returns": history.returns,
        "conversions": sum(h.event.conversion is True for h in loud(history)),
        "refunds": types.count("refund"),
        "positive": types.count("positive_feedback"),
        "negative": types.count("negative_feedback"),
        "social": types.count("social_action"),
        "collection": types.count("collection_action"),
        "tickets": types.count("support_ticket"),
        "trials": types.count("trial_start"),
        "renewals": types.count("renewal"),
        "failed_payments": types.count("payment_failed"),
        "upgrades": history.direction["upgrade"],
        "downgrades": history.direction["downgrade"],
        "day": history.days.newest,
        "week": history.weeks.newest,
        "id_count": len(history.ids),
    }


def _sums(history: History) -> dict[str, int]:
    refunds = [h.event for h in history.happened if h.event.type == "refund"]
    return {
        "seconds": sum(history.seconds),
        "refunded": sum(cents(e.amount) for e in refunds),
        "spent": sum(cents(line.happening.event.amount) for line in history.lines),
        "discounted": sum(cents(line.happening.event.discount) for line in history.lines),
    }


def _sessions(history: History) -> dict[str, int]:
    sessions = history.sessions
    before, current = history.session_names[-2:]
    gaps = [s.silence for s in sessions if s.silence is not None]
    kinds = [s.kind for s in sessions if s.kind]
    named = {f"{kind}_sessions": kinds.count(kind) for kind in ("tutorial", "usage", "support")}
    return named | {
        "session_over": int(history.session_over),
        "session": current,
        "session_before": before,
        "first_session_ms": sessions[0].start if sessions else 0,
        "session_start_ms": sessions[-1].start if sessions else 0,
        "session_end_s": history.session_end_s,
        "sessions": len(sessions),
        "first_week_sessions": sum(s.in_first_week for s in sessions),
        "weekend_sessions": sum(moment(s.start).isoweekday() >= 6 for s in sessions),
        "evening_sessions": sum(moment(s.start).hour >= 18 for s in sessions),
        "other_sessions": len(kinds) - sum(named.values()),
        "gap_count": len(gaps),
        "last_gap_s": gaps[-1] if gaps else 0,
        "longest_gap_s": max(gaps, default=0),
        "gap_sum_s": sum(gaps),
        "gap_square_s2": sum(g * g for g in gaps),
    }


def _purchases(history: History) -> dict[str, int]:
    lines = history.lines
    on_time = [line.happening for line in lines if not line.happening.late]
    gaps = [line.silence for line in lines if line.silence is not None]
    bits = [code % 512 for code in _products(lines)]
    return {
        "order": hash_of(on_time[-1].event.order_id) if on_time else 0,
        "last_purchase_ms": on_time[-1].time if on_time else 0,
        "orders": sum(line.opens_order for line in lines),
        "lines": len(lines),
        "items": sum(quantity_of(line.happening.event) for line in lines),
        "repeated_lines": len(bits) - len(set(bits)),
        "discounted_lines": sum(cents(line.happening.event.discount) > 0 for line in lines),
        "purchase_gap_count": len(gaps),
        "last_purchase_gap_s": gaps[-1] if gaps else 0,
        "purchase_gap_sum_s": sum(gaps),
        "purchase_gap_square_s2": sum(g * g for g in gaps),
    }


def _pending(history: History) -> dict[str, int]:
    numbers = [history.number_of(at) for at in history.pending]
    return {
        "holdout": int(in_holdout(history)),
        "treated_ms": treated_ms(history),
        "instant": history.number_of(history.snapshots[-1]) if history.snapshots else 0,
        "pending": sum(1 << number % PENDING for number in numbers),
    }


def quantity_of(event: Event) -> int:
    """Items of a purchase line."""
    return 1 if event.quantity is None else event.quantity


def _products(lines: list[Line]) -> list[int]:
    return [code_of(line.happening.event.product) for line in lines if line.happening.event.product]


def _bitmap(codes: list[int], size: int) -> list[int]:
    """Words of 64 bits, in which bit ``code % size`` is set."""
    whole = sum(1 << bit for bit in {code % size for code in codes})
    return [whole >> at & (1 << 64) - 1 for at in range(0, size, 64)]


def favourites(codes: list[int]) -> list[tuple[int, int]]:
    """Space-Saving summary (Metwally, Agrawal, El Abbadi 2005): codes and counts by place."""
    places: list[tuple[int, int]] = []
    for code in codes:
        held = [c for c, _ in places]
        if code in held:
            at = held.index(code)
            places[at] = (code, places[at][1] + 1)
        elif len(places) < FAVOURITES:
            places.append((code, 1))
        else:
            least = min(count for _, count in places)
            at = [count for _, count in places].index(least)
            places[at] = (code, least + 1)
    return places


def _fill(
    ring: np.ndarray[tuple[int, int], np.dtype[np.unsignedinteger]],
    buckets: Buckets,
    columns: tuple[str, ...],
) -> None:
    most = int(np.iinfo(ring.dtype).max)
    for index, counts in buckets.counts.items():
        if buckets.has(index):
            ring[index % buckets.kept] = [min(counts[name], most) for name in columns]
