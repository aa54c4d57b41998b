"""Results are old or new, never half; what is kept; what is damaged is said."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from batch_jobs.results.errors import NoLongerThereError, ResultsError
from batch_jobs.results.results import Results
from batch_jobs.results.retention import kept
from batch_jobs.results.run import Attempt, Basis, Run
from storage.files import Storage
from tests.batch_jobs.results.storages import CrashError, Dying
from tests.object_store import BUCKET, object_store

DAY = date(2024, 5, 1)


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched, object_store(patched):
        yield


def basis(day: int) -> Basis:
    return Basis(as_of=DAY + timedelta(days=day), settings="s", archive=str(day))


def tables(number: int) -> dict[str, pa.Table]:
    return {
        name: pa.table({"number": [number] * number, "table": [name] * number}) for name in ("a", "b", "c")
    }


def put(results: Results, number: int) -> Run:
    return results.write("job", basis(number), tables(number), number, lambda: number + 1, lambda: None)


def numbers(results: Results) -> int | None:
    """Which run is read; all its tables must be of it."""
    found = results.read("job")
    if found is None:
        return None
    run, read = found
    assert set(read) == {"a", "b", "c"}
    assert all(set(table["number"].to_pylist()) == {run.begun} for table in read.values())
    assert run.basis == basis(run.begun)
    return run.begun


@pytest.fixture(params=["folder", "memory", "object store"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "object store":
        request.getfixturevalue("server")
        return Storage(f"s3://{BUCKET}/{tmp_path.name}", "results")
    return Storage(str(tmp_path) if request.param == "folder" else f"memory://{tmp_path.name}", "results")


def test_what_is_written_is_read(storage: Storage) -> None:
    results = Results(storage)
    assert results.read("job") is None
    run = put(results, 3)
    assert results.read("job") == (run, tables(3))
    assert run.tables["a"].rows == 3
    assert results.current("another") is None


def test_a_crash_between_any_two_steps_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    seen = set()
    for steps in range(30):
        address = str(tmp_path / str(steps))
        dying = Dying(address, "results")
        results = Results(dying, keep=2)
        for number in (1, 2, 3, 4):
            put(results, number)
        dying.left = steps
        try:
            put(results, 5)
        except CrashError:
            seen.add(numbers(Results(Storage(address, "results"))))
        else:
            break
        assert put(Results(Storage(address, "results"), keep=2), 6).begun == 6
        assert numbers(Results(Storage(address, "results"))) == 6
        folders = [path.name for path in (tmp_path / str(steps) / "job").iterdir() if path.is_dir()]
        assert len(folders) == 3, "what a killed runner has left is cleared away by the next"
    else:
        raise AssertionError("never got to the end")
    assert seen == {4, 5}


def test_who_has_lost_the_lease_shows_nothing(storage: Storage) -> None:
    results = Results(storage)
    put(results, 1)

    def lost() -> None:
        raise ResultsError("lost")

    with pytest.raises(ResultsError, match="lost"):
        results.write("job", basis(2), tables(2), 2, lambda: 3, lost)
    assert numbers(results) == 1


def test_former_runs_stay_for_comparison(storage: Storage) -> None:
    results = Results(storage, keep=3)
    for number in range(1, 7):
        put(results, number)
    pointer = results.pointer("job")
    assert pointer is not None
    assert [run.begun for run in pointer.runs] == [6, 5, 4, 3]
    before = results.before("job", basis(6).as_of)
    assert before is not None
    assert results.table("job", before, "a") == tables(5)["a"]
    assert results.before("job", basis(3).as_of) is None
    assert len(storage.names("job")) == 5


def runs(*days: int) -> list[Run]:
    return [Run(id=str(n), basis=basis(day), begun=n, finished=n, tables={}) for n, day in enumerate(days)]


@pytest.mark.parametrize(
    ("days", "most", "stay"),
    [
        ([], 3, []),
        ([5, 4, 3, 2], 2, [5, 4]),
        ([5, 5, 5, 4, 4, 3], 8, [5, 4, 3]),
        ([4, 5, 4, 3], 8, [4, 5, 3]),
    ],
)
def test_of_each_day_the_latest_stays(days: list[int], most: int, stay: list[int]) -> None:
    assert [run.basis.as_of for run in kept(runs(*days), most)] == [basis(day).as_of for day in stay]


def test_a_reader_that_is_too_slow_hears_it(tmp_path: Path) -> None:
    results = Results(Storage(str(tmp_path), "results"), keep=1)
    old = put(results, 1)
    for number in (2, 3):
        put(results, number)
    with pytest.raises(NoLongerThereError, match="no longer there"):
        results.table("job", old, "a")


def test_a_table_that_was_changed_is_refused(tmp_path: Path) -> None:
    results = Results(Storage(str(tmp_path), "results"))
    run = put(results, 1)
    (tmp_path / "job" / run.id / "b.parquet").write_bytes(b"PAR1 of somebody else")
    with pytest.raises(ResultsError, match=r"b\.parquet is not what was written: .*--again"):
        results.read("job")


@pytest.mark.parametrize(
    ("content", "message"), [(b"{", "cannot be read"), (b"[]", "cannot be read"), (None, "has layout 9")]
)
def test_a_foreign_pointer_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    results = Results(Storage(str(tmp_path), "results"))
    put(results, 1)
    path = tmp_path / "job" / "current.json"
    if content is None:
        content = msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | {"layout": 9})
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=rf"current\.json.*{message}"):
        results.read("job")


def test_old_runs_that_cannot_be_removed_do_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Stuck(Storage):
        def remove(self, name: str) -> None:
            raise ResultsError(f"{name} stays")

    results = Results(Stuck(str(tmp_path), "results"), keep=1)
    for number in (1, 2, 3):
        put(results, number)
    assert numbers(results) == 3
    assert "stays" in caplog.text


def test_attempts_are_remembered(storage: Storage) -> None:
    results = Results(storage)
    assert results.attempt("job") is None
    attempt = Attempt(as_of=DAY, begun=1, ended=2, fault="no")
    results.note("job", attempt)
    assert results.attempt("job") == attempt
    put(results, 1)
    assert results.attempt("job") == attempt


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    results = Results(Storage(str(tmp_path / "file"), "results", ResultsError))
    with pytest.raises(ResultsError, match=r"results .*file: cannot read"):
        put(results, 1)
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - names alone


READ_AND_END = """
import sys
from batch_jobs.results.results import open_results
results = open_results(sys.argv[1])
for _ in range(40):
    results.read("job")
"""


def test_a_process_that_ends_right_after_reading_ends_well(tmp_path: Path) -> None:
    """Of threads that still held what was read, an ending interpreter made an abort, in two runs of three."""
    put(Results(Storage(str(tmp_path), "results")), 1000)
    for _ in range(4):
        done = subprocess.run(
            [sys.executable, "-c", READ_AND_END, tmp_path], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
