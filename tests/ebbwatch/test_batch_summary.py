"""What the demo says at its end of the batch jobs, out of their real tables."""

import io
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from rich.console import Console

from batch_jobs.cohorts.retention import Retention
from batch_jobs.job import Part
from batch_jobs.reports.report import collected
from batch_jobs.results.results import Results, open_results
from batch_jobs.results.run import Basis
from batch_jobs.segments.job import Segments
from batch_jobs.survival.job import Survival
from batch_jobs.value.job import Value
from batch_jobs.value.risks import RISKS, given
from ebbwatch.batch_summary import summary, write_report
from tests.batch_jobs.rows import active, midnight, star_of
from tests.batch_jobs.segments import crowds

AS_OF = date(2024, 6, 1)


@pytest.fixture
def results(tmp_path: Path) -> Results:
    rows = [active("first", AS_OF - timedelta(200))]
    rows += [active(f"new{n}", AS_OF - timedelta(ago)) for n in range(10) for ago in (90, 60, 30, 2)]
    star = star_of([*rows, *crowds.crowd(10, seed=3, as_of=AS_OF)], AS_OF)
    risk = {
        "user": "power-1", "time": midnight(AS_OF) - timedelta(1), "probability": 0.5, "tier": "medium"
    }  # fmt: skip
    risks = given(pa.Table.from_pylist([risk], schema=RISKS))
    segments = tmp_path / "segments"
    found = open_results(str(tmp_path / "results"))
    for job in (
        Retention(),
        Survival(),
        Segments(segments),
        Value(tmp_path / "value", segments, risks=risks),
    ):
        made = Part(job).job(star, lambda _what, _share: None)
        basis = Basis(as_of=AS_OF, settings="s", archive="1")
        found.write(job.name, basis, made, 1, lambda: 2, lambda: None)
    return found


def test_each_job_has_its_lines(results: Results, tmp_path: Path) -> None:
    shown = io.StringIO()
    Console(file=shown, width=200).print(summary(results))
    said = shown.getvalue()
    for words in (
        "still active on day 30 or later",
        "median time until",
        "Power Users",
        "expected of 1 users",
    ):
        assert words in said, said
    made = collected(results)
    assert made is not None
    page, printed = write_report(made, tmp_path / "reports")
    assert page.name == "ebbwatch-2024-06-01.html"
    assert printed.read_bytes().startswith(b"%PDF")


def test_without_results_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert summary(open_results(str(tmp_path))).row_count == 0
