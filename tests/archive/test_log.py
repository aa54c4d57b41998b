"""Each offset once, whoever writes; and what is no archive is refused."""

import json
from pathlib import Path

import pytest
from deltalake import DeltaTable, write_deltalake

from archive.address import AddressError, address_of
from archive.errors import ArchiveAwayError, ArchiveError, FencedError, MissingArchiveError
from archive.log import ArchiveLog, open_log
from tests.archive.contents import day_table, days
from tests.archive.logs import DAY, START, TOPIC, archive, archive_at, event, mark, part, some, table


def offsets(found: ArchiveLog, partition: int) -> list[int]:
    kept = [day_table(found, day) for day in days(found)]
    return sorted(r["offset"] for rows in kept for r in rows.to_pylist() if r["partition"] == partition)


def test_positions_are_those_of_what_is_in_it(tmp_path: Path) -> None:
    logs = some(1, 400)
    found = archive(tmp_path / "log", logs)
    again = open_log(address_of(tmp_path / "log"), TOPIC)
    assert again.positions(3) == {p: len(log) for p, log in logs.items()}
    for partition, log in logs.items():
        assert offsets(again, partition) == list(range(len(log)))
    assert again.version == found.version


def test_what_is_appended_twice_is_in_it_once(tmp_path: Path) -> None:
    found = archive_at(tmp_path)
    one = {0: part(0, 0, [mark(START), mark(START + DAY)])}
    found.append(one)
    with pytest.raises(FencedError, match="goes on at"):
        found.append(one)
    with pytest.raises(FencedError, match="goes on at"):
        found.append({0: part(0, 3, [mark(START)])})
    assert offsets(found, 0) == [0, 1]


def test_who_has_not_seen_the_others_append_is_fenced(tmp_path: Path) -> None:
    one, other = archive_at(tmp_path), archive_at(tmp_path)
    one.append({0: part(0, 0, [mark(START)])})
    with pytest.raises(FencedError, match="Concurrent transaction"):
        other.append({0: part(0, 0, [mark(START)]), 1: part(1, 0, [mark(START)])})
    other.append({1: part(1, 0, [mark(START)])})  # another partition is in nobody's way
    with pytest.raises(FencedError, match="goes on at"):
        other.append({0: part(0, 0, [mark(START)])})
    one.refresh()
    assert one.positions(2) == {0: 1, 1: 1}
    assert (offsets(one, 0), offsets(one, 1)) == ([0], [0])


def test_positions_outlive_checkpoints_of_the_table(tmp_path: Path) -> None:
    found = archive_at(tmp_path)
    found.append({1: part(1, 0, [mark(START)])})
    for n in range(101):
        found.append({0: part(0, n, [mark(START)])})
    assert list((tmp_path / "_delta_log").glob("*.checkpoint.parquet"))
    for entry in (tmp_path / "_delta_log").glob("*.json"):
        if int(entry.stem) < 50:
            entry.unlink()
    assert open_log(address_of(tmp_path)).positions(2) == {0: 101, 1: 1}


def test_late_events_land_in_their_own_day(tmp_path: Path) -> None:
    found = archive_at(tmp_path)
    found.append(
        {
            0: part(
                0, 0, [event("user-1", "a", START + 9 * DAY), event("user-1", "b", START, at=START + 9 * DAY)]
            )
        }
    )
    assert [(str(day), rows) for day, rows in days(found).items()] == [("2024-01-01", 1), ("2024-01-10", 1)]


def test_entries_of_the_log_name_no_user(tmp_path: Path) -> None:
    archive(tmp_path, {0: [event("user-1", "a", START)]})
    entries = b"".join(p.read_bytes() for p in (tmp_path / "_delta_log").glob("*.json"))
    assert b"user-1" not in entries
    assert b"numRecords" in entries


def test_any_reader_of_delta_tables_can_read_it(tmp_path: Path) -> None:
    logs = some(2, 300)
    archive(tmp_path, logs)
    found = (
        DeltaTable(str(tmp_path))
        .to_pyarrow_table()
        .sort_by([("partition", "ascending"), ("offset", "ascending")])
    )
    assert found["value"].to_pylist() == [r.value for p in sorted(logs) for r in logs[p]]


def test_orphans_and_former_files_go_when_they_are_old_enough(tmp_path: Path) -> None:
    found = archive(tmp_path, some(4, 300))
    orphans = found.files.write(table(0, 0, [mark(START)]))  # as a crash leaves them
    kept = {file.path for file in found.content()}
    assert found.vacuum() == 0
    assert (tmp_path / orphans[0].path).exists()
    assert found.vacuum(0) == 1
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.glob("day=*/*.parquet")} == kept


def test_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(MissingArchiveError, match="ebbwatch archiver"):
        open_log(address_of(tmp_path / "nowhere"))


def test_a_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ArchiveError, match="no archive"):
        archive_at(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["letter.txt"]


def test_a_table_of_other_things_is_refused(tmp_path: Path) -> None:
    write_deltalake(tmp_path, table(0, 0, [mark(START)]))
    with pytest.raises(ArchiveError, match="no archive of this version"):
        archive_at(tmp_path)


def test_another_topic_is_refused(tmp_path: Path) -> None:
    archive_at(tmp_path)
    with pytest.raises(ArchiveError, match=f"id {TOPIC}, but the topic has id other"):
        open_log(address_of(tmp_path), "other")


def test_a_damaged_log_is_refused(tmp_path: Path) -> None:
    archive(tmp_path, some(5, 100))
    entry = sorted((tmp_path / "_delta_log").glob("*.json"))[1]
    entry.write_text(json.dumps({"add": 3}))
    with pytest.raises(ArchiveError, match=str(tmp_path)):
        open_log(address_of(tmp_path), TOPIC)


def test_a_disk_that_does_not_take_it_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = archive_at(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("archive.files.os.fsync", full)
    with pytest.raises(ArchiveAwayError, match="No space left"):
        found.append({0: part(0, 0, [mark(START)])})
    monkeypatch.undo()
    found.append({0: part(0, 0, [mark(START)])})
    assert offsets(found, 0) == [0]


@pytest.mark.parametrize("text", ["", "  ", "ftp://host/x", "http://host/x"])
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(AddressError):
        address_of(text)


def test_addresses() -> None:
    assert address_of("file:///a/b/").folder == Path("/a/b")
    assert address_of("s3://bucket/a/").url == "s3://bucket/a"
    assert address_of("s3://bucket/a").folder is None
    assert address_of("a").folder == Path("a").absolute()


def test_a_last_entry_without_its_bytes_is_a_commit_that_did_not_happen(tmp_path: Path) -> None:
    found = archive_at(tmp_path)
    found.append({0: part(0, 0, [mark(START)])})
    found.append({0: part(0, 1, [mark(START)])})
    (tmp_path / "_delta_log" / f"{found.version:020d}.json").write_bytes(b"")  # as power loss may leave it
    again = archive_at(tmp_path)
    assert again.positions(1) == {0: 1}
    assert offsets(again, 0) == [0]
    again.append({0: part(0, 1, [mark(START)])})
    assert offsets(archive_at(tmp_path), 0) == [0, 1]
