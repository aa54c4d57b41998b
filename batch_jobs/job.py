"""What a batch job is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import pyarrow as pa

from batch_jobs.star.star import Star

Tables = Mapping[str, pa.Table]
"""Result tables by name."""
Progress = Callable[[str, float], None]
"""Told what is done now, and which share of the job is done, 0 to 1."""


class Job(Protocol):
    """Computes tables; reads the star and what it is made with, writes nothing."""

    @property
    def name(self) -> str:
        """By which it is asked for, and its results are kept."""
        ...

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """Tables of the job, each with the same schema whatever the data, empty where there is nothing to say.

        Raises:
            JobError: cannot be computed; the message says why and what to do.
        """
        ...


class JobError(Exception):
    """A job cannot be computed; what the last good run has found stays."""


@dataclass(frozen=True)
class Deferred:
    """A job of which nothing is imported before it is run: what some need takes longer to load than others to run."""

    name: str
    made: Callable[[], Job]

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """As the job itself."""
        return self.made()(star, progress)


class Part(NamedTuple):
    """A job by name, with what it needs before it."""

    job: Job
    after: tuple[str, ...] = ()
