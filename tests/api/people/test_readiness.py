"""The age of the batch jobs' results, in words."""

from datetime import date

from api.people.readiness import batch_age
from batch_jobs.results.run import Basis, Run

HOUR = 3_600_000


def run(day: int, finished: int) -> Run:
    basis = Basis(as_of=date(2024, 5, day), settings="s", archive="1")
    return Run(id="r", basis=basis, begun=0, finished=finished, tables={})


def test_the_oldest_result_is_told() -> None:
    runs = {"overview": run(3, 9 * HOUR), "survival": run(2, 5 * HOUR), "value": run(2, 6 * HOUR)}
    said = batch_age(runs, 7 * HOUR + HOUR // 2)
    assert said == "all jobs as of 2024-05-02 or later; survival finished 2.5 hours ago"
    assert batch_age({}, 0) == "no results yet"
    assert "0.0 hours" in batch_age({"value": run(2, 6 * HOUR)}, 5 * HOUR)
