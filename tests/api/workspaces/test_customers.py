"""Pages are what a loop over all rows finds; one customer's months are what a loop over the events says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.training.customers import SCHEMA
from api.workspaces.customers import Wanted, months, one, page
from api.workspaces.shelf import Held, Shelf
from api.workspaces.sorting import Sort
from domain.actions import DEFAULT, with_edits

_Key = Callable[[dict[str, Any]], float | None]
KEYS: Final[dict[Sort, _Key]] = {
    "risk": lambda row: row["probability"],
    "changed": lambda row: (
        None
        if row["probability"] is None or row["probability_week_ago"] is None
        else row["probability"] - row["probability_week_ago"]
    ),
}


def made(folder: Path, count: int, seed: int = 1) -> Held:
    """Customers by chance, in the order that a training gives them."""
    chance = np.random.default_rng(seed)
    rows = []
    for number, (p, then, value) in enumerate(chance.random((count, 3)).round(2).tolist()):
        gone = number >= 0.7 * count
        drivers = [
            {"text": f"reason {theme}", "theme": theme, "weight": weight, "direction": "raises"}
            for theme, weight in (("silence", p - 0.2), ("spend", 0.3), ("season", -0.1), ("rhythm", 0.05))
        ]
        rows.append(
            {
                "user": f"{'AB'[number % 2]}{number:06d}",
                "tier": "gone" if gone else "high" if p >= 0.7 else "medium" if p >= 0.4 else "low",
                "probability": None if gone else p,
                "tier_week_ago": None,
                "probability_week_ago": None if number % 5 == 0 else then,
                "segment": "Casual" if number % 3 else "At-Risk",
                "last_purchase_ms": 1,
                "silence_days": 1.0,
                "tenure_days": 2.0,
                "orders": 3,
                "revenue": 10.0,
                "value": value,
                "value_at_risk": None if gone else p * value,
                "drivers": None if gone else drivers,
            }
        )
    rows.sort(key=lambda row: (row["probability"] is None, -(row["value_at_risk"] or 0)))
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / "customers.parquet")
    return Shelf().results(folder)


@pytest.mark.parametrize("sort", ["value", "risk", "changed"])
@pytest.mark.parametrize("tier", [None, "high", "gone"])
@pytest.mark.parametrize("search", ["", "B0001", "nobody"])
@pytest.mark.parametrize("segment", [None, "At-Risk"])
def test_pages_are_what_a_loop_finds(
    tmp_path: Path, sort: Sort, tier: str | None, segment: str | None, search: str
) -> None:
    held = made(tmp_path, 300)
    rows = [
        row
        for row in held.table.to_pylist()
        if (tier is None or row["tier"] == tier)
        and (segment is None or row["segment"] == segment)
        and row["user"].startswith(search)
    ]
    if sort != "value":
        key = KEYS[sort]
        told = [row for row in rows if key(row) is not None]
        rows = sorted(told, key=lambda row: -(key(row) or 0.0)) + [row for row in rows if key(row) is None]
    found, start = list[str](), 0
    while True:
        at = page(held, Wanted(tier, segment, search), sort, start, 70, DEFAULT)
        assert at.total == len(rows)
        found += [item.user for item in at.items]
        if at.cursor is None:
            break
        start = at.cursor
    assert found == [row["user"] for row in rows]


def test_results_that_tell_no_segments_are_shown_without(tmp_path: Path) -> None:
    made(tmp_path, 10)
    table = pq.read_table(tmp_path / "customers.parquet").drop_columns(["segment"])
    pq.write_table(table, tmp_path / "customers.parquet")
    held = Shelf().results(tmp_path)
    assert {c.segment for c in page(held, Wanted(None, None, ""), "value", 0, 10, DEFAULT).items} == {None}
    assert page(held, Wanted(None, "Casual", ""), "value", 0, 10, DEFAULT).total == 0


def test_what_to_do_is_by_the_table(tmp_path: Path) -> None:
    held = made(tmp_path, 100)
    table = with_edits(b'{"spend": {"medium": "Write."}, "silence": {"high": "Call."}}')
    told = set()
    for item in page(held, Wanted(None, None, ""), "value", 0, 100, table).items:
        if item.tier in ("high", "medium"):
            assert item.drivers is not None
            theme = next(driver.theme for driver in item.drivers if driver.weight > 0)
            assert item.action == table[theme][item.tier]
            told.add(item.action)
        else:
            assert item.action is None
    assert "Call." in told


def test_one_customer(workspace: Path) -> None:
    held = Shelf().results(workspace / "results")
    table = held.table
    events = pq.read_table(workspace / "events.parquet").to_pylist()
    for row in range(0, table.num_rows, 10):
        found = one(held, row, workspace, DEFAULT)
        known = table.slice(row, 1).to_pylist()[0]
        assert {name: known[name] for name in ("user", "tier", "probability", "value")} == {
            "user": found.user, "tier": found.tier, "probability": found.probability, "value": found.value
        }  # fmt: skip
        assert found.contact == {"email": f"{found.user}@example.org"}
        own = [event for event in events if event["user"] == found.user]
        assert sum(month.orders for month in found.months) == len(own) == found.orders
        assert sum(month.spent for month in found.months) == pytest.approx(sum(e["amount"] for e in own))
        told = {one.name: one.value for one in found.features}
        assert told["orders_total"] == found.orders
        assert told["channel"] in ("shop", "web")


def test_months_by_hand(tmp_path: Path) -> None:
    may, june = 1_305_000_000_000, 1_308_000_000_000
    rows = [
        ("a", may, "purchase", 10.0, "1"),
        ("a", may, "purchase", 5.0, "1"),
        ("a", may + 1, "purchase", 2.0, None),
        ("a", may + 1, "purchase", 2.0, None),
        ("b", may, "purchase", 99.0, "2"),
        ("a", june, "refund", 10.0, "C1"),
        ("a", june, "page_view", None, None),
    ]
    names = ["user", "time_ms", "type", "amount", "order_id"]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    pq.write_table(pa.table(columns), tmp_path / "events.parquet")
    first, second = months(tmp_path / "events.parquet", "a")
    assert (first.month, first.orders, first.spent, first.refunded) == ("2011-05", 3, 19.0, 0.0)
    assert (second.month, second.orders, second.spent, second.refunded) == ("2011-06", 0, 0.0, 10.0)
    assert months(tmp_path / "events.parquet", "c") == []
