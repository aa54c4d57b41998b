"""What is erased says nothing any more; all else stays."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from archive.compaction import compact
from archive.erasing import carry_out, rows_of_user, wishes
from archive.errors import FencedError
from archive.log import ArchiveLog
from domain.partitioner import partition_of
from tests.archive.contents import addresses, day_table, days
from tests.archive.logs import (
    DAY,
    PARTITIONS,
    START,
    Told,
    archive,
    archive_at,
    erasure,
    event,
    mark,
    part,
    some,
)

USER = "user-1"
HOME = partition_of(USER.encode(), PARTITIONS)


def everything(found: ArchiveLog) -> list[dict[str, Any]]:
    rows = pa.concat_tables([day_table(found, day) for day in days(found)]).to_pylist()
    return sorted(rows, key=lambda row: (row["partition"], row["offset"]))


def obvious(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What must be there, one row and one erasure at a time."""
    found = []
    wanted = [row for row in rows if row["kind"] == "erasure"]
    for row in rows:
        whose = {row["key"], (row["user"] or "").encode()}
        gone = any(
            wish["key"] in whose
            and (
                row["offset"] <= wish["offset"]
                if row["partition"] == wish["partition"]
                else row["appended"] <= wish["appended"]
            )
            for wish in wanted
        )
        kept = ("partition", "offset", "appended", "day")
        blank = dict.fromkeys(row) | {name: row[name] for name in kept} | {"kind": "erased"}
        found.append(blank if gone else row)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_rows_before_an_erasure_are_emptied_and_no_others(seed: int, tmp_path: Path) -> None:
    logs = some(seed, 500)
    found = archive(tmp_path, logs, batch=[30, 100, 2000][seed % 3])
    if seed % 2:
        compact(found, date(2024, 3, 1))
    expected = obvious(everything(found))
    assert carry_out(found) == sum(row["kind"] == "erased" for row in expected)
    assert everything(found) == expected
    assert found.positions(PARTITIONS) == {p: len(log) for p, log in logs.items()}
    assert wishes(found) == []
    version = found.version
    assert carry_out(found) == 0
    assert found.version == version


def test_who_comes_back_is_a_stranger(tmp_path: Path) -> None:
    log = [event(USER, "a", START), erasure(USER, START + 1), event(USER, "b", START + DAY)]
    found = archive(tmp_path, {HOME: log})
    assert carry_out(found) == 2
    assert [row["event_id"] for row in rows_of_user(found, USER)] == ["b"]
    found.append({HOME: part(HOME, 3, [erasure(USER, START + 2 * DAY)])})
    assert carry_out(found) == 2
    assert rows_of_user(found, USER) == []


def test_what_was_sent_to_a_wrong_partition_goes_too(tmp_path: Path) -> None:
    abroad = [event(USER, "a", START), Told(b"somebody", event(USER, "b", START).value, START), mark(START)]
    found = archive(tmp_path, {1 - HOME: abroad, HOME: [erasure(USER, START + 5)]})
    assert len(rows_of_user(found, USER)) == 3
    assert carry_out(found) == 3
    assert [row["kind"] for row in everything(found) if row["partition"] != HOME] == [
        "erased",
        "erased",
        "mark",
    ]


def test_no_file_says_anything_once_they_are_vacuumed(tmp_path: Path) -> None:
    found = archive(
        tmp_path, {HOME: [event("zoe-the-first", f"e{n}", START + n * DAY) for n in range(5)]}, batch=2
    )

    def said() -> list[str]:
        return [str(p) for p in tmp_path.rglob("*") if p.is_file() and b"zoe-the-first" in p.read_bytes()]

    assert said()
    home = partition_of(b"zoe-the-first", PARTITIONS)
    found.append({home: part(home, 5 if home == HOME else 0, [erasure("zoe-the-first", START + 9 * DAY)])})
    assert carry_out(found) == 6
    assert said()  # whoever has begun to read may end
    found.vacuum(0)
    assert said() == []
    assert all(Path(address).exists() for address in addresses(found))


def dies_at(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies before its `number`-th commit."""
    replace: Callable[..., None] = ArchiveLog.replace
    left = [number]

    def dying(*arguments: Any, **options: Any) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        replace(*arguments, **options)

    monkeypatch.setattr(ArchiveLog, "replace", dying)


@pytest.mark.parametrize("number", range(4))
def test_a_crash_on_the_way_leaves_the_wish(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = [event(USER, f"e{n}", START + n * DAY) for n in range(3)]
    found = archive(tmp_path, {HOME: [*log, erasure(USER, START + 3 * DAY)]})
    dies_at(number, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        carry_out(found)
    monkeypatch.undo()
    again = archive_at(tmp_path)
    assert len(wishes(again)) == 1
    carry_out(again)
    assert {row["kind"] for row in everything(again)} == {"erased"}


def test_of_two_that_rewrite_one_is_refused(tmp_path: Path) -> None:
    found = archive(tmp_path, {HOME: [event(USER, "a", START), erasure(USER, START + 1)]})
    other = archive_at(tmp_path)
    carry_out(found)
    with pytest.raises(FencedError):
        carry_out(other)
    other.refresh()
    assert carry_out(other) == 0


def test_times_of_erasures_are_exact(tmp_path: Path) -> None:
    found = archive(tmp_path, {HOME: [erasure(USER, START + 1)]})
    assert [wish.appended for wish in wishes(found)] == [START + 1]
    assert everything(found)[0]["appended"] == datetime.fromtimestamp((START + 1) / 1000, UTC)
