"""The star once more, slowly: event by event, with the stream's own slow rules where they say what a session is."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from batch_jobs.star import schema
from domain.events import EVENT_TYPES
from domain.oracle.history import History, hash_of
from domain.settings import FactSettings
from tests.batch_jobs.star.happened import DAY, Happened

SILENT: Final = ("cancellation", "cancellation_started", "experiment_assignment", "promotion")
UNPAID: Final = ("free", "trial", "none")
SUMS: Final = [f.name for f in schema.DAILY if f.name not in ("user", "day") and str(f.type) == "int64"]

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def star(happened: Sequence[Happened], as_of: int, settings: FactSettings) -> Tables:
    """All tables as of a moment, ms: times in ms, days since 1970-01-01."""
    known = once([h for h in happened if h.time < as_of])
    daily = [day for user in _users(known) for day in _daily(_of(known, user), settings)]
    return {
        "daily": daily,
        "usage": _usage(known, settings),
        "changes": [
            {
                "user": h.user, "time": h.time, "day": h.day, "type": h.type, "plan": h.fields.get("plan") or None,
                "change": h.fields.get("change"), "amount": h.fields.get("amount"),
            }
            for h in known
            if h.type
            in ("signup", "trial_start", "subscription_change", "renewal", "payment_failed", "cancellation")
        ],
        "treatments": [
            {
                "user": h.user, "time": h.time, "day": h.day, "type": h.type,
                "experiment": h.fields.get("experiment"), "variant": h.fields.get("variant"),
            }
            for h in known
            if h.type in ("experiment_assignment", "promotion")
        ],
        "users": [
            _user(_of(known, user), [d for d in daily if d["user"] == user], as_of, settings)
            for user in _users(known)
        ],
    }  # fmt: skip


def once(happened: Sequence[Happened]) -> list[Happened]:
    """In the order of (time, offset), the first of those with the same user, id and day."""
    seen = set()
    found = []
    for h in sorted(happened, key=lambda h: (h.time, h.offset)):
        if (h.user, h.event_id, h.day) not in seen:
            seen.add((h.user, h.event_id, h.day))
            found.append(h)
    return found


def told(happened: Sequence[Happened], settings: FactSettings) -> History:
    """The stream's slow rules; no timer is left waiting."""
    history = History(happened[0].user, settings)
    for one in happened:
        list(history.fire(one.time, 0))
        history.take(one.event(), one.time, 0)
    return history


def _users(happened: Sequence[Happened]) -> list[str]:
    return sorted({h.user for h in happened})


def _of(happened: Sequence[Happened], user: str) -> list[Happened]:
    return [h for h in happened if h.user == user]


def is_activity(h: Happened, settings: FactSettings) -> bool:
    known = EVENT_TYPES.get(h.type)
    return known[0] if known is not None else h.type in settings.session_types


def _last(happened: Sequence[Happened], name: str) -> str | None:
    """Said last; of the channel, first. Silent types say nothing."""
    told = [h.fields[name] for h in happened if h.type not in SILENT and h.fields.get(name)]
    if not told:
        return None
    return str(told[0] if name == "channel" else told[-1])


def _daily(mine: Sequence[Happened], settings: FactSettings) -> list[Row]:
    return [_day(mine, day, settings) for day in sorted({h.day for h in mine})]


def _day(mine: Sequence[Happened], day: int, settings: FactSettings) -> Row:
    both = [h for h in mine if h.day in (day - 1, day)]
    today = [h for h in mine if h.day == day]
    acts = [h for h in today if is_activity(h, settings)]
    history, before = told(both, settings), [h for h in both if h.day < day]
    earlier = told(before, settings) if before else None

    def of(kind: str) -> list[Happened]:
        return [h for h in today if h.type == kind]

    def money(kind: str, name: str = "amount") -> int:
        return sum(h.fields.get(name, 0) for h in of(kind))

    def grown(count: Any) -> int:
        return int(count(history) - (count(earlier) if earlier else 0))

    return {
        "user": mine[0].user,
        "day": day,
        "first_active": min((h.time for h in acts), default=None),
        "last_active": max((h.time for h in acts), default=None),
        "activities": len(acts),
        "sessions": sum(s.start // DAY == day for s in history.sessions),
        "session_ms": history.days.counts[day]["seconds"] * 1000,
        "pages": sum(h.fields.get("pages", int(h.type == "page_view")) for h in acts),
        "conversions": sum(h.fields.get("conversion") is True for h in today if h.type not in SILENT),
        "orders": grown(lambda h: sum(line.opens_order for line in h.lines)),
        "items": sum(h.fields.get("quantity", 1) for h in of("purchase")),
        "spent": money("purchase"),
        "discounted": money("purchase", "discount"),
        "renewals": len(of("renewal")),
        "renewed": money("renewal"),
        "refunds": len(of("refund")),
        "refunded": money("refund"),
        "failed_payments": len(of("payment_failed")),
        "tickets": len(of("support_ticket")),
        "positive": len(of("positive_feedback")),
        "negative": len(of("negative_feedback")),
        "upgrades": grown(lambda h: h.direction["upgrade"]),
        "downgrades": grown(lambda h: h.direction["downgrade"]),
        "signup": min((h.time for h in of("signup")), default=None),
        "trial": min((h.time for h in of("trial_start")), default=None),
        "cancelled": max((h.time for h in of("cancellation")), default=None),
        **{name: _last(today, name) for name in schema.DIMENSIONS},
    }


def _usage(known: Sequence[Happened], settings: FactSettings) -> list[Row]:
    found: dict[tuple[int, str, str], list[Happened]] = defaultdict(list)
    for h in known:
        if is_activity(h, settings) and h.fields.get("feature"):
            found[h.day, h.user, h.fields["feature"]].append(h)
    return [
        {
            "day": day, "user": user, "feature": feature, "category": _last(of, "category"), "uses": len(of),
        }
        for (day, user, feature), of in found.items()
    ]  # fmt: skip


def _user(mine: Sequence[Happened], days: list[Row], as_of: int, settings: FactSettings) -> Row:
    loud = [h for h in mine if h.type not in SILENT]
    signups = [h.time for h in mine if h.type == "signup"]
    origin = min(signups) if signups else (loud or mine)[0].time
    acts = [h.time for h in mine if is_activity(h, settings)]
    cancellations = [h.time for h in mine if h.type == "cancellation"]
    trial = min((h.time for h in mine if h.type == "trial_start"), default=None)
    paid = [h.time for h in loud if h.fields.get("plan") and h.fields["plan"] not in UNPAID]
    ordered = [d["day"] for d in days if d["orders"]]
    left = bool(cancellations) and max(cancellations) >= max(signups, default=0)
    return {
        "user": mine[0].user,
        "hash": hash_of(mine[0].user),
        "origin": origin,
        "signed_up": bool(signups),
        **{
            f"{name}_at_origin": _last([h for h in mine if h.time <= origin], name)
            for name in schema.DIMENSIONS
        },
        **{name: _last(mine, name) for name in schema.DIMENSIONS},
        "first_active": min(acts, default=None),
        "last_active": max(acts, default=None),
        "cancelled": max(cancellations) if left else None,
        "active_days": sum(d["activities"] > 0 for d in days),
        **{name: sum(d[name] for d in days) for name in SUMS},
        "first_order": min(ordered, default=None),
        "last_order": max(ordered, default=None),
        "trial": trial,
        "paid": min((t for t in paid if trial is None or t >= trial), default=None),
    } | _lost(origin, acts, cancellations, as_of, settings)


def _lost(origin: int, acts: list[int], cancellations: list[int], as_of: int, settings: FactSettings) -> Row:
    """Walks from silence to silence."""
    beats = [origin, *sorted(t for t in acts if t > origin)]
    losses: list[tuple[int, str, int]] = []
    returns = []
    for at, since in enumerate(beats):
        back = beats[at + 1] if at + 1 < len(beats) else None
        here = []
        passage = since + settings.inactivity_ms
        if settings.churn != "cancellation" and (passage <= back if back else passage < as_of):
            here.append((passage, "inactivity", since))
        if settings.churn != "inactivity":
            here += [
                (c, "cancellation", since) for c in cancellations if c >= since and (back is None or c < back)
            ]
        if here and back:
            returns.append((min(here)[0], back))
        losses += here
    first = min(losses, default=None)
    lost, by, onset = first or (None, None, None)
    return {
        "lost": lost, "lost_by": by, "silent_since": onset, "returns": len(returns),
        "returned": next((back for loss, back in returns if loss == lost), None),
    }  # fmt: skip
