"""A star from people, the slow and obvious way, and the lives that survival sees in it, one row a user."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import ibis
import pandas as pd
import pyarrow as pa

from batch_jobs.star.schema import DIMENSIONS, TABLES
from batch_jobs.star.star import Star
from domain.settings import FactSettings


class Person(NamedTuple):
    """What one user did; moments in any order."""

    signup: datetime | None
    sessions: tuple[datetime, ...] = ()
    cancelled: datetime | None = None
    orders: tuple[datetime, ...] = ()
    channel: str | None = "organic"
    plan: str | None = "free"
    geography: str | None = "US"
    platform: str | None = "web"

    @property
    def origin(self) -> datetime:
        return self.signup or min(self.sessions)


class Loss(NamedTuple):
    lost: datetime
    by: str
    onset: datetime
    returned: datetime | None


def at(text: str) -> datetime:
    """`2024-02-28` or `2024-02-28 10:00`, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def loss_of(person: Person, as_of: datetime, settings: FactSettings) -> Loss | None:
    """The first loss that is known at the as-of, by the definition's words."""
    limit = timedelta(milliseconds=settings.inactivity_ms)
    sessions = sorted(time for time in person.sessions if time < as_of)
    alive = [person.origin, *(time for time in sessions if time >= person.origin)]
    found: list[tuple[datetime, str]] = []
    if settings.churn != "cancellation":
        for time, following in zip(alive, [*alive[1:], as_of], strict=True):
            if time + limit < as_of and following >= time + limit:
                found.append((time + limit, "inactivity"))
                break
    if settings.churn != "inactivity" and person.cancelled is not None and person.cancelled < as_of:
        found.append((person.cancelled, "cancellation"))
    if not found:
        return None
    lost, by = min(found)
    onset = max(time for time in alive if time <= lost)
    return Loss(lost, by, onset, min((time for time in sessions if time > lost), default=None))


def star_of(
    people: Sequence[Person],
    as_of: datetime,
    settings: FactSettings | None = None,
    begins: datetime | None = None,
) -> Star:
    """Everything before the as-of."""
    settings = settings or FactSettings()
    people = [person for person in people if person.origin < as_of]
    engine = ibis.duckdb.connect(threads=1)
    rows: dict[str, list[dict[str, Any]]] = {"users": [], "daily": []}
    for number, person in enumerate(people):
        user = f"u{number:05d}"
        loss = loss_of(person, as_of, settings)
        dimensions = {f"{name}_at_origin": getattr(person, name) for name in DIMENSIONS}
        rows["users"].append(
            {
                "user": user,
                "hash": number,
                "origin": person.origin,
                "signed_up": person.signup is not None,
                **dimensions,
            }
            | (
                {"lost": loss.lost, "lost_by": loss.by, "silent_since": loss.onset, "returned": loss.returned}
                if loss
                else {}
            )
        )
        moments = [time for time in (*person.sessions, *person.orders) if time < as_of]
        for day in sorted({time.date() for time in moments}):
            active = [time for time in person.sessions if time.date() == day]
            orders = [time for time in person.orders if time.date() == day]
            rows["daily"].append(
                {
                    "user": user,
                    "day": day,
                    "sessions": len(active),
                    "orders": len(orders),
                    "activities": len(active),
                }
                | ({"first_active": min(active), "last_active": max(active)} if active else {})
            )
    first = min((time for p in people for time in (p.origin, *p.sessions)), default=None)
    return Star(
        engine=engine, as_of=as_of, begins=begins or first, settings=settings,
        **{name: ibis.memtable(filled(rows.get(name, []), schema)) for name, schema in TABLES.items()},
    )  # fmt: skip


def filled(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """What a row leaves out is zero, or null where that may be."""
    return pa.Table.from_pylist(
        [{f.name: row.get(f.name, None if f.nullable else 0) for f in schema} for row in rows], schema
    )


def raw_lives(
    people: Sequence[Person], as_of: datetime, settings: FactSettings | None = None, view: str = "passage"
) -> pd.DataFrame:
    """One row a user: `duration`, `event`, and the dimensions; nobody is prevalent."""
    settings = settings or FactSettings()
    end = as_of - timedelta(milliseconds=settings.inactivity_ms if view == "onset" else 0)
    last = end.date() - timedelta(days=1)
    rows = []
    for person in people:
        born = person.origin.date()
        if person.origin >= as_of:
            continue
        loss = loss_of(person, as_of, settings)
        moment: date | None = None
        if loss is not None:
            moment = (loss.onset if view == "onset" else loss.lost).date()
        event = moment is not None and moment <= last
        ends = moment if event and moment is not None else last
        if (ends - born).days >= 0:
            dimensions = {name: getattr(person, name) or "unknown" for name in DIMENSIONS}
            rows.append({"duration": (ends - born).days, "event": int(event), **dimensions})
    return pd.DataFrame(rows, columns=["duration", "event", *DIMENSIONS])
