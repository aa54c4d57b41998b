"""What the archiver decides, without Kafka."""

from datetime import date
from pathlib import Path

import pytest

from archive.errors import FencedError
from archive.log import ArchiveLog
from stream_processors.archiver import _append, newest_day
from stream_processors.archiver_batch import MOST_BYTES, Batch
from stream_processors.archiver_topic import Taken
from tests.archive.logs import DAY, FACTS, START, archive, archive_at, event, mark, part


def taken(count: int, first: int = 0) -> list[Taken]:
    return [Taken(*event("user-1", f"e{first + n}", START + n)) for n in range(count)]


def test_a_batch_is_due_by_number_by_age_and_by_size() -> None:
    batch = Batch(2, FACTS)
    assert not batch.due(100.0, 1, 0.0)
    batch.add(0, 7, taken(3), 100.0)
    assert not batch.due(101.9, 4, 2.0)
    assert batch.due(102.0, 4, 2.0)
    batch.add(1, 0, taken(1), 101.0)
    assert batch.due(101.0, 4, 2.0)
    assert batch.waiting() == {0: 3, 1: 1}
    batch.add(1, 1, [Taken(None, b"x" * MOST_BYTES, START)], 101.0)
    assert batch.due(101.0, 1000, 1000.0)


def test_its_parts_follow_each_other_by_partition() -> None:
    batch = Batch(2, FACTS)
    batch.add(0, 7, taken(3), 1.0)
    batch.add(1, 0, taken(1), 1.0)
    batch.add(0, 10, taken(2, 3), 2.0)
    parts = batch.parts()
    assert {p: (part.first, part.next) for p, part in parts.items()} == {0: (7, 12), 1: (0, 1)}
    assert parts[0].rows["offset"].to_pylist() == [7, 8, 9, 10, 11]
    assert (batch.records, batch.parts()) == (0, {})
    batch.add(0, 12, taken(1), 9.0)
    assert not batch.due(9.5, 10, 1.0)


def test_what_was_committed_without_an_answer_is_not_appended_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = archive_at(tmp_path)
    parts = {0: part(0, 0, [mark(START)]), 1: part(1, 0, [mark(START)])}
    settle = found.files.settle

    def lost(versions: range) -> None:
        settle(versions)
        raise OSError("the answer is lost")

    monkeypatch.setattr(found.files, "settle", lost)
    with pytest.raises(Exception, match="the answer is lost"):
        _append(found, parts)
    monkeypatch.undo()
    _append(found, parts)
    assert sum(file.rows for file in found.content()) == 2
    assert found.positions(2) == {0: 1, 1: 1}


def test_who_finds_others_records_gives_up(tmp_path: Path) -> None:
    found, other = archive_at(tmp_path), archive_at(tmp_path)
    other.append({0: part(0, 0, [mark(START)])})
    with pytest.raises(FencedError, match="another archiver"):
        _append(found, {0: part(0, 0, [mark(START), mark(START)])})


def test_a_day_that_is_ahead_of_today_makes_none_settled(tmp_path: Path) -> None:
    found: ArchiveLog = archive(tmp_path, {0: [mark(START), mark(START + 400 * DAY)]})
    assert newest_day(found, date(2024, 1, 5)) == date(2024, 1, 1)
    assert newest_day(archive_at(tmp_path / "empty"), date(2024, 1, 5)) == date.min
