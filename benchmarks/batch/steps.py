"""One measured step in a process of its own: ``python -m benchmarks.batch.steps <step> <archive> <day>``."""

import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
import pandas as pd

from batch_jobs.config import BatchConfig, MoneyConfig, ReportConfig
from batch_jobs.running.perform import STAR, Wanted, perform
from batch_jobs.running.workshop import workshop
from benchmarks.batch.plain import star_in_pandas
from benchmarks.batch.plain_jobs import JOBS as PLAIN_JOBS
from domain.settings import FactSettings

JOBS: Final = ("retention", "engagement", "survival", "value")
"""Those that the goals are about."""


class _Clocked:
    """Seconds between the first and the last word of each part of a run."""

    def __init__(self) -> None:
        self.spans: dict[str, tuple[float, float]] = {}

    def __call__(self, name: str) -> Callable[[str, float], None]:
        begun = time.perf_counter()

        def told(_what: str, _share: float) -> None:
            self.spans[name] = (begun, time.perf_counter())

        return told


def run(folder: Path, as_of: date) -> dict[str, Any]:
    """The star brought up to the day, then the jobs, each from its former results where it can go on from them."""
    config = BatchConfig(
        archive=str(folder / "log"), folder=str(folder / "work"), results=str(folder / "results"), kept=2,
        facts=FactSettings(),
            ledger=str(folder), money=MoneyConfig(), registry=str(folder / "registry"), key="unused in here",
            look_s=60.0, minute=0, report=ReportConfig(),
    )  # fmt: skip
    clocked = _Clocked()
    begun = time.perf_counter()
    report = perform(workshop(config), Wanted(jobs=JOBS, as_of=as_of), clocked)
    whole = time.perf_counter() - begun
    faults = {outcome.job: outcome.fault for outcome in report.outcomes if outcome.fault}
    start, end = clocked.spans[STAR]
    seconds = {STAR: end - start} | {outcome.job: outcome.seconds for outcome in report.outcomes}
    others = sum(outcome.seconds for outcome in report.outcomes if outcome.job not in JOBS)
    return {"seconds": seconds, "all_s": whole - others, "faults": faults}


def plain(folder: Path, as_of: date) -> dict[str, Any]:
    """The star and the jobs in pandas."""
    begun = time.perf_counter()
    star = star_in_pandas(folder / "log", pd.Timestamp(as_of, tz="UTC"), pd.Timedelta(days=30))
    seconds, rows = {STAR: time.perf_counter() - begun}, {STAR: len(star.people)}
    for name, job in PLAIN_JOBS.items():
        last = time.perf_counter()
        rows[name] = job(star)
        seconds[name] = time.perf_counter() - last
    return {"seconds": seconds, "all_s": time.perf_counter() - begun, "rows": rows}


def main(step: str, folder: str, as_of: str) -> None:
    """Runs it and prints what it took as JSON."""
    day = date.fromisoformat(as_of)
    what = plain(Path(folder), day) if step == "pandas" else run(Path(folder), day)
    used = resource.getrusage(resource.RUSAGE_SELF)
    what |= {"peak_mib": used.ru_maxrss / 1024, "cpu_s": used.ru_utime + used.ru_stime}
    print(msgspec.json.encode(what).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
