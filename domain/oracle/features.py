"""The features of a user once more, read off the whole history by what the catalogue says of each.

Shares nothing with `domain.features` but the names and the order of operations, without which two doubles would
differ in their last bit. What cannot be known is None.
"""

from collections.abc import Iterable
from math import log, sqrt
from typing import Final

from domain.catalogue import DAY_WINDOWS, NAMES, WEEK_WINDOWS
from domain.oracle.history import Buckets, History, cents, day_of, moment, pages_of, week_of
from domain.oracle.record import code_of, favourites, latest, loud, quantity_of, times_of

_DAY_MS: Final = 86_400_000
_DAY_S: Final = 86_400
_MOST: Final = {"day": 2**16 - 1, "week": 2**32 - 1}
"""Where the counters of one day and of one week stop."""

Values = dict[str, float | None]


def features_of(history: History, now_ms: int) -> Values:
    """Every feature by name at `now_ms`, or at the user's last event if that is later."""
    now = max(now_ms, history.last_ms)
    values = (
        _rolling(history, now)
        | _trends(history, now)
        | _tenure(history, now)
        | _gaps("gap", [s.silence for s in history.sessions])
        | _sessions(history, now)
        | _use(history)
        | _trade(history, now)
        | _relation(history, now)
    )
    assert set(values) == set(NAMES)
    return values


def _over(part: float, whole: float) -> float | None:
    return float(part) / float(whole) if whole > 0 else None


def _since(now: int, moments: Iterable[int]) -> float | None:
    then = max(moments, default=None)
    return None if then is None else (now - then) / _DAY_MS


def _in_days(history: History, name: str, today: int, length: int) -> int:
    """Sum over `length` days of which `today` is the last."""
    days: Buckets = history.days
    return sum(min(days.counts[d][name], _MOST["day"]) for d in _span(days, today, length))


def _in_weeks(history: History, name: str, this: int, length: int) -> int:
    """Sum over `length` weeks of which `this` is the last."""
    weeks: Buckets = history.weeks
    return sum(min(weeks.counts[w][name], _MOST["week"]) for w in _span(weeks, this, length))


def _span(buckets: Buckets, last: int, length: int) -> list[int]:
    return [index for index in buckets.counts if last - length < index <= last]


def _rolling(history: History, now: int) -> Values:
    today, this = day_of(now), week_of(now)
    totals = {
        "sessions": len(history.sessions),
        "active_days": len(history.active_days),
        "events": len(history.activities),
        "seconds": sum(history.seconds),
        "pages": sum(pages_of(a.event) for a in history.activities),
    }
    values: Values = {}
    for counted, total in totals.items():
        name, scale = ("minutes", 60) if counted == "seconds" else (counted, 1)
        for length in DAY_WINDOWS:
            if counted == "active_days":
                days = _span(history.days, today, length)
                number = sum(history.days.counts[d]["events"] > 0 for d in days)
            else:
                number = _in_days(history, counted, today, length)
            values[f"{name}_{length}d"] = number / scale
        for length in WEEK_WINDOWS:
            values[f"{name}_{length}w"] = _in_weeks(history, counted, this, length) / scale
        values[f"{name}_total"] = total / scale
    return values


def _trends(history: History, now: int) -> Values:
    def trend(newer: int, older: int) -> float | None:
        return _over(newer - older, newer + older)

    today, this = day_of(now), week_of(now)
    by_day = {"sessions": "sessions", "events": "events", "minutes": "seconds"}
    by_week = {"sessions": "sessions", "events": "events", "spend": "spent"}
    return {
        f"{name}_trend_30d": trend(
            _in_days(history, counted, today, 30), _in_days(history, counted, today - 30, 30)
        )
        for name, counted in by_day.items()
    } | {
        f"{name}_trend_13w": trend(
            _in_weeks(history, counted, this, 13), _in_weeks(history, counted, this - 13, 13)
        )
        for name, counted in by_week.items()
    }


def _tenure(history: History, now: int) -> Values:
    first = [h.time for h in loud(history) if not h.late][:1]
    start = min(history.signups, default=None) if history.signups else next(iter(first), None)
    met = None
    if history.signups and history.sessions and history.sessions[0].start >= min(history.signups):
        met = (history.sessions[0].start - min(history.signups)) / _DAY_MS
    weeks = None if start is None else week_of(now) - week_of(start) + 1
    return {
        "tenure_days": None if start is None else (now - start) / _DAY_MS,
        "time_to_first_session_days": met,
        "active_weeks": len(history.active_weeks),
        "consistency": None if weeks is None else len(history.active_weeks) / weeks,
        "active_months": len(history.active_months),
        "month_of_year": moment(now).month,
    }


def _mean(gaps: list[int]) -> float | None:
    """In days, of silences in seconds."""
    return sum(gaps) / len(gaps) / _DAY_S if gaps else None


def _spread(gaps: list[int]) -> float | None:
    """Standard deviation (n − 1) in days, of silences in seconds."""
    if len(gaps) < 2:
        return None
    whole, rest = divmod(sum(gaps), len(gaps))
    around = float(sum((g - whole) ** 2 for g in gaps))  # not around the mean itself, which is no integer
    return sqrt((around - rest / len(gaps) * rest) / (len(gaps) - 1)) / _DAY_S


def _gaps(name: str, silences: Iterable[int | None]) -> Values:
    """Mean, spread and last of silences in seconds; None stands for what had none before it."""
    gaps = [s for s in silences if s is not None]
    return {
        f"{name}_mean_days": _mean(gaps),
        f"{name}_sd_days": _spread(gaps),
        f"{name}_last_days": gaps[-1] / _DAY_S if gaps else None,
    }


def _sessions(history: History, now: int) -> Values:
    sessions = history.sessions
    gaps = [s.silence for s in sessions if s.silence is not None]
    silence = _since(now, [history.last_active_ms] if sessions else [])
    kinds = [s.kind for s in sessions]
    starts = [moment(s.start) for s in sessions]
    return {
        "days_since_last_session": silence,
        "first_week_sessions": sum(s.in_first_week for s in sessions),
        "gap_longest_days": max(gaps) / _DAY_S if gaps else None,
        "silence_over_gap": None if silence is None else _over(silence, _mean(gaps) or 0.0),
        "session_minutes_mean": _over(sum(history.seconds) / 60, len(sessions)),
        "tutorial_share": _over(kinds.count("tutorial"), len(sessions)),
        "usage_share": _over(kinds.count("usage"), len(sessions)),
        "support_share": _over(kinds.count("support"), len(sessions)),
        "returns": history.returns,
        "weekend_share": _over(sum(s.weekday() >= 5 for s in starts), len(sessions)),
        "evening_share": _over(sum(s.hour >= 18 for s in starts), len(sessions)),
    }


def _distinct(codes: list[int], size: int) -> float:
    """Linear counting (Whang, Vander-Zanden, Taylor 1990); a full map stands for what one zero bit would."""
    ones = len({code % size for code in codes})
    return size * log(size) if ones == size else abs(size * log(1.0 - ones / size))


def _use(history: History) -> Values:
    values: Values = {}
    for name, many in (("feature", "features"), ("category", "categories")):
        codes = [code_of(getattr(a.event, name)) for a in history.activities if getattr(a.event, name)]
        held = favourites(codes)
        values[f"{many}_used"] = _distinct(codes, 128)
        values[f"favourite_{name}"] = max(held, key=lambda place: place[1])[0] if held else None
    conversions = sum(h.event.conversion is True for h in loud(history))
    return values | {
        "conversions": conversions,
        "conversions_per_session": _over(conversions, len(history.sessions)),
    }


def _trade(history: History, now: int) -> Values:
    this, lines = week_of(now), history.lines
    orders = sum(line.opens_order for line in lines)
    bought = [line.happening.event for line in lines]
    bits = [code_of(e.product) % 512 for e in bought if e.product]
    spent = sum(cents(e.amount) for e in bought)
    refunds = [h.event for h in history.happened if h.event.type == "refund"]
    refunded = sum(cents(e.amount) for e in refunds)
    values: Values = {}
    for length in WEEK_WINDOWS:
        values[f"orders_{length}w"] = _in_weeks(history, "orders", this, length)
        values[f"spend_{length}w"] = _in_weeks(history, "spent", this, length) / 100
    return (
        values
        | _gaps("purchase_gap", [line.silence for line in lines])
        | {
            "days_since_purchase": _since(now, times_of(history, "purchase")),
            "orders_total": orders,
            "spend_total": float(spent) / 100,
            "basket_mean": _over(float(spent) / 100, orders),
            "items_per_order": _over(sum(quantity_of(e) for e in bought), orders),
            "repeated_product_share": _over(len(bits) - len(set(bits)), len(lines)),
            "discounted_share": _over(sum(cents(e.discount) > 0 for e in bought), len(lines)),
            "discount_total": float(sum(cents(e.discount) for e in bought)) / 100,
            "refunds_total": len(refunds),
            "refunded_total": float(refunded) / 100,
            "refunded_26w": _in_weeks(history, "refunded", this, 26) / 100,
            "refunded_share": _over(refunded, spent),
        }
    )


def _relation(history: History, now: int) -> Values:
    types = [h.event.type for h in history.happened]
    positive, negative = types.count("positive_feedback"), types.count("negative_feedback")
    on_time = [h.event for h in loud(history) if not h.late]
    plans = history.plans
    changes = [time for (time, plan), (_, before) in zip(plans[1:], plans, strict=False) if plan != before]
    plan = plans[-1][1] if plans else None
    named = {
        "plan": plan,
        "platform": latest(on_time, "platform"),
        "channel": latest(on_time[::-1], "channel"),
        "geography": latest(on_time, "geography"),
    }
    codes: Values = {name: code_of(text) if text else None for name, text in named.items()}
    return codes | {
        "positive_total": positive,
        "negative_total": negative,
        "positive_ratio": _over(positive, positive + negative),
        "feedback_per_event": _over(positive + negative, len(history.activities)),
        "social_total": types.count("social_action"),
        "collection_total": types.count("collection_action"),
        "tickets_total": types.count("support_ticket"),
        "days_since_ticket": _since(now, times_of(history, "support_ticket")),
        "paid": history.paid_by(plan) - 1 if plan else None,
        "upgrades": history.direction["upgrade"],
        "downgrades": history.direction["downgrade"],
        "days_since_plan_change": _since(now, changes),
        "trials": types.count("trial_start"),
        "days_since_trial": _since(now, times_of(history, "trial_start")),
        "renewals": types.count("renewal"),
        "failed_payments": types.count("payment_failed"),
        "days_since_failed_payment": _since(now, times_of(history, "payment_failed")),
    }
