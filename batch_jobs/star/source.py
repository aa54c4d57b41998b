"""The archive as runs of jobs have it: how far time has come, and the star as of a midnight."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from batch_jobs.engine.duckdb import DuckDB
from batch_jobs.engine.engine import EngineError
from batch_jobs.job import Progress
from batch_jobs.star.errors import StarError
from batch_jobs.star.log import Log, Place
from batch_jobs.star.maintain import refresh
from batch_jobs.star.reading import star_at
from batch_jobs.star.star import Star
from batch_jobs.star.tables import StarTables
from domain.settings import FactSettings


class ArchiveSource:
    """An archived log as it stood when this was made, and the star that is kept of it. One user at a time."""

    def __init__(
        self,
        log: Place,
        star: Place,
        work: Path,
        settings: FactSettings,
        memory: str = "800MB",
        threads: int = 2,
    ) -> None:
        """Opens the log.

        Args:
            log: the archived log's table.
            star: where the star's tables are kept, made with the first star.
            work: folder on this machine for what does not fit into memory.
            memory: of the engine; the process needs some 400 MB beside it.

        Raises:
            StarError: there is no archived log, or it cannot be read.
        """
        self._log = Log(log)
        self._tables = StarTables(star)
        self._work = work
        self._settings = settings
        self._memory = memory
        self._threads = threads

    @property
    def version(self) -> str:
        """Equal versions hold the same records."""
        return f"{self._log.identity}/{self._log.version}"

    @property
    def clock(self) -> datetime | None:
        """The least of the partitions' last clock marks; None before all have one.

        Raises:
            StarError: the log cannot be read.
        """
        return self._log.clock()

    @contextmanager
    def star(self, as_of: date, progress: Progress) -> Iterator[Star]:
        """The star as of the midnight with which `as_of` begins, until the end of the block; refreshed before.

        An as-of before the first event gives empty tables.

        Raises:
            StarError: it cannot be made; the last good one stays.
        """
        engine = DuckDB(self._work, self._memory, self._threads)
        try:
            manifest = refresh(self._log, self._tables, engine, as_of, self._settings, progress)
        finally:
            engine.close()  # its memory is for the jobs now
        engine = DuckDB(self._work, self._memory, self._threads)
        try:
            with star_at(self._tables, manifest, engine, as_of, self._settings) as star:
                yield star
        except EngineError as fault:
            raise StarError(
                f"the star cannot be read: {fault}. Delete its folder, and it is made anew"
            ) from fault
        finally:
            engine.close()

    def tidy(self) -> None:
        """Delete files that no star of the last day names; to be called after a refresh.

        Raises:
            StarError: the store did not do it all.
        """
        self._tables.vacuum()
