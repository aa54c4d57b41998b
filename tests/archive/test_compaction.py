"""Fewer files, the same records."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archive.compaction import ENOUGH_FILES, MOST_ROWS, compact, plan
from archive.errors import FencedError
from archive.log import ArchiveLog, File
from tests.archive.contents import addresses, day_table, days
from tests.archive.logs import START, archive, archive_at, mark, part, some

DAY = date(2024, 1, 1)
LATER = DAY + timedelta(days=30)


def file(name: str, rows: int, day: date = DAY) -> File:
    return File(name, day, rows, rows, 0, rows)


def names(files: list[File], newest: date) -> list[str]:
    return ["".join(f.path for f in group) for group in plan(files, newest)]


def everything(found: ArchiveLog) -> pa.Table:
    return pa.concat_tables([day_table(found, day) for day in days(found)])


def test_a_growing_day_waits_for_enough_of_one_size() -> None:
    small = [file(str(n), 10) for n in range(ENOUGH_FILES)]
    assert names(small[1:], DAY) == []
    assert names(small, DAY) == ["01234567"]
    assert names([*small[1:], file("x", 100)], DAY) == []
    assert names([*small, file("x", 100), file("y", 10, DAY + timedelta(days=1))], DAY) == ["01234567"]


def test_a_settled_day_becomes_as_few_as_fit() -> None:
    half = MOST_ROWS // 2
    files = [file("a", 3), file("b", half - 1), file("c", half - 1), file("d", half - 2), file("e", half)]
    assert names(files, LATER) == ["adb"]
    assert names([file("a", 3)], LATER) == []
    assert names([file("a", MOST_ROWS), file("b", MOST_ROWS)], LATER) == []


def test_rows_stay_and_lie_in_order_in_one_file_a_day(tmp_path: Path) -> None:
    found = archive(tmp_path, some(1, 300), batch=20)
    before, many = everything(found), len(found.content())
    positions = found.positions(2)
    assert compact(found, LATER) == many - len(days(found))
    assert everything(found).equals(before)
    assert len(found.content()) == len(days(found))
    assert found.positions(2) == positions
    for address in addresses(found):
        rows = pq.ParquetFile(address).read(columns=["partition", "offset"]).to_pylist()
        assert rows == sorted(rows, key=lambda r: (r["partition"], r["offset"]))
    assert compact(found, LATER) == 0
    found.vacuum(0)
    assert everything(found).equals(before)


def test_appends_meanwhile_are_kept_and_a_second_compaction_is_refused(tmp_path: Path) -> None:
    found = archive(tmp_path, {0: [mark(START + n) for n in range(20)]}, batch=2)
    other, writer = archive_at(tmp_path), archive_at(tmp_path)
    writer.append({0: part(0, 20, [mark(START)])})
    assert compact(found, LATER) == 9
    with pytest.raises(FencedError):
        compact(other, LATER)
    writer.refresh()
    assert everything(writer)["offset"].to_pylist() == list(range(21))
