"""The star's tables as they are stored: in Delta Lake, and one manifest names the versions that belong together.

Writing goes in steps, each of which leaves the last good star readable: files, then one commit a table, then the
manifest. What a crash leaves behind is ahead of the manifest, and is put back before the next refresh.
"""

import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.fs import DeltaStorageHandler
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions
from pyarrow import fs

from batch_jobs.star import daily, happenings, schema, users
from batch_jobs.star.errors import StarError
from batch_jobs.star.log import Place

LAYOUT: Final = 1
"""Raised when the stored columns change: an older star is made anew."""
MANIFEST: Final = "manifest.json"
KEEP_HOURS: Final = 24
"""For so long files stay that no version names any more: who has begun to read them may end."""


def _by_day(columns: pa.Schema) -> tuple[pa.Schema, str]:
    return columns, "day"


RUN: Final = pa.field("run", pa.int64(), nullable=False)
"""Of `users`: number of the refresh that has written the row. Of a user's rows the one with the highest counts."""

STORED: Final = {
    "daily": _by_day(daily.STORED),
    "usage": _by_day(schema.USAGE),
    "changes": _by_day(happenings.STORED_CHANGES),
    "treatments": _by_day(schema.TREATMENTS),
    "users": (pa.schema([*users.STORED, RUN]), RUN.name),
}
"""Columns of each table, and the one that it is partitioned by."""


class Written(NamedTuple):
    """A file that no version names yet."""

    action: AddAction
    """What makes it part of a version."""
    path: str
    """Below the table."""
    rows: int


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What one refresh has written of `users`."""

    number: int
    as_of: date
    since: date
    """First day whose facts had changed."""
    rows: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Which versions of the tables are the star, and what it was made of."""

    layout: int
    log: str
    """Identity of the archived log."""
    log_version: int
    as_of: date
    """Days before it are in the star."""
    begins: int | None
    """Time of the first event, ms."""
    facts: str
    """Fingerprint of the settings that shape the facts."""
    versions: dict[str, int]
    runs: list[Run]
    """Of `users`, the oldest first; it holds all users as of then."""


class StarTables:
    """The tables at one place. One writer at a time; the caller sees to that."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._folder = None if "://" in place.url else Path(place.url)

    def manifest(self) -> Manifest | None:
        """Of the last good star; None if there is none that this version of the program can read."""
        content = self._read(MANIFEST)
        if content is None:
            return None
        try:
            found = msgspec.json.decode(content, type=Manifest)
        except msgspec.MsgspecError:
            return None
        return found if found.layout == LAYOUT else None

    def publish(self, manifest: Manifest) -> None:
        """Make the versions of the manifest the star, in one step.

        Raises:
            StarError: it could not be written; the last good star stays.
        """
        content = msgspec.json.encode(manifest)
        with self._named(MANIFEST):
            if self._folder is None:
                with self._store("").open_output_stream(MANIFEST) as out:
                    out.write(content)
                return
            beside = self._folder / f"{MANIFEST}.{uuid.uuid4().hex}"
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._folder / MANIFEST)

    def put_back(self, manifest: Manifest | None) -> None:
        """Undo what a refresh has committed that did not come to its manifest."""
        for name, version in (manifest.versions if manifest else {}).items():
            table = self._table(name)
            with self._named(name):
                if table is not None and table.version() != version:
                    table.restore(version)

    def files(
        self, name: str, version: int, among: Iterable[Any] | None = None, before: date | None = None
    ) -> list[str]:
        """Addresses of a table's files.

        Args:
            among: values of the partitioning column; None for all.
            before: day that is too late, for tables by day.
        """
        table = self._table(name, version)
        if table is None:
            raise StarError(
                f"{self.place.url}/{name} is gone: delete {self.place.url} whole, and it is made anew"
            )
        wanted = None if among is None else set(among)
        return [
            f"{self.place.url}/{name}/{path}"
            for path, value in _listed(table, STORED[name][1])
            if (wanted is None or value in wanted) and (before is None or value < before)
        ]

    def there(self, files: Iterable[str]) -> bool:
        """Whether files of this place, which newer versions may not name any more, are all still there."""
        with self._named("former files"):
            if self._folder is not None:
                return all(Path(file).exists() for file in files)
            paths = [file.removeprefix(f"{self.place.url}/") for file in files]
            found = self._store("").get_file_info(paths) if paths else []
            return all(info.type == fs.FileType.File for info in found)

    def values(self, name: str, version: int) -> list[Any]:
        """Values of a table's partitioning column, in order."""
        table = self._table(name, version)
        return [] if table is None else sorted({value for _, value in _listed(table, STORED[name][1])})

    def write(self, name: str, value: Any, parts: Iterable[pa.RecordBatch | pa.Table]) -> list[Written]:
        """A new file of rows that all have `value` in the partitioning column; none for no rows.

        Args:
            parts: with at least the columns of the table but `by`, as numbers, or of `in_file`.
        """
        _, by = STORED[name]
        inside = _in_file(*STORED[name])
        path = f"{by}={value}/{uuid.uuid4().hex}.parquet"
        rows = 0
        with self._named(f"{name}/{path}"):
            stream = self._store(name).open_output_stream(path) if self._folder is None else None
            if self._folder is not None:
                (self._folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            sink = stream or self._folder / name / path  # type: ignore[operator]
            with pq.ParquetWriter(
                sink, inside, compression="zstd", use_dictionary=_repeating(inside), write_statistics=False
            ) as writer:
                for part in parts:
                    table = part if part.schema.equals(inside) else in_file(name, part)
                    rows += table.num_rows
                    writer.write_table(table)
            if stream is not None:
                stream.close()
                size = self._store(name).get_file_info(path).size
            else:
                size = _synced(self._folder / name / path)  # type: ignore[operator]
        stats = f'{{"numRecords":{rows}}}'
        action = AddAction(path, size, {by: str(value)}, int(time.time() * 1000), True, stats)
        return [Written(action, path, rows)]

    def commit(self, name: str, adds: list[AddAction], replaced: Iterable[Any] | None) -> int:
        """Put files in the place of others, in one step; the version that has them.

        Args:
            replaced: values of the partitioning column whose files leave; None for all files.
        """
        columns, by = STORED[name]
        stored = Schema.from_arrow(_as_delta(columns))
        table = self._table(name)
        with self._named(name):
            if table is None:
                create_table_with_add_actions(
                    f"{self.place.url}/{name}", stored, adds, mode="error", partition_by=[by], name=name,
                    storage_options=self.place.options or None,
                )  # fmt: skip
                return 0
            leaving = None if replaced is None else set(replaced)
            now = int(time.time() * 1000)
            gone = [
                RemoveAction(path, True, now, None, {by: str(value)})
                for path, value in _listed(table, by)
                if leaving is None or value in leaving
            ]
            if adds or gone:
                table.create_write_transaction([*adds, *gone], "append", stored, [by])
                table.update_incremental()
            return int(table.version() or 0)

    def vacuum(self) -> None:
        """Delete files that no version younger than `KEEP_HOURS` names."""
        for name in STORED:
            table = self._table(name)
            if table is not None:
                with self._named(name):
                    table.vacuum(KEEP_HOURS, dry_run=False, enforce_retention_duration=False, full=True)

    def _table(self, name: str, version: int | None = None) -> DeltaTable | None:
        with self._named(name):
            try:
                return DeltaTable(
                    f"{self.place.url}/{name}", version=version, storage_options=self.place.options or None
                )
            except TableNotFoundError:
                return None

    def _read(self, path: str) -> bytes | None:
        with self._named(path):
            if self._folder is not None:
                file = self._folder / path
                return file.read_bytes() if file.exists() else None
            store = self._store("")
            if store.get_file_info(path).type != fs.FileType.File:
                return None
            with store.open_input_file(path) as opened:
                content: bytes = opened.read()
            return content

    def _store(self, name: str) -> fs.FileSystem:
        url = f"{self.place.url}/{name}" if name else self.place.url
        return fs.PyFileSystem(DeltaStorageHandler(url, self.place.options))

    @contextmanager
    def _named(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, DeltaError, pa.ArrowException) as fault:
            raise StarError(
                f"{self.place.url}/{what}: {fault}. The last good star stays; if it is damaged, delete "
                f"{self.place.url}, and it is made anew from the archive"
            ) from fault


def in_file(name: str, part: pa.RecordBatch | pa.Table) -> pa.Table:
    """Numbers as the files of a table have them: its types, without the column that the path says."""
    inside = _in_file(*STORED[name])
    return _as_stored(part, STORED[name][0]).select(inside.names).cast(inside)


def _as_stored(part: pa.RecordBatch | pa.Table, columns: pa.Schema) -> pa.Table:
    """Numbers with their types: times from ms, days from days since 1970-01-01."""
    made = {}
    for field in columns:
        if field.name not in part.schema.names:
            continue
        column = part[field.name]
        if pa.types.is_date(field.type):
            column = column.cast(pa.int32())
        elif pa.types.is_uint64(field.type):  # 64 bits with a sign are what Delta Lake has
            made[field.name] = pa.array(column.to_numpy().view("i8"))
            continue
        made[field.name] = column.cast(field.type)
    return pa.table(made)


def _as_delta(columns: pa.Schema) -> pa.Schema:
    """Types that Delta Lake has: microseconds, no unsigned numbers."""
    kinds = {pa.timestamp("ms", "UTC"): pa.timestamp("us", "UTC"), pa.uint64(): pa.int64()}
    return pa.schema([field.with_type(kinds.get(field.type, field.type)) for field in columns])


def _in_file(columns: pa.Schema, by: str) -> pa.Schema:
    return pa.schema([field for field in _as_delta(columns) if field.name != by])


def _repeating(columns: pa.Schema) -> list[str]:
    """Columns of few values. To gather those of all others, and what each column spans, takes as long as all else:
    half of the time of a write, and files are no smaller for it (users, moments and counts that are mostly 0).
    """
    return [field.name for field in columns if pa.types.is_string(field.type) and field.name != "user"]


def _listed(table: DeltaTable, by: str) -> list[tuple[str, Any]]:
    """Files with their value of the partitioning column, in the order of these."""
    found = pa.table(table.get_add_actions(flatten=True))
    if not found.num_rows:
        return []
    pairs = zip(found["path"].to_pylist(), found[f"partition.{by}"].to_pylist(), strict=True)
    return sorted(pairs, key=lambda pair: (pair[1], pair[0]))


def _synced(path: Path) -> int:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
        return os.fstat(handle).st_size
    finally:
        os.close(handle)
