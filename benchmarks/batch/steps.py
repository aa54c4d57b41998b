"""One measured step in a process of its own: ``python -m benchmarks.batch.steps <step> <archive> <day>``."""

import resource
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from batch_jobs.star.log import Place
from batch_jobs.star.source import ArchiveSource
from benchmarks.batch.jobs import found
from benchmarks.batch.plain import star_in_pandas
from domain.settings import FactSettings


def star_and_jobs(archive: Path, as_of: date, memory: str) -> dict[str, Any]:
    """The star brought up to the day, then every job that is there; seconds of each."""
    settings = FactSettings()
    jobs, missing = found()
    source = ArchiveSource(
        Place(str(archive / "log")), Place(str(archive / "star")), archive / "work", settings, memory
    )
    seconds: dict[str, float] = {}
    begun = time.perf_counter()
    with source.star(as_of, lambda *_: None) as star:
        seconds["star"] = time.perf_counter() - begun
        for job in jobs:
            begun = time.perf_counter()
            job(star, lambda *_: None)
            seconds[job.name] = time.perf_counter() - begun
    return {"seconds": seconds, "missing": missing}


def plain(archive: Path, as_of: date) -> dict[str, Any]:
    """The version in pandas."""
    begun = time.perf_counter()
    rows = star_in_pandas(archive / "log", pd.Timestamp(as_of, tz="UTC"), pd.Timedelta(days=30))
    return {"seconds": {"star": time.perf_counter() - begun}, "rows": rows}


def main(step: str, archive: str, as_of: str, memory: str = "800MB") -> None:
    """Runs it and prints what it took as JSON."""
    day = date.fromisoformat(as_of)
    what = plain(Path(archive), day) if step == "pandas" else star_and_jobs(Path(archive), day, memory)
    used = resource.getrusage(resource.RUSAGE_SELF)
    what |= {"peak_mib": used.ru_maxrss / 1024, "cpu_s": used.ru_utime + used.ru_stime}
    print(msgspec.json.encode(what).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
