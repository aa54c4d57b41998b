"""Lives of users, and the star that shows them: slow and obvious."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr.types import Table

from batch_jobs.star.schema import CHANGES, DAILY, DIMENSIONS, TREATMENTS, USAGE, USERS
from batch_jobs.star.star import Star
from domain.settings import FactSettings

FIRST: Final = date(2024, 1, 1)
"""A Monday of a leap year."""
DAY_MS: Final = 86_400_000
_NUMBERS: Final = count()


@dataclass
class Day:
    """What a user did on a day."""

    active: bool = True
    spent: int = 0
    renewed: int = 0
    refunded: int = 0
    sessions: int = 1
    session_ms: int = 60_000
    conversions: int = 0
    trial: bool = False
    cancelled: bool = False
    plan: str | None = None
    platform: str | None = None
    geography: str | None = None
    uses: dict[str, int] = field(default_factory=dict)

    @property
    def revenue(self) -> int:
        return self.spent + self.renewed - self.refunded


@dataclass
class Life:
    """Of one user; days count from `FIRST`."""

    days: dict[int, Day]
    signup: int | None = None
    channel: str | None = None
    plan: str | None = None
    platform: str | None = None
    geography: str | None = None
    hour: int = 12
    """Of everything that happens."""

    def origin(self, as_of: int) -> int | None:
        """As known then; None if not known at all yet."""
        if self.signup is not None and self.signup < as_of:
            return self.signup
        return min((day for day in self.days if day < as_of), default=None)

    def signed_up(self, as_of: int) -> bool:
        return self.signup is not None and self.signup < as_of

    def active(self, as_of: int) -> list[int]:
        return sorted(day for day, what in self.days.items() if what.active and day < as_of)

    def at_origin(self) -> tuple[str | None, ...]:
        return self.channel, self.plan, self.geography, self.platform

    def moment(self, day: int) -> datetime:
        return datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(days=day, hours=self.hour)


def day_of(number: int) -> date:
    return FIRST + timedelta(days=number)


def star_of(
    lives: Sequence[Life],
    as_of: int,
    settings: FactSettings | None = None,
    engine: ibis.BaseBackend | None = None,
) -> Star:
    """As of a day, exclusive."""
    engine = ibis.duckdb.connect() if engine is None else engine
    tables = {
        "daily": _table(DAILY, _daily(lives, as_of)),
        "usage": _table(USAGE, _usage(lives, as_of)),
        "changes": _table(CHANGES, []),
        "treatments": _table(TREATMENTS, []),
        "users": _table(USERS, _users(lives, as_of)),
    }
    known = [life.moment(day) for life in lives for day in (*life.days, *_also(life)) if day < as_of]
    made = {name: _stored(engine, name, table) for name, table in tables.items()}
    return Star(
        engine=engine,
        **made,
        as_of=datetime.combine(day_of(as_of), datetime.min.time(), UTC),
        begins=min(known, default=None),
        settings=settings or FactSettings(),
    )


def _stored(engine: ibis.BaseBackend, name: str, table: pa.Table) -> Table:
    if engine.name == "duckdb":
        return engine.create_table(f"{name}_{next(_NUMBERS)}", ibis.memtable(table))
    folder = Path(mkdtemp())
    if "hash" in table.column_names:  # Spark has no unsigned numbers
        table = table.set_column(1, "hash", table["hash"].cast(pa.int64()))
    pq.write_table(table, folder / "table.parquet")
    return engine.read_parquet(folder / "table.parquet")


def _also(life: Life) -> Iterable[int]:
    return () if life.signup is None else (life.signup,)


def _daily(lives: Sequence[Life], as_of: int) -> list[dict[str, Any]]:
    rows = []
    for number, life in enumerate(lives):
        for day in sorted({*life.days, *_also(life)}):
            if day >= as_of:
                continue
            what = life.days.get(day, Day(active=False, sessions=0, session_ms=0))
            moment = life.moment(day)
            active = moment if what.active else None
            rows.append(
                {
                    "user": f"u{number}",
                    "day": day_of(day),
                    "first_active": active,
                    "last_active": active,
                    "activities": int(what.active),
                    "sessions": what.sessions,
                    "session_ms": what.session_ms,
                    "conversions": what.conversions,
                    "spent": what.spent,
                    "renewed": what.renewed,
                    "renewals": int(what.renewed > 0),
                    "refunded": what.refunded,
                    "signup": moment if day == life.signup else None,
                    "trial": moment if what.trial else None,
                    "cancelled": moment if what.cancelled else None,
                    "plan": what.plan,
                    "platform": what.platform,
                    "geography": what.geography,
                }
            )
    return rows


def _usage(lives: Sequence[Life], as_of: int) -> list[dict[str, Any]]:
    return [
        {"day": day_of(day), "user": f"u{number}", "feature": name, "category": "any", "uses": uses}
        for number, life in enumerate(lives)
        for day, what in life.days.items()
        for name, uses in what.uses.items()
        if day < as_of
    ]


def _users(lives: Sequence[Life], as_of: int) -> list[dict[str, Any]]:
    rows = []
    for number, life in enumerate(lives):
        origin = life.origin(as_of)
        if origin is None:
            continue
        active = life.active(as_of)
        said = dict(zip(DIMENSIONS, life.at_origin(), strict=True))
        trial = first_trial(life, as_of)
        paid = first_paid(life, as_of)
        rows.append(
            {
                "user": f"u{number}",
                "hash": number,
                "origin": life.moment(origin),
                "signed_up": life.signed_up(as_of),
                **{f"{name}_at_origin": value for name, value in said.items()},
                **{name: latest(life, name, as_of) for name in DIMENSIONS},
                "first_active": life.moment(active[0]) if active else None,
                "last_active": life.moment(active[-1]) if active else None,
                "trial": None if trial is None else life.moment(trial),
                "paid": None if paid is None else life.moment(paid),
            }
        )
    return rows


def latest(life: Life, name: str, as_of: int) -> str | None:
    said: list[str | None] = [getattr(life.days[day], name, None) for day in sorted(life.days) if day < as_of]
    first: str | None = getattr(life, name)
    return next((value for value in reversed(said) if value is not None), first)


def first_trial(life: Life, as_of: int) -> int | None:
    return min((day for day, what in life.days.items() if what.trial and day < as_of), default=None)


def first_paid(life: Life, as_of: int) -> int | None:
    paid = [day for day, what in life.days.items() if what.plan == "pro" and day < as_of]
    trial = first_trial(life, as_of)
    return min((day for day in paid if trial is None or day >= trial), default=None)


def _table(schema: pa.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    whole = {f.name for f in schema if pa.types.is_integer(f.type)}
    full = [{f.name: row.get(f.name, 0 if f.name in whole else None) for f in schema} for row in rows]
    return pa.Table.from_pylist(full, schema=schema)
