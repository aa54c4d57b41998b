"""Folders by as-of: whole or not there; erased users leave them."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_jobs.segments.folders import erase, folder_of, last_before, replacing
from tests.batch_jobs.rows import midnight

FIRST, SECOND, THIRD = (midnight(date(2024, 5, day)) for day in (1, 8, 15))


def write(root: Path, day: int, users: list[str]) -> None:
    with replacing(root, midnight(date(2024, 5, day))) as fresh:
        pq.write_table(pa.table({"user": users, "n": range(len(users))}), fresh / "members.parquet")


def test_a_run_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    write(tmp_path, 1, ["a"])
    with pytest.raises(ZeroDivisionError), replacing(tmp_path, FIRST) as fresh:
        fresh.joinpath("members.parquet").write_text(str(1 // 0))
    assert pq.read_table(folder_of(tmp_path, FIRST) / "members.parquet")["user"].to_pylist() == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["as_of=2024-05-01"]


def test_a_second_run_of_a_day_replaces_the_first(tmp_path: Path) -> None:
    write(tmp_path, 1, ["a"])
    write(tmp_path, 1, ["b"])
    assert pq.read_table(folder_of(tmp_path, FIRST) / "members.parquet")["user"].to_pylist() == ["b"]
    assert len(list(tmp_path.iterdir())) == 1


def test_this_run_and_the_one_before_are_kept(tmp_path: Path) -> None:
    for day in (1, 8, 15):
        write(tmp_path, day, ["a"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["as_of=2024-05-08", "as_of=2024-05-15"]
    assert last_before(tmp_path, THIRD) == folder_of(tmp_path, SECOND)
    assert last_before(tmp_path, THIRD, included=True) == folder_of(tmp_path, THIRD)
    assert last_before(tmp_path, FIRST) is None


def test_a_day_of_the_past_may_be_run_again(tmp_path: Path) -> None:
    write(tmp_path, 8, ["a"])
    write(tmp_path, 1, ["a"])
    assert len(list(tmp_path.iterdir())) == 2
    assert last_before(tmp_path, SECOND) == folder_of(tmp_path, FIRST)


def test_erased_users_leave_every_table_of_every_run(tmp_path: Path) -> None:
    write(tmp_path, 1, ["a", "b", "c"])
    write(tmp_path, 8, ["b", "d"])
    assert erase(tmp_path, ["b", "x"]) == 2
    assert erase(tmp_path, ["b", "x"]) == 0
    tables = [pq.read_table(path) for path in sorted(tmp_path.glob("*/*.parquet"))]
    assert [table["user"].to_pylist() for table in tables] == [["a", "c"], ["d"]]
    assert [table["n"].to_pylist() for table in tables] == [[0, 2], [1]]
    assert erase(tmp_path / "nowhere", ["b"]) == 0
