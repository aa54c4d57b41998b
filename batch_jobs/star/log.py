"""The archived log as the star reads it: which files hold which days, what has changed, how far time has come."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.fs import DeltaStorageHandler
from pyarrow import fs

from archive.address import Address
from archive.errors import ArchiveAwayError, ArchiveError
from archive.log import ArchiveLog
from archive.reading import changed_days
from archive.schema import DAY
from batch_jobs.engine.remote import RemoteFiles
from batch_jobs.star.errors import StarError

_LOOKED_AT: Final = ("partition", "kind", "time")


class Place(NamedTuple):
    """Where a table is: an absolute folder, or an address of an object store with what it has to be told."""

    url: str
    options: dict[str, str] = {}  # noqa: RUF012 - a tuple's default, never written to


class LogFile(NamedTuple):
    """A Parquet file of the log."""

    path: str
    """Below the table."""
    day: date
    records: int
    """How many, as the table says; 0 where it does not."""
    partitions: int
    """One more than the highest partition in it, 0 where the table does not say."""
    size: int
    """Bytes."""


class Log:
    """One version of the archived log."""

    def __init__(self, place: Place) -> None:
        """Opens the newest version.

        Raises:
            StarError: there is no archive, or it cannot be read.
        """
        self.place = place
        try:
            self._table = DeltaTable(place.url, storage_options=place.options or None)
        except TableNotFoundError as fault:
            raise StarError(
                f"{place.url} holds no archived log yet: let `ebbwatch archiver` run, or name another archive"
            ) from fault
        except (DeltaError, OSError) as fault:
            raise StarError(f"{place.url} cannot be read: {fault}") from fault
        if self._table.metadata().partition_columns != [DAY.name]:
            raise StarError(
                f"{place.url} is a table, but no archived log: name the folder that the archiver writes"
            )
        self.files: Final = self._listed()
        self._sizes = {file.path: file.size for file in self.files}
        self._fs = fs.PyFileSystem(DeltaStorageHandler(place.url, place.options, self._sizes))

    @property
    def version(self) -> int:
        """Of the table."""
        return int(self._table.version() or 0)

    @property
    def identity(self) -> str:
        """Of the table: another one at the same place has another."""
        return str(self._table.metadata().id)

    def paths(self, first: date, end: date) -> list[str]:
        """Addresses of the files of days in [first, end), in order."""
        return [f"{self.place.url}/{f.path}" for f in self.files if first <= f.day < end]

    @property
    def remote(self) -> RemoteFiles | None:
        """What an engine has to be told to read `paths`; None where they are files of this machine."""
        if Address(*self.place).folder is not None:
            return None
        return RemoteFiles(self.place.url, self._sizes, self._fs)

    def changed_days(self, since: int) -> set[date] | None:
        """Days of which records were added or taken away after a version; None if that cannot be told any more."""
        archive = ArchiveLog(Address(*self.place), self._table)
        try:
            return changed_days(archive, since)
        except (ArchiveError, ArchiveAwayError) as fault:
            raise StarError(f"{self.place.url}: {fault}") from fault

    def clock(self) -> datetime | None:
        """The least of the partitions' last clock marks; None before every partition has one.

        Marks stand in the day that they move the clock to: the newest days are looked at first.
        """
        expected = set(range(max((f.partitions for f in self.files), default=0)))
        last: dict[int, datetime] = {}
        seen: set[int] = set()
        for file in reversed(self.files):
            found = self._columns(file)
            seen |= set(pc.unique(found["partition"]).to_pylist())
            # a file that another tool has rewritten may have another kind of strings
            marks = found.filter(pc.equal(found["kind"].cast(pa.string()), "mark"))
            latest = marks.group_by("partition").aggregate([("time", "max")])
            for partition, time in zip(
                latest["partition"].to_pylist(), latest["time_max"].to_pylist(), strict=True
            ):
                last[partition] = max(time, last.get(partition, time))
            oldest = min(last.values(), default=None)
            if expected and expected <= set(last) and oldest is not None and file.day < oldest.date():
                break
        if not last or not (expected | seen) <= set(last):
            return None
        return min(last.values()).astimezone(UTC)

    def first_day(self) -> date | None:
        """Of the log."""
        return self.files[0].day if self.files else None

    def _listed(self) -> list[LogFile]:
        listed = pa.table(self._table.get_add_actions(flatten=True))
        count = listed.num_rows
        empty: list[Any] = [None] * count
        days = listed[f"partition.{DAY.name}"].to_pylist() if count else []
        records = listed["num_records"].to_pylist() if "num_records" in listed.column_names else empty
        most = listed["max.partition"].to_pylist() if "max.partition" in listed.column_names else empty
        paths, sizes = (listed[name].to_pylist() for name in ("path", "size_bytes"))
        found = [
            LogFile(path, day, n or 0, -1 if p is None else p + 1, size)
            for path, day, n, p, size in zip(paths, days, records, most, sizes, strict=True)
        ]
        return sorted(found, key=lambda f: (f.day, f.path))

    def _columns(self, file: LogFile) -> pa.Table:
        with self._named(file.path), self._fs.open_input_file(file.path) as opened:
            return pq.ParquetFile(opened).read(columns=list(_LOOKED_AT))

    @contextmanager
    def _named(self, path: str) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException, ValueError, KeyError) as fault:
            raise StarError(
                f"{self.place.url}/{path} cannot be read ({fault}): put it back from a copy, or archive the log anew"
            ) from fault


def days_of(first: date, end: date) -> list[date]:
    """Days in [first, end)."""
    return [first + timedelta(days=n) for n in range((end - first).days)]


_EPOCH: Final = date(1970, 1, 1)


def number_of(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days
