"""Parquet files of the table: written whole, sorted by (partition, offset), and on a folder down to the disk."""

import json
import os
import time
import uuid
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.fs import DeltaStorageHandler
from deltalake.transaction import AddAction
from pyarrow import fs

from archive.address import Address
from archive.schema import DAY, SCHEMA

ORDER: Final = [("partition", "ascending"), ("offset", "ascending")]
ERASURES: Final = "erasures-"
"""Begins the names of files that hold erasures which are not carried out."""
GROUP_ROWS: Final = 65_536
"""Rows of a row group: what a reader in the log's order holds of a file at a time."""

_STORED_TIME: Final = pa.timestamp("us", "UTC")  # Delta Lake knows no other


def _stored(field: pa.Field) -> pa.Field:
    return field.with_type(_STORED_TIME) if pa.types.is_timestamp(field.type) else field


STORED: Final = pa.schema([_stored(field) for field in SCHEMA])
"""`SCHEMA` as Delta Lake has it: times in microseconds."""
IN_FILE: Final = pa.schema([field for field in STORED if field.name != DAY.name])
"""Columns of a file; the day stands in its path."""

_LAYOUT: Final[dict[str, Any]] = {
    "compression": "zstd",
    "row_group_size": GROUP_ROWS,
    # what differs in every row is not worth a dictionary
    "use_dictionary": [f.name for f in IN_FILE if f.name not in ("offset", "appended", "time", "value", "event_id")],
}  # fmt: skip


class Written(NamedTuple):
    """A file that no version names yet."""

    path: str
    size: int
    day: date
    stats: str

    def action(self, *, new_data: bool) -> AddAction:
        """What makes it part of a version.

        Args:
            new_data: whether its rows are others than those of the files that leave with it.
        """
        now = int(time.time() * 1000)
        return AddAction(self.path, self.size, {DAY.name: self.day.isoformat()}, now, new_data, self.stats)


class Files:
    """Files of one table."""

    def __init__(self, address: Address) -> None:
        self._folder = address.folder
        self._fs: fs.FileSystem = (
            fs.PyFileSystem(DeltaStorageHandler(address.url, address.options))
            if self._folder is None
            else fs.SubTreeFileSystem(str(self._folder), fs.LocalFileSystem())
        )

    def write(self, rows: pa.Table) -> list[Written]:
        """One file for each day of the rows, durable when this returns.

        Args:
            rows: of `SCHEMA`, in any order.

        Raises:
            OSError: what has been written is an orphan, for `vacuum`.
        """
        ordered = rows.take(pc.sort_indices(rows, [(DAY.name, "ascending"), *ORDER]))
        days = ordered[DAY.name].combine_chunks().cast(pa.int32()).to_numpy()
        cuts = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(days)]
        return [self._write(ordered.slice(a, b - a)) for a, b in pairwise(cuts) if b > a]

    def _write(self, rows: pa.Table) -> Written:
        day = rows[DAY.name][0].as_py()
        prefix = ERASURES if pc.any(pc.equal(rows["kind"], "erasure")).as_py() else "log-"
        path = f"{DAY.name}={day}/{prefix}{uuid.uuid4().hex}.parquet"
        stored = rows.select(IN_FILE.names).cast(IN_FILE)
        if self._folder is None:
            with self._fs.open_output_stream(path) as out:
                pq.write_table(stored, out, **_LAYOUT)
            size = self._fs.get_file_info(path).size
        else:
            size = _to_disk(self._folder / path, stored)
        return Written(path, size, day, _stats(rows))

    def settle(self, versions: range) -> None:
        """Bring the entries of versions down to the disk; an object store has done so already."""
        if self._folder is None:
            return
        log = self._folder / "_delta_log"
        for version in versions:
            entry = log / f"{version:020d}.json"
            if entry.exists():
                _sync(entry)
        _sync(log)

    def read(self, path: str, day: date, columns: list[str] | None = None) -> pa.Table:
        """Rows of a file, as `SCHEMA` has them.

        Raises:
            OSError: it is not there, or cannot be read.
            pyarrow.ArrowException: it is damaged.
        """
        wanted = [name for name in SCHEMA.names if columns is None or name in columns]
        inside = [name for name in wanted if name != DAY.name]
        with self._fs.open_input_file(path) as file:
            return _as_schema(pq.ParquetFile(file).read(columns=inside), day, wanted)

    def groups(self, path: str, partition: int) -> Iterator[tuple[int, int, int]]:
        """Row groups that may hold records of a partition: number, and first and last offset in them.

        Raises:
            OSError: likewise.
            pyarrow.ArrowException: likewise.
        """
        with self._fs.open_input_file(path) as file:
            metadata = pq.ParquetFile(file).metadata
        at = [IN_FILE.names.index(name) for name in ("partition", "offset")]
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            of, offset = (group.column(column).statistics for column in at)
            if of.min <= partition <= of.max:
                yield number, offset.min, offset.max

    def read_group(self, path: str, day: date, number: int) -> pa.Table:
        """Rows of a row group, as `SCHEMA` has them.

        Raises:
            OSError: likewise.
            pyarrow.ArrowException: likewise.
        """
        with self._fs.open_input_file(path) as file:
            return _as_schema(pq.ParquetFile(file).read_row_group(number), day, SCHEMA.names)

    def text(self, path: str) -> bytes | None:
        """A small file whole, None where there is none."""
        if self._fs.get_file_info(path).type != fs.FileType.File:
            return None
        with self._fs.open_input_file(path) as file:
            content: bytes = file.read()
        return content


def _as_schema(rows: pa.Table, day: date, names: list[str]) -> pa.Table:
    schema = pa.schema([SCHEMA.field(name) for name in names])
    if DAY.name in names:
        rows = rows.append_column(DAY, pa.repeat(pa.scalar(day, DAY.type), rows.num_rows))
    return rows.select(names).cast(schema)


def _to_disk(path: Path, rows: pa.Table) -> int:
    fresh = not path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        pq.write_table(rows, file, **_LAYOUT)
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    _sync(path.parent)
    if fresh:
        _sync(path.parent.parent)
    return size


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stats(rows: pa.Table) -> str:
    """Bounds that readers skip files by; none of what users are called, so that an entry of the log names nobody."""
    least: dict[str, Any] = {}
    most: dict[str, Any] = {}
    nulls: dict[str, int] = {}
    for name in ("partition", "offset", "appended", "time"):
        column = rows[name]
        nulls[name] = column.null_count
        bounds = pc.min_max(column)
        if bounds["min"].is_valid:
            least[name], most[name] = _bound(bounds["min"]), _bound(bounds["max"])
    return json.dumps(
        {"numRecords": rows.num_rows, "minValues": least, "maxValues": most, "nullCount": nulls}
    )


def _bound(value: pa.Scalar) -> Any:
    plain = value.as_py()
    return (
        plain if isinstance(plain, int) else plain.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
