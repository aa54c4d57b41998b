"""The retailer's file as published, and as others would have saved a part of it."""

import csv
import datetime as dt
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard

from advisor.intake.events import canonical
from advisor.intake.mapping import as_proposed
from advisor.intake.reading import read
from domain.events import Event
from producers.replay.online_retail import OnlineRetail
from producers.replay.rows import RejectedRowError
from producers.replay.times import Times
from tests.advisor.files import workbook

RETAIL = Path(os.environ.get("EBBWATCH_DATA", "../shared/data")) / "online_retail_2010_2011.csv.zst"
PART = 20_000

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not RETAIL.exists(), reason=f"{RETAIL} is not there"),
]


def unpacked() -> io.TextIOWrapper:
    return io.TextIOWrapper(zstandard.open(RETAIL, "rb"), "utf-8", newline="")


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with unpacked() as file:
        return list(csv.DictReader(file))


def replayed(rows: list[dict[str, str]]) -> Iterator[tuple[int, Event]]:
    """What the replay makes of the same rows."""
    layout = OnlineRetail(Times())
    for number, row in enumerate(rows, start=1):
        try:
            yield number, layout.event({**row}, "")
        except RejectedRowError:
            continue


def events_of(upload: Path, folder: Path) -> list[tuple[Any, ...]]:
    found = read(upload, folder / "rows.parquet")
    canonical(folder / "rows.parquet", found, as_proposed(found), folder)
    table = pq.read_table(folder / "events.parquet")
    names = ("row", "user", "time_ms", "type", "amount", "quantity", "product", "order_id", "geography")
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


def expected(rows: list[dict[str, str]]) -> list[tuple[Any, ...]]:
    found = [
        (n, e.user_id, e.time, e.type, e.amount, e.quantity, e.product, e.order_id, e.geography)
        for n, e in replayed(rows)
    ]
    return sorted(found, key=lambda event: (event[2], event[0]))


def test_its_events_are_those_of_the_replay(rows: list[dict[str, str]], tmp_path: Path) -> None:
    with (tmp_path / "upload").open("wb") as out, zstandard.open(RETAIL, "rb") as file:
        out.write(file.read())
    assert events_of(tmp_path / "upload", tmp_path) == expected(rows)


def test_a_part_saved_in_other_ways_is_the_same(rows: list[dict[str, str]], tmp_path: Path) -> None:
    """With semicolons, decimal commas, days first and in Latin-1; and as a workbook."""
    part = rows[:PART]
    head = list(part[0])

    def at(row: dict[str, str]) -> dt.datetime:
        return dt.datetime.fromtimestamp(Times()(row["InvoiceDate"]) / 1000, dt.UTC)

    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(head)
    for row in part:
        changed = {
            "InvoiceDate": at(row).strftime("%d.%m.%Y %H:%M:%S"), "UnitPrice": row["UnitPrice"].replace(".", ",")
        }  # fmt: skip
        writer.writerow([changed.get(name, row[name]) for name in head])
    (tmp_path / "german").write_bytes(out.getvalue().encode("latin-1", "replace"))
    numbers = {"Quantity": int, "UnitPrice": float, "CustomerID": float}

    def cell(row: dict[str, str], name: str) -> object:
        if name == "InvoiceDate":
            return at(row)
        return numbers[name](row[name]) if name in numbers and row[name] else row[name]

    workbook(tmp_path / "book", head, [[cell(row, name) for name in head] for row in part])
    wanted = expected(part)
    assert len(wanted) > PART / 2
    for name in ("german", "book"):
        assert events_of(tmp_path / name, tmp_path) == wanted, name
