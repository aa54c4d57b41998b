"""What customers of a file are grouped by is what the star says of the same events."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.insights.habits import habits
from batch_jobs.segments.features import NAMES, features_of_users
from batch_jobs.star.daily import daily
from batch_jobs.star.events import OFFSETS, READ, SILENT
from domain.calendar import DAY_MS
from domain.settings import FactSettings
from tests.batch_jobs.rows import active, star_of

BEGIN = date(2024, 1, 1)
FIRST = (BEGIN - date(1970, 1, 1)).days
DAYS = 220
FACTS = FactSettings(session_types=("rated",))
KINDS = (
    "purchase",
    "purchase",
    "purchase",
    "refund",
    "page_view",
    "feature_use",
    "session_start",
    "renewal",
    "rated",
)
Row = dict[str, Any]


def events(seed: int) -> list[Row]:
    """By time and row: a first purchase of everybody, then visits of some lines, near and across midnight too."""
    chance = Random(seed)
    rows: list[tuple[float, str, str, str | None]] = []
    for number in range(25):
        at = chance.uniform(0, DAYS / 2)
        rows.append((at, f"c{number}", "purchase", "o0"))
        while at < DAYS - 1:
            order = f"o{chance.randrange(5)}"
            for _ in range(chance.randrange(1, 4)):
                rows.append((at, f"c{number}", chance.choice(KINDS), chance.choice((order, None))))
                at += chance.choice((0, 0.004, 0.02, 0.5))
            at += chance.expovariate(1 / chance.choice((2, 15, 60)))
    rows.sort(key=lambda row: row[0])
    return [
        {
            "row": n, "user": user, "time_ms": FIRST * DAY_MS + int(at * DAY_MS), "type": kind, "order_id": order,
            "amount": round(chance.uniform(0, 50), 2) if kind in ("purchase", "refund", "renewal") else None,
        }
        for n, (at, user, kind, order) in enumerate(rows)
    ]  # fmt: skip


def written(folder: Path, rows: list[Row]) -> Path:
    fields = [(name, pa.int64()) for name in ("row", "time_ms")]
    fields += [(name, pa.string()) for name in ("user", "type", "order_id")]
    schema = pa.schema([*fields, ("amount", pa.float64())])
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / "events.parquet")
    return folder / "events.parquet"


def days_of(rows: list[Row]) -> list[Row]:
    """User-days of the star."""
    numbers = {pa.timestamp("ms", "UTC"): pa.int64(), pa.date32(): pa.int64(), pa.int32(): pa.int64()}
    schema = pa.schema(
        [pa.field(f.name, numbers.get(f.type, f.type)) for f in READ if f.name not in ("kind", "offset")]
        + [pa.field("key", pa.int64())]
    )
    told = [
        {
            **dict.fromkeys(schema.names), "partition": 0, "time": row["time_ms"], "user": row["user"],
            "event_id": str(row["row"]), "type": row["type"], "order_id": row["order_id"],
            "amount": None if row["amount"] is None else round(row["amount"] * 100),
            "day": row["time_ms"] // DAY_MS, "key": row["time_ms"] % DAY_MS * OFFSETS + row["row"],
        }
        for row in rows
    ]  # fmt: skip
    backend = ibis.duckdb.connect()
    found = backend.create_table("events", pa.Table.from_pylist(told, schema))
    days: list[Row] = backend.to_pyarrow(daily(found, found, FACTS)).to_pylist()
    backend.disconnect()
    # a star of tests begins with a user's first row
    days.sort(key=lambda day: day["day"])
    return [
        active(
            day["user"],
            BEGIN + timedelta(day["day"] - FIRST),
            sessions=0,
            **{name: day[name] for name in COUNTS},
        )
        for day in days
    ]


COUNTS = ("activities", "session_ms", "pages", "orders", "renewals", "spent", "renewed", "refunded")


@pytest.mark.parametrize("seed", range(3))
def test_features_are_those_of_the_star(seed: int, tmp_path: Path) -> None:
    rows = events(seed)
    path, days = written(tmp_path, rows), days_of(rows)
    for later in (30, 125, DAYS):
        until = BEGIN + timedelta(later)
        star = star_of(days, BEGIN + timedelta(DAYS), settings=FACTS)
        midnight = datetime(until.year, until.month, until.day, tzinfo=UTC)
        wanted = {row["user"]: row for row in features_of_users(star, midnight).to_pyarrow().to_pylist()}
        found = habits(path, FACTS, FIRST + later)
        assert found.users == sorted(wanted)
        for n, user in enumerate(found.users):
            assert bool(found.active[n]) == wanted[user]["active"]
            assert found.features[n].tolist() == pytest.approx(
                [wanted[user][name] for name in NAMES], rel=1e-12
            )
        came = {
            row["user"]
            for row in rows
            if row["time_ms"] >= (FIRST + later) * DAY_MS and row["type"] in OPENING
        }
        assert {user for user, there in zip(found.users, found.came, strict=True) if there} <= came
        assert {user for user, there in zip(found.users, found.came, strict=True) if not there}.isdisjoint(
            came
        )


OPENING = frozenset(KINDS) - {"refund", "renewal"}


LOOKED: Row = {
    "row": 0,
    "user": "a",
    "time_ms": FIRST * DAY_MS,
    "type": "page_view",
    "order_id": None,
    "amount": None,
}


def test_who_signs_up_later_begins_there(tmp_path: Path) -> None:
    rows = [LOOKED, {**LOOKED, "row": 1, "time_ms": (FIRST + 40) * DAY_MS, "type": "signup"}]
    path = written(tmp_path, rows)
    assert habits(path, FACTS, FIRST + 40).users == []
    assert habits(path, FACTS, FIRST + 41).users == ["a"]


def test_types_that_say_nothing_begin_nothing(tmp_path: Path) -> None:
    for number, silent in enumerate(SILENT):
        rows = [{**LOOKED, "type": silent}, {**LOOKED, "row": 1, "time_ms": (FIRST + 10) * DAY_MS}]
        assert habits(written(tmp_path, rows), FACTS, FIRST + 10).users == [], number
