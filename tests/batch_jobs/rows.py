"""A star from user-days, the slow and obvious way."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import ibis
import pyarrow as pa

from batch_jobs.star.schema import CHANGES, DAILY, DIMENSIONS, TREATMENTS, USAGE, USERS
from batch_jobs.star.star import Star
from domain.columns import hash_of
from domain.settings import FactSettings

Day = dict[str, Any]
"""A row of `daily`; counts that are left out are 0, all else is null."""

SUMS = (
    *(
        "activities",
        "sessions",
        "session_ms",
        "pages",
        "conversions",
        "orders",
        "items",
        "spent",
        "discounted",
    ),
    *("renewals", "renewed", "refunds", "refunded", "failed_payments", "tickets", "positive", "negative"),
    *("upgrades", "downgrades"),
)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def active(user: str, day: date, **columns: Any) -> Day:
    """A day with an activity at noon."""
    row = {"user": user, "day": day, "activities": 1, "sessions": 1, "session_ms": 600_000, "pages": 3}
    return {**row, "first_active": noon(day), "last_active": noon(day), **columns}


def star_of(
    days: Sequence[Day],
    as_of: date,
    paid: dict[str, datetime] | None = None,
    settings: FactSettings | None = None,
    *,
    signed_up: bool = True,
) -> Star:
    """Of the rows before the as-of. The origin of a user is the noon of the first row, a signup or not."""
    rows = [
        {**dict.fromkeys(DAILY.names), **dict.fromkeys(SUMS, 0), **row} for row in days if row["day"] < as_of
    ]
    by_user: dict[str, list[Day]] = {}
    for row in sorted(rows, key=lambda r: r["day"]):
        by_user.setdefault(row["user"], []).append(row)
    users = [_user(user, own, (paid or {}).get(user), signed_up) for user, own in sorted(by_user.items())]
    engine = ibis.duckdb.connect()
    tables = {
        name: engine.create_table(name, ibis.memtable(pa.Table.from_pylist(content, schema=schema)))
        for name, content, schema in (
            ("daily", rows, DAILY),
            ("usage", [], USAGE),
            ("changes", _changes(rows), CHANGES),
            ("treatments", [], TREATMENTS),
            ("users", users, USERS),
        )
    }
    begins = min((user["origin"] for user in users), default=None)
    return Star(
        engine=engine, as_of=midnight(as_of), begins=begins, settings=settings or FactSettings(), **tables
    )


def later(star: Star, **changes: Any) -> Star:
    return replace(star, **changes)


def _user(user: str, days: list[Day], paid: datetime | None, signed_up: bool) -> dict[str, Any]:
    seen = [day for day in days if day["activities"]]
    known = {name: next((d[name] for d in days if d[name]), None) for name in DIMENSIONS}
    cancelled = max((d["cancelled"] for d in days if d["cancelled"]), default=None)
    signup = max((d["signup"] for d in days if d["signup"]), default=None)
    if cancelled and signup and signup > cancelled:
        cancelled = None
    ordered = [d["day"] for d in days if d["orders"]]
    return {
        "user": user,
        "hash": hash_of(user),
        "origin": noon(days[0]["day"]),
        "signed_up": signed_up,
        **{f"{name}_at_origin": value for name, value in known.items()},
        **known,
        "first_active": min((d["first_active"] for d in seen), default=None),
        "last_active": max((d["last_active"] for d in seen), default=None),
        "returns": 0,
        "active_days": len(seen),
        "cancelled": cancelled,
        **{name: sum(d[name] for d in days) for name in SUMS},
        "first_order": min(ordered, default=None),
        "last_order": max(ordered, default=None),
        "trial": min((d["trial"] for d in days if d["trial"]), default=None),
        "paid": paid,
    }


def _changes(rows: list[Day]) -> list[dict[str, Any]]:
    return [
        {"user": row["user"], "time": row[column], "day": row["day"], "type": kind}
        for row in rows
        for column, kind in (("signup", "signup"), ("cancelled", "cancellation"), ("trial", "trial_start"))
        if row[column]
    ]


def days_between(first: date, last: date) -> list[date]:
    """Both included."""
    return [first + timedelta(n) for n in range((last - first).days + 1)]
