"""kill -9 at any moment of a run: whoever reads sees whole runs, one after the other, and the next run goes on.

Five kills; `BATCH_KILLS` says how many else (`make chaos`: twenty).
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import IO

from batch_jobs.results.results import Results, open_results
from tests.integration.batch_endless import FIRST, JOBS, ROWS, TABLES

KILLS = int(os.environ.get("BATCH_KILLS", "5"))
REPOSITORY = Path(__file__).parents[2]


def start(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.batch_endless", str(folder)],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def first_line(output: IO[str] | None) -> str:
    assert output is not None
    return output.readline().strip()


def seen(results: Results) -> list[int]:
    """Number of each job's run; all rows of all its tables must be of the day that it says."""
    numbers = []
    for job in JOBS:
        found = results.read(job)
        number = -1
        if found is not None:
            run, tables = found
            number = (run.basis.as_of - FIRST).days
            assert set(tables) == set(TABLES)
            for table in tables.values():
                assert table.num_rows == ROWS
                assert set(table["number"].unique().to_pylist()) == {number}
        numbers.append(number)
    return numbers


def test_no_half_result_is_seen_whenever_a_run_is_killed(tmp_path: Path) -> None:
    random = Random()
    results = open_results(str(tmp_path))
    last = [-1, -1, -1]
    for _ in range(KILLS):
        with start(tmp_path) as process:
            assert first_line(process.stdout), "a run comes to its end after any kill"
            end = time.monotonic() + random.uniform(0.0, 0.5)
            while time.monotonic() < end:
                now = seen(results)
                assert all(a >= b for a, b in zip(now, last, strict=True)), "a reader goes back in time"
                last = now
            process.kill()
        now = seen(results)
        assert now == sorted(now, reverse=True), "jobs are run in their order"
        assert now[0] - now[-1] <= 1
        last = now
    assert last[-1] >= KILLS
    assert len([path for path in (tmp_path / JOBS[0]).iterdir() if path.is_dir()]) <= 4
