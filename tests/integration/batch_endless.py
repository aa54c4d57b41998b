"""``python -m tests.integration.batch_endless FOLDER``: runs, each as of a later day."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from batch_jobs.job import Part, Progress, Tables
from batch_jobs.results.results import open_results
from batch_jobs.running.perform import Wanted, Workshop, perform
from batch_jobs.running.source import Source
from batch_jobs.star.star import Star
from tests.batch_jobs.running.stars import star

FIRST = date(2024, 1, 1)
JOBS = ("first", "second", "third")
TABLES = ("a", "b", "c", "d")
ROWS = 20_000


class Numbered:
    """Tables that are full of the number of the day."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """The same tables for the same day."""
        progress("numbering", 0.5)
        number = (star.as_of.date() - FIRST).days
        return {name: pa.table({"number": [number] * ROWS, "row": range(ROWS)}) for name in TABLES}


class Growing(Source):
    """An archive that has a new day whenever it is asked for one."""

    version = "1"

    def __init__(self, day: date) -> None:
        self._day = day

    def changed(self, version: str) -> date | None:
        """Unknown."""

    @property
    def clock(self) -> datetime:
        """The midnight itself."""
        return datetime(self._day.year, self._day.month, self._day.day, tzinfo=UTC)

    @contextmanager
    def star(self, as_of: date, progress: Progress) -> Iterator[Star]:
        """With one user."""
        origin = datetime(2020, 1, 1, tzinfo=UTC)
        yield star(self.clock, {"users": [{"user": "u", "origin": origin, "hash": 1}]})


def main(folder: str) -> None:
    """Goes on behind what is there."""
    results = open_results(folder, keep=2)
    parts = [Part(Numbered(name)) for name in JOBS]
    current = results.current(JOBS[-1])
    day = current.basis.as_of if current else FIRST
    while True:
        day += timedelta(days=1)
        source = Growing(day)
        shop = Workshop(lambda: source, parts, results, "s", "endless", lambda: int(time.time() * 1000))  # noqa: B023
        report = perform(shop, Wanted(), lambda _job: lambda _what, _share: None)
        assert report.good
        print(day, flush=True)  # noqa: T201 - for who kills it


if __name__ == "__main__":
    main(sys.argv[1])
