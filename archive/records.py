"""Rows of the archive as the records that they were."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import pyarrow as pa

from archive.log import ArchiveLog
from archive.reading import in_log_order
from domain.events import MIN_TIME_MS, ClockMark, encode

NOTHING: Final = encode(ClockMark(mark=MIN_TIME_MS))
"""In the place of an erased record: a mark that no clock is behind of, so it does nothing."""


class Kept(NamedTuple):
    """One record."""

    offset: int
    timestamp: int
    """Kafka's time of it, ms."""
    key: bytes | None
    value: bytes | None

    @property
    def emptied(self) -> bool:
        """Whether an erasure has taken what it said."""
        return self.key is None and self.value is NOTHING


def records_of(rows: pa.Table) -> list[Kept]:
    """Records in the order of the rows; erased ones do nothing."""
    columns = (
        rows["offset"].to_pylist(),
        rows["appended"].cast(pa.int64()).to_pylist(),
        rows["key"].to_pylist(),
        rows["value"].to_pylist(),
        rows["kind"].to_pylist(),
    )
    return [
        Kept(offset, at, None, NOTHING) if kind == "erased" else Kept(offset, at, key, value)
        for offset, at, key, value, kind in zip(*columns, strict=True)
    ]


def read(archive: ArchiveLog, partition: int, start: int, stop: int) -> Iterator[Kept]:
    """Records of a partition in the log's order, from `start` up to, and without, `stop`.

    Raises:
        ArchiveError: as `in_log_order` does.
    """
    for rows in in_log_order(archive, partition, start, stop):
        yield from records_of(rows)
