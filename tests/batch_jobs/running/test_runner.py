"""Jobs one after the other: what fails takes nothing away from the others."""

from collections.abc import Collection
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from batch_jobs.job import Job, Part
from batch_jobs.results.results import Results
from batch_jobs.results.run import Basis
from batch_jobs.running.lease import LostError
from batch_jobs.running.order import UnknownJobError, chosen
from batch_jobs.running.runner import Bench, Outcome, run, stale
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


def perform(these: list[Part], results: Results, day: int = 1, again: bool = False) -> list[Outcome]:
    clock = count(1000)
    bench = Bench(results, Held(), lambda: next(clock), again)
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


def test_a_runner_that_lost_its_lease_ends_and_shows_nothing(results: Results) -> None:
    bench = Bench(results, Lost(), lambda: 1)
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
