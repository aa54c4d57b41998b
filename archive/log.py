"""The archived log: a Delta Lake table that takes each offset once.

Every append carries, for each partition that it holds records of, a Delta application transaction (Delta Lake
protocol, "Transaction Identifiers"): id ``<topic id>/<partition>``, version the offset that comes next. So rows and
positions are one commit. delta-rs refuses a commit if another one that is younger than the version it rests on names
the same id; what it does not look at, whether the number goes up, is checked here, on that same version.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any, Final, NamedTuple

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from archive.address import Address
from archive.errors import ArchiveAwayError, ArchiveError, FencedError, MissingArchiveError
from archive.files import STORED, Files
from archive.schema import DAY

KEEP_HOURS: Final = 24
"""For so long files stay that newer versions have replaced: who has begun to read them may end."""

_TOPIC: Final = "ebbwatch.topic_id"
_LAYOUT: Final = "ebbwatch.layout"
_LAYOUT_NOW: Final = "1"
_COLOUR: Final = re.compile("\x1b\\[[0-9;]*m|\u21b3")
_UPKEEP: Final = "upkeep"
"""Application id of compaction and erasing: of two that rewrite files at once, one is refused."""


class Part(NamedTuple):
    """Consecutive records of one partition."""

    first: int
    """Offset of the first."""
    next: int
    """Offset after the last."""
    rows: pa.Table
    """Of `archive.schema.SCHEMA`."""


class File(NamedTuple):
    """One file of a version."""

    path: str
    """Below the table's address."""
    day: date
    size: int
    rows: int
    first: int
    """Lowest offset in it, of whichever partition."""
    last: int


class ArchiveLog:
    """One version of the table, and the way to the next. One thread."""

    def __init__(self, address: Address, table: DeltaTable) -> None:
        self.address = address
        self.files = Files(address)
        self._table = table
        # positions of a version, and which it is: to look one up, the table's log is read
        self._known: dict[int, int | None] = {}
        self._known_at = -1

    @property
    def version(self) -> int:
        """Of the table, as it is known here."""
        return int(self._table.version() or 0)

    @property
    def topic_id(self) -> str:
        """Kafka's id of the topic whose log this is."""
        return str(self._table.metadata().configuration[_TOPIC])

    def refresh(self) -> None:
        """Look at the newest version.

        Raises:
            ArchiveAwayError: the store does not answer.
        """
        with _named(self.address):
            self._table.update_incremental()

    def position(self, partition: int) -> int | None:
        """Offset of the next record of a partition in this version; None if it has none of them.

        Raises:
            ArchiveAwayError: the store does not answer.
        """
        if self._known_at != self.version:
            self._known, self._known_at = {}, self.version
        if partition not in self._known:
            with _named(self.address):
                self._known[partition] = self._table.transaction_version(f"{self.topic_id}/{partition}")
        return self._known[partition]

    def positions(self, partitions: int) -> dict[int, int]:
        """Those of all partitions that the archive has records of."""
        found = {partition: self.position(partition) for partition in range(partitions)}
        return {partition: offset for partition, offset in found.items() if offset is not None}

    def append(self, parts: Mapping[int, Part]) -> None:
        """Add records and move the positions, in one commit; returns when it is durable.

        Raises:
            FencedError: a position is not where the records begin, so somebody else has written.
            ArchiveAwayError: the store did not take it. Whether it is in the archive says `position` after `refresh`.
        """
        wrong = {
            p: at for p, part in parts.items() if (at := self.position(p)) is not None and at != part.first
        }
        if wrong:
            raise FencedError(
                f"{self.address.url}: the archive goes on at {wrong}, not at "
                f"{ {p: parts[p].first for p in wrong} }: another archiver has written"
            )
        rows = pa.concat_tables([part.rows for part in parts.values()])
        with _named(self.address):
            written = self.files.write(rows)
            self._commit(
                [file.action(new_data=True) for file in written],
                [Transaction(f"{self.topic_id}/{p}", part.next) for p, part in parts.items()],
            )
        if self.version == self._known_at + 1:  # nobody else has moved any
            self._known |= {p: part.next for p, part in parts.items()}
            self._known_at = self.version

    def settle(self) -> None:
        """Bring the entry of this version down to the disk, if the answer to its writing was lost.

        Raises:
            ArchiveAwayError: the disk does not take it.
        """
        with _named(self.address):
            self.files.settle(range(self.version, self.version + 1))

    def replace(self, old: list[File], rows: pa.Table, *, new_data: bool) -> None:
        """Put rows in the place of files, in one commit.

        Args:
            old: of this version.
            new_data: whether rows have changed, so that whoever follows the table's changes must look.

        Raises:
            FencedError: files were rewritten meanwhile; nothing has changed.
            ArchiveAwayError: the store did not take it.
        """
        with _named(self.address):
            written = self.files.write(rows)
            now = int(time.time() * 1000)
            gone = [RemoveAction(f.path, new_data, now, f.size, {DAY.name: f.day.isoformat()}) for f in old]
            turn = (self._table.transaction_version(_UPKEEP) or 0) + 1
            self._commit(
                [*(file.action(new_data=new_data) for file in written), *gone], [Transaction(_UPKEEP, turn)]
            )

    def content(self) -> list[File]:
        """Files of this version, by path."""
        found = pa.table(self._table.get_add_actions(flatten=True))
        columns = (
            "path", "partition.day", "size_bytes", "num_records", "min.offset", "max.offset",
        )  # fmt: skip
        rows = zip(*(found[name].to_pylist() for name in columns), strict=True)
        return sorted(File(*row) for row in rows)

    def vacuum(self, keep_hours: float = KEEP_HOURS) -> int:
        """Delete files that no version younger than `keep_hours` names, and orphans as old; how many.

        Raises:
            ArchiveAwayError: the store did not do it all.
        """
        with _named(self.address):
            gone = self._table.vacuum(
                int(keep_hours), dry_run=False, enforce_retention_duration=False, full=True
            )
            self._table.update_incremental()
        return len(gone)

    def _commit(self, actions: list[AddAction | RemoveAction], moves: list[Transaction]) -> None:
        before = self.version
        try:
            self._table.create_write_transaction(
                actions, "append", STORED, [DAY.name],
                commit_properties=CommitProperties(app_transactions=moves),
            )  # fmt: skip
        except CommitFailedError as fault:
            raise FencedError(f"{self.address.url}: {fault}") from fault
        self._table.update_incremental()
        self.files.settle(range(before + 1, self.version + 1))


def open_log(address: Address, topic_id: str | None = None) -> ArchiveLog:
    """The archived log that is there.

    Args:
        topic_id: of the topic that it must be of; None for any.

    Raises:
        MissingArchiveError: there is none.
        ArchiveAwayError: the store does not answer.
        ArchiveError: it is damaged, no archive of ours, or one of another topic.
    """
    with _named(address):
        try:
            found = DeltaTable(address.url, storage_options=address.options)
        except TableNotFoundError as fault:
            _refuse_foreign_folder(address)
            raise MissingArchiveError(
                f"{address.url} holds no archive yet: `ebbwatch archiver` begins one"
            ) from fault
        known = found.metadata()
        if known.configuration.get(_LAYOUT) != _LAYOUT_NOW or known.partition_columns != [DAY.name]:
            raise ArchiveError(
                f"{address.url} holds a table that is no archive of this version of Ebbwatch: name another place"
            )
        other = known.configuration.get(_TOPIC)
        if topic_id is not None and other != topic_id:
            raise ArchiveError(
                f"{address.url} is the archive of the topic with id {other}, but the topic has id {topic_id}: it was "
                "made anew or is another one; set EBBWATCH_ARCHIVE_LOG to another address, and keep this one"
            )
    return ArchiveLog(address, found)


def open_or_create(address: Address, topic_id: str) -> ArchiveLog:
    """The archived log of a topic, begun if there is none.

    Raises:
        ArchiveError: as `open_log` does.
    """
    with suppress(MissingArchiveError):
        return open_log(address, topic_id)
    with _named(address):
        DeltaTable.create(
            address.url,
            STORED,
            mode="ignore",  # another process may have been faster
            partition_by=[DAY.name],
            name="log",
            description="Every record of the topic of events, by the UTC day of the event.",
            configuration={
                _TOPIC: topic_id,
                _LAYOUT: _LAYOUT_NOW,
                "delta.dataSkippingStatsColumns": "partition,offset,appended,time",
                "delta.deletedFileRetentionDuration": f"interval {KEEP_HOURS} hours",
            },
            storage_options=address.options,
            raise_if_key_not_exists=False,
        )
    return open_log(address, topic_id)


def _refuse_foreign_folder(address: Address) -> None:
    if address.folder is not None and address.folder.is_dir() and any(address.folder.iterdir()):
        raise ArchiveError(
            f"{address.url} holds files that are no archive: name an empty folder, or one that is not there yet"
        )


@contextmanager
def _named(address: Address) -> Iterator[None]:
    """Faults of the store and of delta-rs as ours."""
    try:
        yield
    except (OSError, pa.ArrowException) as fault:
        raise ArchiveAwayError(f"{address.url}: {_plain(fault)}") from fault
    except DeltaError as fault:
        raise _of(fault)(f"{address.url}: {_plain(fault)}") from fault


def _plain(fault: Exception) -> str:
    """In one line, without delta-rs's colours."""
    return " ".join(_COLOUR.sub("", str(fault)).split())


def _of(fault: Any) -> type[ArchiveError]:
    """delta-rs has one class for what the network did and for what the log says."""
    said = str(fault)
    return ArchiveAwayError if "Generic" in said and "error" in said else ArchiveError
