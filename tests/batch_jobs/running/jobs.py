"""Jobs for tests of what runs them."""

from collections.abc import Callable

import pyarrow as pa

from batch_jobs.job import Job, JobError, Part, Progress, Tables
from batch_jobs.star.star import Star


class Counted:
    """Says how often it was run, by its content."""

    def __init__(self, name: str, fault: Callable[[], Exception | None] = lambda: None) -> None:
        self.name = name
        self.runs = 0
        self._fault = fault

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """One table of one row."""
        progress("counting", 0.5)
        self.runs += 1
        if (fault := self._fault()) is not None:
            raise fault
        return {"counts": pa.table({"runs": [self.runs]})}


def parts(*jobs: tuple[Job, tuple[str, ...]]) -> list[Part]:
    """In this order."""
    return [Part(job, after) for job, after in jobs]


def failing(message: str) -> Callable[[], Exception | None]:
    """A fault that people can mend."""
    return lambda: JobError(message)
