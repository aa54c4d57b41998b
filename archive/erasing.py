"""Rows of erased users become empty offsets.

An erasure is a record of the log, archived like every other. As long as its row is of the kind `erasure` it is a
wish; carried out, it and all that it concerns are of the kind `erased`: partition, offset, Kafka's time and day, and
nothing else. So a crash on the way leaves the wish, and a second carrying out finds nothing to do.

It concerns, in its own partition, what stands before it; of what was sent to a wrong partition, what arrived before.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from archive.files import ERASURES
from archive.log import ArchiveLog, File
from archive.reading import reading
from archive.schema import SCHEMA

_STAYS: Final = ("partition", "offset", "appended", "kind", "day")
_LOOKED_AT: Final = ["partition", "offset", "appended", "key", "kind", "user"]

Mask = npt.NDArray[np.bool_]


class Wish(NamedTuple):
    """One erasure that is not carried out."""

    partition: int
    offset: int
    appended: int
    """ms."""
    user: bytes


def wishes(archive: ArchiveLog) -> list[Wish]:
    """Erasures of this version that are not carried out; files that hold some are known by their names."""
    found = []
    for file in archive.content():
        if not file.path.rpartition("/")[2].startswith(ERASURES):
            continue
        with reading(file.path):
            rows = archive.files.read(file.path, file.day, _LOOKED_AT)
        for row in rows.filter(pc.equal(rows["kind"], "erasure")).to_pylist():
            at = int(row["appended"].timestamp() * 1000 + 0.5)
            found.append(Wish(row["partition"], row["offset"], at, row["key"]))
    return sorted(found)


def carry_out(archive: ArchiveLog) -> int:
    """Empty what is to be erased; how many rows were.

    The former files stay until `ArchiveLog.vacuum` takes them.

    Raises:
        FencedError: somebody else has rewritten files meanwhile; to be done again.
        ArchiveAwayError: the store does not answer; likewise.
        ArchiveError: a file is damaged.
    """
    wanted = wishes(archive)
    if not wanted:
        return 0
    emptied = 0
    bearing = []
    for file in archive.content():
        if file.path.rpartition("/")[2].startswith(ERASURES):
            bearing.append(file)
        else:
            emptied += _empty_file(archive, file, wanted)
    for file in bearing:  # the wishes go last: until then a crash leaves them
        emptied += _empty_file(archive, file, wanted)
    return emptied


def _empty_file(archive: ArchiveLog, file: File, wanted: list[Wish]) -> int:
    with reading(file.path):
        mask = concerned(archive.files.read(file.path, file.day, _LOOKED_AT), wanted)
        if not mask.any():
            return 0
        rows = archive.files.read(file.path, file.day)
    archive.replace([file], emptied(rows, mask), new_data=True)
    return int(mask.sum())


def concerned(rows: pa.Table, wanted: list[Wish]) -> Mask:
    """Which rows the erasures are about, and the erasures themselves, shape (rows,).

    Args:
        rows: at least partition, offset, appended, key, kind and user.
    """
    users = sorted({wish.user for wish in wanted})
    by_key = _places(rows["key"], pa.array(users, pa.binary()))
    by_name = _places(rows["user"], pa.array([_text(user) for user in users], pa.string()))
    mask = np.zeros(rows.num_rows, np.bool_)
    candidates = np.flatnonzero((by_key >= 0) | (by_name >= 0))
    if not len(candidates):
        return mask
    partition, offset = rows["partition"].to_numpy(), rows["offset"].to_numpy()
    appended = rows["appended"].cast(pa.int64()).to_numpy()
    for place, user in enumerate(users):
        mine = candidates[(by_key[candidates] == place) | (by_name[candidates] == place)]
        for wish in (w for w in wanted if w.user == user):
            home = (partition[mine] == wish.partition) & (offset[mine] <= wish.offset)
            abroad = (partition[mine] != wish.partition) & (appended[mine] <= wish.appended)
            mask[mine[home | abroad]] = True
    return mask


def emptied(rows: pa.Table, mask: Mask) -> pa.Table:
    """Rows of `SCHEMA`, of which those of the mask say nothing any more."""
    gone = pa.array(mask)
    columns = []
    for field in SCHEMA:
        column = rows[field.name]
        if field.name == "kind":
            column = pc.if_else(gone, "erased", column)
        elif field.name not in _STAYS:
            column = pc.if_else(gone, pa.scalar(None, field.type), column)
        columns.append(column)
    return pa.table(columns, schema=SCHEMA)


def rows_of_user(archive: ArchiveLog, user: str) -> list[dict[str, Any]]:
    """All that the archive has of a user, in the order of (partition, offset): the whole of it is looked through.

    Raises:
        ArchiveAwayError: the store does not answer.
        ArchiveError: a file is damaged.
    """
    found: list[dict[str, Any]] = []
    for file in archive.content():
        with reading(file.path):
            known = archive.files.read(file.path, file.day, ["key", "user"])
            mask = (_places(known["key"], pa.array([user.encode()], pa.binary())) >= 0) | (
                _places(known["user"], pa.array([user], pa.string())) >= 0
            )
            if mask.any():
                rows = archive.files.read(file.path, file.day)
                found += rows.filter(pa.array(mask)).to_pylist()
    return sorted(found, key=lambda row: (row["partition"], row["offset"]))


def _places(column: pa.ChunkedArray, values: pa.Array) -> npt.NDArray[np.int64]:
    """Place of each value among `values`, -1 for others, shape (rows,)."""
    found = pc.index_in(column, value_set=values, skip_nulls=True)
    return np.asarray(pc.fill_null(found, -1).to_numpy()).astype(np.int64)


def _text(user: bytes) -> str | None:
    try:
        return user.decode()
    except UnicodeDecodeError:
        return None
