"""The log's order, days, and what has changed."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from archive import reading
from archive.compaction import compact
from archive.errors import ArchiveError
from archive.files import _LAYOUT
from archive.log import ArchiveLog
from archive.reading import changed_days, in_log_order
from tests.archive.contents import addresses, day_table, days
from tests.archive.logs import DAY, START, Told, archive, archive_at, erasure, event, mark, part, some, table

FIRST = date(2024, 1, 1)


def read(found: ArchiveLog, partition: int, start: int = 0, **options: int) -> list[tuple[int, bytes | None]]:
    parts = list(in_log_order(found, partition, start, **options))
    return [(row["offset"], row["value"]) for rows in parts for row in rows.to_pylist()]


def told(log: list[Told], start: int, stop: int) -> list[tuple[int, bytes | None]]:
    return [(n, log[n].value) for n in range(start, min(stop, len(log)))]


@pytest.mark.parametrize("seed", range(6))
def test_a_partition_comes_in_the_logs_order_from_anywhere(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_LAYOUT, "row_group_size", 7)
    random = Random(seed)
    logs = some(seed, 300)
    found = archive(tmp_path, logs, batch=[20, 60, 1000][seed % 3])
    if seed % 2:
        compact(found, FIRST + timedelta(days=random.randrange(9)))
    for partition, log in logs.items():
        assert read(found, partition) == told(log, 0, len(log))
        start, length = random.randrange(len(log)), random.randrange(1, 99)
        assert read(found, partition, start, stop=start + length) == told(log, start, start + length)
        assert read(found, partition, start, most=11) == told(log, start, len(log))
        sizes = [rows.num_rows for rows in in_log_order(found, partition, start, most=11)]
        assert max(sizes) <= 11
        assert read(found, partition, len(log)) == []
    assert read(found, 5) == []


def test_row_groups_are_held_no_longer_than_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = [event(f"user-{n % 9}", f"e{n}", START + n * DAY // 50) for n in range(1000)]
    found = archive(tmp_path, {0: log}, batch=50)
    held: list[int] = []
    split = reading._split

    def spied(parts: list[pa.Table], upto: int) -> tuple[pa.Table, list[pa.Table]]:
        held.append(sum(rows.num_rows for rows in parts))
        return split(parts, upto)

    monkeypatch.setattr(reading, "_split", spied)
    assert len(read(found, 0)) == 1000
    assert max(held) <= 100


def test_days_in_the_order_of_partition_and_offset(tmp_path: Path) -> None:
    logs = some(7, 300)
    found = archive(tmp_path, logs, batch=17)
    whole = pa.concat_tables([table(p, 0, log) for p, log in logs.items()]).to_pylist()
    for day, rows in days(found).items():
        expected = [row for row in whole if row["day"] == day]
        assert day_table(found, day).to_pylist() == expected
        assert day_table(found, day, ["offset"]).to_pylist() == [
            {"offset": row["offset"]} for row in expected
        ]
        assert rows == len(expected)
    assert sum(days(found).values()) == len(whole)
    assert day_table(found, date(1999, 1, 1)).num_rows == 0
    assert len(addresses(found)) == len(found.content())
    assert all(Path(address).exists() for address in addresses(found))


def test_changes_are_told_by_day_and_compaction_is_none(tmp_path: Path) -> None:
    found = archive_at(tmp_path)
    before = found.version
    assert changed_days(found, before) == set()
    for n in range(3):
        found.append({0: part(0, 2 * n, [mark(START), mark(START + 5 * DAY)])})
    assert changed_days(found, before) == {FIRST, date(2024, 1, 6)}
    before = found.version
    assert compact(found, date(2024, 2, 1)) > 0
    assert changed_days(found, before) == set()
    found.append({0: part(0, 6, [erasure("user-1", START)])})
    assert changed_days(found, before) == {FIRST}
    (tmp_path / "_delta_log" / f"{before + 1:020d}.json").unlink()
    assert changed_days(found, before) is None


def test_a_missing_offset_is_said(tmp_path: Path) -> None:
    found = archive(tmp_path, {0: [mark(START + n * DAY) for n in range(10)]}, batch=10)
    assert [n for n, _ in read(found, 0)] == list(range(10))
    third = next(file for file in found.content() if file.day == date(2024, 1, 3))
    found.replace([third], table(0, 0, []), new_data=True)
    with pytest.raises(ArchiveError, match="partition 0, offset 2 is missing"):
        read(found, 0)
    assert len(read(found, 0, 3)) == 7


def test_an_archive_that_began_late_says_so(tmp_path: Path) -> None:
    found = archive_at(tmp_path)
    found.append({0: part(0, 5, [mark(START)])})
    with pytest.raises(ArchiveError, match="partition 0, offset 0 is missing"):
        read(found, 0)
    assert len(read(found, 0, 5)) == 1


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    found = archive(tmp_path, {0: [mark(START)]})
    (path,) = map(Path, addresses(found))
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ArchiveError, match=path.name):
        read(found, 0)
