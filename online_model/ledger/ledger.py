"""Files of the ledger: one for each day on which outcomes were due, `lineage=<id>/day=<YYYY-MM-DD>.parquet`."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from domain.catalogue import NAMES
from domain.labels import FEATURES, Matrix, Times
from online_model.ledger import erased
from online_model.ledger.erased import Erased
from online_model.ledger.schema import SCHEMA
from storage.durable import replacing

_EPOCH: Final = date(1970, 1, 1)
_FILE: Final = re.compile(r"day=(\d{4}-\d{2}-\d{2})\.parquet")
_LINEAGE: Final = re.compile(r"[0-9a-f]{16}")
_GROUP: Final = 2048
"""Rows written at a time, so that a large day takes little memory."""
_REPEATING: Final = (
    *("user", "time", "due", "cause", "treated_before", "champion", "version", "tier"),
    *("reasons.list.element.feature", "predictions.key_value.key"),
)
_FLOATS: Final = tuple(f.name for f in SCHEMA if pa.types.is_floating(f.type))
# floats hardly repeat: split into their bytes they compress, and are kept to the bit, without a dictionary
_LAYOUT: Final[dict[str, Any]] = {
    "compression": "zstd",
    "use_dictionary": list(_REPEATING),
    "column_encoding": dict.fromkeys(_FLOATS, "BYTE_STREAM_SPLIT"),
}


class LedgerError(Exception):
    """The ledger cannot be read or written; the message says what to do."""


class Examples(NamedTuple):
    """What a model learns from, of one day, in the order of (due, user)."""

    day: int
    """Days since 1970 on which these outcomes were due, UTC."""
    users: list[str]
    times: Times
    dues: Times
    features: Matrix
    lost: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float64]


class Ledger:
    """The table of one lineage."""

    def __init__(self, archive: Path, lineage: str) -> None:
        """Nothing is read or written yet.

        Args:
            archive: the archive folder; the ledger is its folder `ledger`.
            lineage: 16 hex digits.
        """
        if not _LINEAGE.fullmatch(lineage):
            raise LedgerError(f"{lineage!r} is no lineage: 16 hex digits")
        self._archive = archive
        self.folder = archive / "ledger" / f"lineage={lineage}"

    def write_day(self, day: int, rows: pa.Table) -> Path:
        """Write all outcomes that were due on a day, but for those of users who were erased.

        The same rows, in whatever order, give the same file.

        Args:
            day: days since 1970, UTC.
            rows: of `SCHEMA`; all of that day, since they replace what is there.

        Raises:
            LedgerError: rows of another day or twice the same, or fewer than are there already; or the disk is full.
                What was there still stands.
        """
        path = self.path(day)
        try:
            with erased.locked(self._archive):
                gone = erased.load(self._archive)
                rows = _staying(rows, gone)
                self._check(day, rows, gone)
                self._write(path, rows)
        except (OSError, msgspec.MsgspecError) as fault:
            raise LedgerError(
                f"cannot write {path}: {fault}; the day is not lost while the trainer keeps it"
            ) from fault
        return path

    def let_go(self, gone: Erased) -> int:
        """Write the days anew that hold snapshots of erased users, without them; how many were there.

        To be called under `erased.locked`.

        Raises:
            LedgerError: a file cannot be read.
            OSError: a file cannot be written; it still stands as it was.
        """
        dropped = 0
        for day in self.days():
            found = self.read_day(day, ["user", "time"])
            fewer = _staying(found, gone).num_rows
            if fewer < found.num_rows:
                self._write(self.path(day), _staying(self.read_day(day), gone))
                dropped += found.num_rows - fewer
        return dropped

    def _write(self, path: Path, rows: pa.Table) -> None:
        order = pc.sort_indices(rows, [("due", "ascending"), ("user", "ascending")])
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file, pq.ParquetWriter(file, SCHEMA, **_LAYOUT) as writer:
            for start in range(0, rows.num_rows, _GROUP):
                writer.write_table(rows.take(order[start : start + _GROUP]).combine_chunks())

    def days(self) -> list[int]:
        """Days that are there, ascending, since 1970; none if the folder is not there."""
        names = (_FILE.fullmatch(path.name) for path in self.folder.glob("day=*.parquet"))
        return sorted((date.fromisoformat(m[1]) - _EPOCH).days for m in names if m)

    def path(self, day: int) -> Path:
        """Where a day's file is or would be."""
        return self.folder / f"day={_EPOCH + timedelta(days=day)}.parquet"

    def read(
        self, columns: Collection[str] | None = None, first: int | None = None, last: int | None = None
    ) -> pa.Table:
        """Rows in the order of (due, user).

        Args:
            columns: names; None for all.
            first: first day, since 1970; None from the beginning.
            last: last day, included; None to the end.

        Raises:
            LedgerError: a file cannot be read.
        """
        wanted = list(SCHEMA.names if columns is None else columns)
        empty = SCHEMA.empty_table().select(wanted)
        return pa.concat_tables([empty, *(self.read_day(d, wanted) for d in self._between(first, last))])

    def read_day(self, day: int, columns: Collection[str] | None = None) -> pa.Table:
        """Rows of one day, in the order of (due, user).

        Raises:
            LedgerError: no such day, or its file cannot be read.
        """
        path = self.path(day)
        try:
            table = pq.ParquetFile(path).read(columns=None if columns is None else list(columns))
            return table.select(SCHEMA.names if columns is None else list(columns)).cast(
                SCHEMA if columns is None else pa.schema([SCHEMA.field(c) for c in columns])
            )
        except (OSError, KeyError, ValueError, pa.ArrowException) as fault:
            raise LedgerError(
                f"cannot read {path}: {fault}; remove it and let the trainer replay the topics, or restore it"
            ) from fault

    def read_examples(self, first: int | None = None, last: int | None = None) -> Iterator[Examples]:
        """Examples day by day, to the bit as they were learned, so that a model can be built again.

        Args:
            first: first day, since 1970; None from the beginning.
            last: last day, included; None to the end.

        Raises:
            LedgerError: a file cannot be read.
        """
        for day in self._between(first, last):
            table = self.read_day(day, ["user", "time", "due", "lost", "weight", *NAMES])
            features = np.empty((table.num_rows, FEATURES))
            for place, name in enumerate(NAMES):
                features[:, place] = table[name].to_numpy()
            yield Examples(
                day,
                table["user"].to_pylist(),
                milliseconds(table["time"]),
                milliseconds(table["due"]),
                features,
                table["lost"].to_numpy(),
                table["weight"].to_numpy(),
            )

    def _between(self, first: int | None, last: int | None) -> list[int]:
        return [d for d in self.days() if (first is None or d >= first) and (last is None or d <= last)]

    def _check(self, day: int, rows: pa.Table, gone: Erased) -> None:
        if not rows.schema.equals(SCHEMA):
            raise LedgerError(
                f"no rows of the ledger: {rows.schema.to_string(show_field_metadata=False)[:300]}"
            )
        dues = milliseconds(rows["due"])
        if (strange := dues // 86_400_000 != day).any():
            found = datetime.fromtimestamp(int(dues[strange.argmax()]) / 1000, UTC)
            raise LedgerError(f"a row due at {found} does not belong to {self.path(day).name}")
        if rows.select(["user", "due"]).group_by(["user", "due"]).aggregate([]).num_rows < rows.num_rows:
            raise LedgerError(f"the same snapshot twice among the rows of {self.path(day).name}")
        try:
            there = pq.ParquetFile(self.path(day)).metadata.num_rows
        except (OSError, pa.ArrowException):
            return  # none there, or a damaged one, which is replaced
        if there > rows.num_rows and gone:  # some may be let go of in a moment
            there = _staying(self.read_day(day, ["user", "time"]), gone).num_rows
        if there > rows.num_rows:
            raise LedgerError(
                f"{self.path(day)} has {there} rows, only {rows.num_rows} are to be written: a day is written whole; "
                f"if the examples are really fewer now, move the ledger away first"
            )


def erase(archive: Path, users: Mapping[str, int]) -> int:
    """Let go of users in the ledgers of all lineages, now and for ever; how many snapshots were there.

    Repeating it after a crash does what is left to do.

    Args:
        archive: the archive folder; made where there is none, so that a trainer that comes later knows.
        users: `erased.hashed` to the time, ms, of the latest snapshot that goes; later ones stay.

    Raises:
        LedgerError: the ledger cannot be read or written.
    """
    try:
        with erased.locked(archive):
            gone = erased.add(archive, users)
            folders = sorted((archive / "ledger").glob("lineage=*"))
            return sum(Ledger(archive, f.name.removeprefix("lineage=")).let_go(gone) for f in folders)
    except (OSError, msgspec.MsgspecError) as fault:
        raise LedgerError(f"cannot erase from the ledger in {archive}: {fault}") from fault


def rows_of_user(archive: Path, user: str) -> list[dict[str, Any]]:
    """All that the ledgers hold of a user, of every lineage, in the order of (lineage, due).

    Raises:
        LedgerError: a file cannot be read.
    """
    found: list[dict[str, Any]] = []
    for folder in sorted((archive / "ledger").glob("lineage=*")):
        lineage = folder.name.removeprefix("lineage=")
        ledger = Ledger(archive, lineage)
        for day in ledger.days():
            here = pc.equal(ledger.read_day(day, ["user"])["user"], user)
            if pc.any(here).as_py():
                found += [{"lineage": lineage} | row for row in ledger.read_day(day).filter(here).to_pylist()]
    return found


def _staying(rows: pa.Table, gone: Erased) -> pa.Table:
    if not gone or "user" not in rows.column_names:
        return rows
    keeps = gone.keeps(rows["user"].to_pylist(), milliseconds(rows["time"]))
    return rows if keeps.all() else rows.filter(pa.array(keeps))


def milliseconds(column: pa.ChunkedArray) -> Times:
    """Instants of a column, ms since 1970; 0 for null. Shape (rows,)."""
    numbers: Times = pc.fill_null(column.cast(pa.int64()), 0).to_numpy()
    return numbers
