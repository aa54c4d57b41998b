"""The archived log as the source of runs, by way of the stored star."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path

import duckdb

from archive.address import AddressError, address_of
from batch_jobs.config import BatchConfig
from batch_jobs.engine.duckdb import DuckDB
from batch_jobs.engine.engine import EngineError
from batch_jobs.job import Progress
from batch_jobs.running import kept
from batch_jobs.running.source import SourceError
from batch_jobs.star.errors import StarError
from batch_jobs.star.log import Log, Place
from batch_jobs.star.maintain import refresh
from batch_jobs.star.reading import star_at
from batch_jobs.star.star import Star
from batch_jobs.star.tables import StarTables

log = logging.getLogger("ebbwatch.batch")


class Archived:
    """See `batch_jobs.running.source.Source`."""

    def __init__(self, config: BatchConfig) -> None:
        """Opens the newest version of the log.

        Raises:
            SourceError: there is none, or it cannot be read.
        """
        self._config = config
        with _named():
            self._log = Log(Place(*address_of(config.archive)))

    @property
    def version(self) -> str:
        """Of the table, and which table."""
        return f"{self._log.identity}/{self._log.version}"

    @property
    def clock(self) -> datetime | None:
        """See `Source`.

        Raises:
            SourceError: a file cannot be read.
        """
        with _named():
            return self._log.clock()

    def changed(self, version: str) -> date | None:
        """See `Source`."""
        identity, _, number = version.rpartition("/")
        if identity != self._log.identity or int(number) > self._log.version:
            return None  # another archive, or an older copy put back
        with _named():
            days = self._log.changed_days(int(number))
        return None if days is None else min(days, default=date.max)

    @contextmanager
    def star(self, as_of: date, progress: Progress) -> Iterator[Star]:
        """See `Source`; brings the stored star up to the day first.

        Who was erased leaves what jobs have kept of single users then, and the star's former files a day later.
        """
        folder = Path(self._config.folder)
        tables = StarTables(Place(str(folder / "star")))
        memory = f"{self._config.memory_mb}MB"
        with closing(DuckDB(folder / "spill", memory, self._config.threads)) as engine:
            if (remote := self._log.remote) is not None:
                engine.reach(remote)
            with _named():
                manifest = refresh(self._log, tables, engine, as_of, self._config.facts, progress)
            with star_at(tables, manifest, engine, as_of, self._config.facts) as star:
                if dropped := kept.forget(folder, star):
                    log.info(
                        "%s rows of users of whom the archive knows nothing any more were dropped", dropped
                    )
                yield star


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except (StarError, AddressError) as fault:
        raise SourceError(str(fault)) from fault
    except (EngineError, duckdb.Error) as fault:  # a file that is no Parquet, or of somebody else
        raise SourceError(
            f"the archive cannot be read ({_brief(fault)}): put the file back from a copy, or archive the log anew. "
            "The last results stand"
        ) from fault


def _brief(fault: Exception) -> str:
    """In a line, where DuckDB tells all the calls in which Python has read for it."""
    first, *lines = str(fault).strip().splitlines() or [""]
    if not first.startswith("Traceback"):
        return str(fault)
    return next((line for line in lines if not line.startswith(" ")), first)
