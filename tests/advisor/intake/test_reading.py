"""The same lines, however they were saved, are the same events."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.intake.canonical import Canonical
from advisor.intake.described import Described
from advisor.intake.events import canonical
from advisor.intake.limits import Limits, RefusedFileError
from advisor.intake.mapping import as_proposed
from advisor.intake.reading import read
from tests.advisor.files import HEAD, Line, lines, text, workbook

LINES = lines(600, seed=3)
WAYS = {
    "plain": text(LINES).encode(),
    "with a mark": b"\xef\xbb\xbf" + text(LINES).encode(),
    "German": text(LINES, ";", ",", "%d.%m.%Y %H:%M:%S").encode("latin-1"),
    "American": text(LINES, ",", ".", "%m/%d/%Y %I:%M:%S %p").encode(),
    "British": text(LINES, "\t", ".", "%d/%m/%Y %H:%M:%S").encode("cp1252"),
    "UTF-16": text(LINES, ";", ",").encode("utf-16"),
    "UTF-16 without a mark": text(LINES, ";", ",").encode("utf-16-le"),
    "mixed": b"".join(
        line.encode("latin-1" if n % 2 else "utf-8")
        for n, line in enumerate(text(LINES).splitlines(keepends=True))
    ),
    "with zeros": text(LINES).encode().replace(b"Becher", b"Bech\x00er"),
    "titled": b"Sales of the year\n\n" + text(LINES).encode(),
}


def expected(rows: list[Line]) -> list[tuple[Any, ...]]:
    """Number, customer, milliseconds, type, amount, pieces, product; in order of time."""
    found = []
    for number, row in enumerate(rows, start=1):
        amount = (abs(row.pieces) * Decimal(row.price)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        time_ms = int(row.at.replace(tzinfo=dt.UTC).timestamp()) * 1000
        kind = "refund" if row.pieces < 0 else "purchase"
        found.append((number, row.customer, time_ms, kind, float(amount), abs(row.pieces), row.product))
    return sorted(found, key=lambda event: (event[2], event[0]))


def events_of(upload: Path, folder: Path) -> tuple[Described, Canonical, list[tuple[Any, ...]]]:
    found = read(upload, folder / "rows.parquet")
    told = canonical(folder / "rows.parquet", found, as_proposed(found), folder)
    table = pq.read_table(folder / "events.parquet")
    names = ("row", "user", "time_ms", "type", "amount", "quantity", "product")
    return found, told, list(zip(*(table[name].to_pylist() for name in names), strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_text_in_any_dialect(way: str, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(WAYS[way])
    found, told, events = events_of(tmp_path / "upload", tmp_path)
    assert (found.format, found.rows) == ("csv", len(LINES))
    assert events == expected(LINES)
    assert told.rows == told.events + sum(told.rejected.values()) == len(LINES)
    assert told.refunds == sum(row.pieces < 0 for row in LINES)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "events.parquet", "rejects.parquet", "rows.parquet", "upload",
    ]  # fmt: skip


def test_oddities_are_told(tmp_path: Path) -> None:
    notes = {}
    for way in ("mixed", "with zeros", "titled", "German"):
        (tmp_path / "upload").write_bytes(WAYS[way])
        found = read(tmp_path / "upload", tmp_path / "rows.parquet")
        notes[way] = " ".join(found.notes)
    assert "were each" in notes["mixed"] or "each was read as what it is" in notes["mixed"]
    assert "zero bytes were left out" in notes["with zeros"]
    assert "before the table" in notes["titled"]
    assert (found.encoding, found.delimiter) == ("cp1252", ";")


def test_a_workbook(tmp_path: Path) -> None:
    rows = [(r.customer, r.at, float(r.price), r.pieces, r.product) for r in LINES]
    workbook(tmp_path / "upload", HEAD, rows)
    found, _, events = events_of(tmp_path / "upload", tmp_path)
    assert (found.format, found.sheet) == ("excel", "Daten")
    assert events == expected(LINES)


def test_parquet(tmp_path: Path) -> None:
    columns = {
        "Customer ID": [r.customer for r in LINES],
        "Invoice Date": pa.array([r.at for r in LINES], pa.timestamp("ms")),
        "Unit Price": [float(r.price) for r in LINES],
        "Quantity": [r.pieces for r in LINES],
        "Product": [r.product for r in LINES],
        "tags": [["a", "b"]] * len(LINES),
    }
    pq.write_table(pa.table(columns), tmp_path / "upload")
    found, _, events = events_of(tmp_path / "upload", tmp_path)
    assert found.format == "parquet"
    assert "nested" in found.notes[0]
    assert events == expected(LINES)


def test_formulas_are_text_and_are_not_computed(tmp_path: Path) -> None:
    evil = [row._replace(product="=1+1") if n == 5 else row for n, row in enumerate(LINES)]
    (tmp_path / "upload").write_text(text(evil))
    *_, events = events_of(tmp_path / "upload", tmp_path)
    assert "=1+1" in {event[-1] for event in events}


def test_a_column_of_numbers_with_gaps_is_no_other_customer(tmp_path: Path) -> None:
    rows = [row._replace(customer=f"{17850 + n % 3}.0") for n, row in enumerate(LINES)]
    (tmp_path / "upload").write_text(text(rows))
    *_, events = events_of(tmp_path / "upload", tmp_path)
    assert {event[1] for event in events} == {"17850", "17851", "17852"}


def test_limits_are_kept(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(WAYS["plain"])
    for limits, reason in (
        (Limits(file_bytes=1000), "too_large"), (Limits(rows=10), "too_many_rows"),
        (Limits(columns=3), "too_many_columns"), (Limits(cell=20), "huge_line"),
    ):  # fmt: skip
        with pytest.raises(RefusedFileError) as refused:
            read(tmp_path / "upload", tmp_path / "rows.parquet", limits=limits)
        assert refused.value.reason == reason
        assert [path.name for path in tmp_path.iterdir()] == ["upload"]
