"""What runs need of the archive."""

from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from batch_jobs.job import Progress
from batch_jobs.star.star import Star


class SourceError(Exception):
    """The archive cannot be used as it is; the message says why and what to do."""


class Source(Protocol):
    """An archive, as it stood when it was opened."""

    @property
    def version(self) -> str:
        """Equal versions hold the same records."""
        ...

    @property
    def clock(self) -> datetime | None:
        """How far time has come in every partition, by the clock marks; None before all have one."""
        ...

    def changed(self, version: str) -> date | None:
        """First day of which records have come or gone since a former version.

        Returns:
            A day after all others if none has; None if it cannot be told: all of them, then.
        """
        ...

    def star(self, as_of: date, progress: Progress) -> AbstractContextManager[Star]:
        """The star of what was before the midnight with which `as_of` begins, until the end of the block.

        Raises:
            SourceError: it cannot be made.
        """
        ...
