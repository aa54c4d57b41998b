"""Months as a loop over the events has them, and a forecast only where the history is long enough."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.insights.months import complete, months


def written(
    folder: Path, begin: datetime, days: int, seed: int = 1
) -> list[tuple[datetime, str, str, float]]:
    chance = Random(seed)
    rows = []
    for day in range(days):
        for _ in range(chance.randrange(1, 5)):
            at = begin + timedelta(days=day, hours=chance.randrange(24))
            kind = chance.choice(("purchase",) * 5 + ("refund",))
            rows.append((at, f"u{chance.randrange(30)}", kind, round(chance.uniform(1, 90), 2)))
    rows.sort()
    table = pa.table(
        {
            "time_ms": [int(at.timestamp() * 1000) for at, *_ in rows],
            "user": [user for _, user, *_ in rows],
            "type": [kind for *_, kind, _ in rows],
            "amount": [amount for *_, amount in rows],
        }
    )
    pq.write_table(table, folder / "events.parquet")
    return rows


@pytest.mark.parametrize(
    ("begin", "first"), [(datetime(2023, 1, 1, tzinfo=UTC), 1), (datetime(2023, 1, 9, tzinfo=UTC), 2)]
)
def test_complete_months(begin: datetime, first: int, tmp_path: Path) -> None:
    rows = written(tmp_path, begin, 200)
    number, series = complete(tmp_path / "events.parquet")
    assert number == 2023 * 12 + first - 1
    end = max(at for at, *_ in rows).month
    for place, month in enumerate(range(first, end)):
        own = [row for row in rows if row[0].month == month]
        net = sum(-amount if kind == "refund" else amount for *_, kind, amount in own)
        assert series["revenue"][place] == pytest.approx(net)
        assert series["customers"][place] == len({user for _, user, kind, _ in own if kind == "purchase"})
    assert len(series["revenue"]) == end - first


def test_what_comes_is_told_where_the_past_is_twice_as_long(tmp_path: Path) -> None:
    written(tmp_path, datetime(2022, 1, 1, tzinfo=UTC), 400)
    found = months(tmp_path / "events.parquet")
    assert len(found.history) == 2 * 13
    assert {row["horizon"] for row in found.forecast} == {3, 6}
    for row in found.forecast:
        assert row["low_95"] <= row["low_80"] <= row["value"] <= row["high_80"] <= row["high_95"]
    written(tmp_path, datetime(2022, 1, 1, tzinfo=UTC), 100)
    assert months(tmp_path / "events.parquet").forecast == []


def test_of_nothing(tmp_path: Path) -> None:
    written(tmp_path, datetime(2022, 1, 1, tzinfo=UTC), 0)
    assert months(tmp_path / "events.parquet").history == []
