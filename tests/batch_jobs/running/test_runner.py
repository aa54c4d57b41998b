"""Jobs one after the other: what fails takes nothing away from the others."""

from collections.abc import Callable, Collection
from datetime import date
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest

from batch_jobs.job import Deferred, Job, Part, Progress, Tables
from batch_jobs.results.results import Results
from batch_jobs.results.run import Basis
from batch_jobs.running.lease import LostError
from batch_jobs.running.order import UnknownJobError, chosen
from batch_jobs.running.runner import Bench, Outcome, run, stale
from batch_jobs.star.star import Star
from storage.files import Storage
from tests.batch_jobs.running.jobs import Counted, failing, parts
from tests.batch_jobs.running.stars import at, star

AS_OF = at("2024-05-01")


def basis(day: int = 1) -> Basis:
    return Basis(as_of=date(2024, 5, day), settings="s", archive="7")


class Held:
    def check(self) -> None:
        """For ever."""


class Lost:
    def check(self) -> None:
        raise LostError("gone")


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(Storage(str(tmp_path), "results"))


def perform(
    these: list[Part],
    results: Results,
    day: int = 1,
    again: bool = False,
    changed: Callable[[str], date | None] = lambda _: None,
) -> list[Outcome]:
    clock = count(1000)
    bench = Bench(results, Held(), lambda: next(clock), changed, again)
    return run(these, star(AS_OF, {}), basis(day), bench, lambda _job: lambda _what, _share: None)


def test_a_failure_leaves_the_others_and_its_last_good_result(results: Results) -> None:
    broken: list[Exception | None] = [None]
    bad = Counted("bad", lambda: broken[0])
    these = parts(
        (Counted("good"), ()), (bad, ()), (Counted("after"), ("bad",)), (Counted("last"), ("good",))
    )
    assert [outcome.state for outcome in perform(these, results)] == ["done"] * 4
    broken[0] = failing("nothing to divide by: record more")()
    found = perform(these, results, day=2)
    assert [outcome.state for outcome in found] == ["done", "failed", "left_out", "done"]
    assert found[1].fault == "nothing to divide by: record more"
    assert found[2].fault == "needs bad, which failed"
    current, attempt = results.current("bad"), results.attempt("bad")
    assert current is not None
    assert attempt is not None
    assert (current.basis, attempt.as_of, attempt.fault) == (basis(1), basis(2).as_of, found[1].fault)
    assert attempt.ended is not None
    broken[0] = ZeroDivisionError("of a library")
    assert perform(these, results, day=2)[1].fault == "ZeroDivisionError: of a library"


def test_the_same_basis_is_not_computed_again_unless_asked(results: Results) -> None:
    job = Counted("job")
    these = parts((job, ()))
    perform(these, results)
    assert perform(these, results) == [Outcome(job="job", state="unchanged", rows={"counts": 1})]
    assert stale(these, basis(), results) == []
    assert job.runs == 1
    assert perform(these, results, again=True)[0].state == "done"
    assert stale(these, basis(2), results) == ["job"]
    assert perform(these, results, day=2)[0].state == "done"
    assert job.runs == 3


class GoingOn(Counted):
    """Remembers how it was asked to go on."""

    def __init__(self) -> None:
        super().__init__("job")
        self.since: list[date] = []

    def refresh(self, star: Star, last: Tables, since: date, progress: Progress) -> Tables:
        """One run more than `last` says."""
        self.since.append(since)
        return {"counts": pa.table({"runs": [last["counts"]["runs"][0].as_py() + 100]})}


@pytest.mark.parametrize("deferred", [False, True])
def test_a_job_goes_on_from_its_last_run_where_that_can_be_told(
    results: Results, tmp_path: Path, deferred: bool
) -> None:
    job = GoingOn()
    these = parts((Deferred("job", lambda: job) if deferred else job, ()))

    def found() -> int:
        read = results.read("job")
        assert read is not None
        count_: int = read[1]["counts"]["runs"][0].as_py()
        return count_

    perform(these, results, 2, changed=lambda _: date.max)
    assert (found(), job.since) == (1, [])
    perform(these, results, 3, changed=lambda _: date.max)  # only the new day
    perform(these, results, 4, changed=lambda _: date(2024, 4, 7))  # and late events
    assert (found(), job.since) == (201, [date(2024, 5, 2), date(2024, 4, 7)])
    perform(these, results, 5)  # it cannot be told what has changed
    assert (found(), job.runs) == (2, 2)
    perform(these, results, 4, changed=lambda _: date.max)  # an earlier day
    assert (found(), job.runs) == (3, 3)
    perform(these, results, 6, again=True, changed=lambda _: date.max)
    assert (found(), job.runs) == (4, 4)
    current = results.current("job")
    assert current is not None
    (tmp_path / "job" / current.id / "counts.parquet").write_bytes(b"x")
    perform(these, results, 7, changed=lambda _: date.max)
    assert (found(), job.runs) == (5, 5)


def test_a_runner_that_lost_its_lease_ends_and_shows_nothing(results: Results) -> None:
    bench = Bench(results, Lost(), lambda: 1, lambda _: None)
    these = parts((Counted("first"), ()), (Counted("second"), ()))
    with pytest.raises(LostError):
        run(these, star(AS_OF, {}), basis(), bench, lambda _job: lambda _what, _share: None)
    assert results.current("first") is None


@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        ((), "abcd"),
        (("d",), "abd"),
        (("c",), "c"),
        (("c", "b"), "abc"),
    ],
)
def test_a_job_comes_with_what_it_needs(wanted: Collection[str], order: str) -> None:
    jobs: dict[str, Job] = {name: Counted(name) for name in "abcd"}
    these = parts((jobs["a"], ()), (jobs["b"], ("a",)), (jobs["c"], ()), (jobs["d"], ("b",)))
    assert "".join(part.job.name for part in chosen(these, wanted)) == order


def test_an_unknown_job_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(UnknownJobError, match="no job x: a, b are there"):
        chosen(parts((Counted("a"), ()), (Counted("b"), ())), ("a", "x"))
