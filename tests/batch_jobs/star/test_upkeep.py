"""What a refresh touches, what it refuses, and what stays when it fails."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from batch_jobs.star import people
from batch_jobs.star.errors import StarError
from batch_jobs.star.log import Log, Place
from tests.batch_jobs.star import slow
from tests.batch_jobs.star.archives import Archive, day, ordered
from tests.batch_jobs.star.happened import DAY, HOUR, MONDAY, SETTINGS, Happened

FIRST = day(MONDAY)


def seen(user: str, at: int, number: int, kind: str = "page_view", partition: int = 0) -> Happened:
    return Happened(user, MONDAY + at, kind, f"e{number}", partition, number, {})


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path, SETTINGS)


def opened(archive: Archive) -> Log:
    return Log(Place(str(archive.log)))


def test_a_refresh_writes_only_whom_the_day_concerns(archive: Archive) -> None:
    archive.add([seen("old", 0, 0), seen("quiet", HOUR, 1), seen("new", 3 * DAY, 2)])
    archive.refresh(FIRST + timedelta(days=3))
    archive.refresh(FIRST + timedelta(days=4))
    manifest = archive.tables.manifest()
    assert manifest is not None
    assert [run.rows for run in manifest.runs] == [2, 1]
    # and those whose silence passes the limit
    archive.refresh(FIRST + timedelta(days=31))
    manifest = archive.tables.manifest()
    assert manifest is not None
    assert manifest.runs[-1].rows == 2
    lost = {row["user"]: row["lost"] for row in archive.star(FIRST + timedelta(days=31))["users"]}
    assert lost == {"old": MONDAY + 30 * DAY, "quiet": MONDAY + 30 * DAY + HOUR, "new": None}


def test_nothing_new_writes_nothing(archive: Archive) -> None:
    archive.add([seen("ann", 0, 0)])
    archive.refresh(FIRST + timedelta(days=1))
    before = archive.tables.manifest()
    archive.refresh(FIRST + timedelta(days=1))
    assert archive.tables.manifest() == before


def test_an_as_of_before_the_first_event_gives_empty_tables(archive: Archive) -> None:
    archive.add([seen("ann", 0, 0)])
    archive.refresh(FIRST)
    assert archive.star(FIRST) == {name: [] for name in slow.star([], 0, SETTINGS)}
    archive.refresh(FIRST + timedelta(days=1))
    assert archive.star(FIRST)["users"] == []


def test_of_an_erased_user_nothing_is_left(archive: Archive) -> None:
    happened = [seen("ann", 0, 0), seen("bob", HOUR, 1), seen("ann", DAY, 2), seen("bob", 2 * DAY, 3)]
    archive.add(happened)
    end = FIRST + timedelta(days=3)
    archive.refresh(end)
    DeltaTable(archive.log).delete("user = 'ann'")  # as the archive carries an erasure out
    archive.refresh(end)
    bobs = [h for h in happened if h.user == "bob"]
    assert archive.star(end)["users"] == slow.star(bobs, MONDAY + 3 * DAY, SETTINGS)["users"]
    archive.tables.vacuum()
    manifest = archive.tables.manifest()
    assert manifest is not None
    assert len(manifest.runs) == 1


def test_old_runs_become_one(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_SHARE", 1)
    happened = [seen("ann", n * DAY, n) for n in range(8)]
    archive.add(happened)
    for n in range(1, 9):
        archive.refresh(FIRST + timedelta(days=n))
    manifest = archive.tables.manifest()
    assert manifest is not None
    assert len(manifest.runs) < 5
    expected = slow.star(happened, MONDAY + 8 * DAY, SETTINGS)
    assert archive.star(FIRST + timedelta(days=8)) == {name: ordered(rows) for name, rows in expected.items()}


def test_the_clock_is_that_of_the_partition_that_is_behind(archive: Archive) -> None:
    archive.add([seen("ann", 0, 0), seen("bob", 0, 1, partition=1)])
    assert opened(archive).clock() is None
    archive.add([], MONDAY + 5 * DAY + HOUR, [0])
    assert opened(archive).clock() is None
    archive.add([], MONDAY + 2 * DAY + HOUR, [1])
    clock = opened(archive).clock()
    assert clock is not None
    assert clock.timestamp() * 1000 == MONDAY + 2 * DAY + HOUR


def test_no_archive_and_foreign_tables_are_refused(archive: Archive) -> None:
    with pytest.raises(StarError, match="no archived log yet"):
        opened(archive)
    write_deltalake(str(archive.log), pa.table({"a": [1]}))
    with pytest.raises(StarError, match="no archived log"):
        opened(archive)


@pytest.mark.parametrize("damage", ["gone", "garbled", "foreign"])
def test_a_damaged_file_is_named_and_the_last_good_star_stays(archive: Archive, damage: str) -> None:
    archive.add([seen("ann", 0, 0)])
    archive.refresh(FIRST + timedelta(days=1))
    before = archive.star(FIRST + timedelta(days=1))
    archive.add([seen("ann", DAY, 1)])
    file = next((archive.log / f"day={FIRST + timedelta(days=1)}").glob("*.parquet"))
    if damage == "gone":
        file.unlink()
    elif damage == "garbled":
        file.write_bytes(b"no Parquet")
    else:
        pq.write_table(pa.table({"a": [1]}), file)
    with pytest.raises(StarError, match=str(archive.log)) as refused:
        archive.refresh(FIRST + timedelta(days=2))
    assert "put the file back" in str(refused.value)
    assert archive.star(FIRST + timedelta(days=1)) == before
