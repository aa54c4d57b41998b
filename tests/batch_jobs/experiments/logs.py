"""Random small logs, and the star that shows them: slow and obvious."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import ibis
import pyarrow as pa

from batch_jobs.star.schema import TABLES
from batch_jobs.star.star import Star
from domain.settings import FactSettings

DAY_MS = 86_400_000
SHIFT_MS = 8 * 3_600_000
BEGIN = 19_800 * DAY_MS
_NUMBERS = count()


@dataclass(frozen=True)
class Happened:
    """`type` is `activity`, or a type of the log. Times are ms after `BEGIN`."""

    user: str
    time: int
    type: str
    amount: int = 0
    platform: str | None = None
    plan: str | None = None
    experiment: str | None = None
    variant: str | None = None

    @property
    def day(self) -> int:
        return self.time // DAY_MS


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp((BEGIN + ms) / 1000, UTC)


def star_of(events: Sequence[Happened], days: int, settings: FactSettings | None = None) -> Star:
    """As of the end of so many days."""
    known = sorted((e for e in events if e.time < days * DAY_MS), key=lambda e: e.time)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    by_day: dict[tuple[str, int], list[Happened]] = defaultdict(list)
    by_user: dict[str, list[Happened]] = defaultdict(list)
    for event in known:
        by_day[event.user, event.day].append(event)
        by_user[event.user].append(event)
        shared = {"user": event.user, "time": moment(event.time), "day": moment(event.time).date()}
        if event.type == "cancellation":
            rows["changes"].append(shared | {"type": event.type})
        if event.type in ("experiment_assignment", "promotion"):
            told = {"type": event.type, "experiment": event.experiment, "variant": event.variant}
            rows["treatments"].append(shared | told)
    for (user, _), told_today in by_day.items():
        active = [moment(e.time) for e in told_today if e.type == "activity"]
        rows["daily"].append(
            {
                "user": user,
                "day": moment(told_today[0].time).date(),
                "first_active": min(active, default=None),
                "last_active": max(active, default=None),
                "spent": sum(e.amount for e in told_today if e.amount > 0),
                "refunded": -sum(e.amount for e in told_today if e.amount < 0),
                "platform": _last(told_today, "platform"),
                "plan": _last(told_today, "plan"),
            }
        )
    for user, told_ever in by_user.items():
        rows["users"].append(
            {
                "user": user,
                "origin": moment(told_ever[0].time),
                "platform": _last(told_ever, "platform"),
                "plan": _last(told_ever, "plan"),
                "platform_at_origin": told_ever[0].platform,
                "plan_at_origin": told_ever[0].plan,
            }
        )
    engine = ibis.duckdb.connect(threads=1)
    engine.raw_sql("SET TimeZone = 'UTC'")
    tables = {}
    for name, schema in TABLES.items():
        unique = f"{name}_{next(_NUMBERS)}"
        engine.con.register(unique, _table(rows[name], schema))
        tables[name] = engine.table(unique)
    return Star(
        engine, **tables, as_of=moment(days * DAY_MS), begins=moment(0), settings=settings or FactSettings()
    )


def _last(events: Sequence[Happened], name: str) -> str | None:
    return next((getattr(e, name) for e in reversed(events) if getattr(e, name)), None)


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    def nothing(field: pa.Field) -> Any:
        return None if field.nullable else {pa.bool_(): False, pa.string(): ""}.get(field.type, 0)

    full = [{f.name: row.get(f.name, nothing(f)) for f in schema} for row in rows]
    return pa.Table.from_pylist(full, schema)


def random_log(random: Random, users: int, days: int) -> list[Happened]:
    """Users with all that experiments have to cope with, on few hours, so that borders are hit."""
    found = []
    for number in range(users):
        user = f"u{number:03d}"
        every = random.choice([1, 2, 5, 20])
        for day in range(days):
            if random.random() < 1 / every:
                for _ in range(random.randrange(1, 3)):
                    kind = random.choice(["activity", "activity", "activity", "renewal", "cancellation"])
                    amount = random.choice([0, 0, 5, 120, -30]) if kind in ("activity", "renewal") else 0
                    platform = random.choice([None, "web", "ios", "tv"])
                    plan = random.choice([None, "free", "pro"])
                    at = day * DAY_MS + random.randrange(3) * SHIFT_MS
                    found.append(Happened(user, at, kind, amount, platform, plan))
        for experiment in ("one", "two", "ebbwatch-alerts"):
            for _ in range(random.choice([0, 1, 1, 1, 2, 3])):
                at = random.randrange(days * 3) * SHIFT_MS
                variant = random.choice(["Control", "holdout", "new", "over", "", None])
                found.append(
                    Happened(user, at, "experiment_assignment", experiment=experiment, variant=variant)
                )
            if random.random() < 0.4:
                named = random.choice([experiment, None])
                found.append(
                    Happened(user, random.randrange(days * 3) * SHIFT_MS, "promotion", experiment=named)
                )
    return found
