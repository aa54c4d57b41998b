"""Reading the archive: a partition in the log's order, and which days have changed since a version."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from archive.errors import ArchiveAwayError, ArchiveError
from archive.files import ORDER
from archive.log import ArchiveLog, File

BATCH_ROWS: Final = 8_000


class _Group(NamedTuple):
    """A row group that holds records of the partition."""

    first: int
    last: int
    file: File
    number: int


def in_log_order(
    archive: ArchiveLog, partition: int, start: int, stop: int | None = None, most: int = BATCH_ROWS
) -> Iterator[pa.Table]:
    """Records of a partition by offset, in tables of `SCHEMA` of at most `most` rows.

    Events of one offset range lie in several days; a row group is opened when its first offset is due, and held
    until its last is through. So memory grows with how far late events reach, not with the archive.

    Args:
        start: first offset.
        stop: offset after the last; None, as one beyond, for all that this version has.

    Raises:
        ArchiveError: an offset is missing, or a file is damaged.
        ArchiveAwayError: the store does not answer.
    """
    end = archive.position(partition) or 0
    until = end if stop is None else min(stop, end)
    if start >= until:
        return
    groups = _groups(archive, partition, start, until)
    held: list[pa.Table] = []
    expected = start
    for place, group in enumerate(groups):
        with reading(group.file.path):
            rows = archive.files.read_group(group.file.path, group.file.day, group.number)
        held.append(_of(rows, partition, expected, until))
        upto = min(groups[place + 1].first, until) if place + 1 < len(groups) else until
        if upto <= expected:
            continue
        ready, held = _split(held, upto)
        for begin in range(0, ready.num_rows, most):
            part = ready.slice(begin, most)
            expected = _checked(archive, partition, part, expected)
            yield part
    if expected < until:
        raise _missing(archive, partition, expected)


def changed_days(archive: ArchiveLog, since: int) -> set[date] | None:
    """Days of which rows have been added or erased after a version, up to this one; compaction changes none.

    Returns:
        None if that cannot be told any more: all of them, then.
    """
    changed: set[date] = set()
    for version in range(since + 1, archive.version + 1):
        with reading(f"version {version}"):
            entry = archive.files.text(f"_delta_log/{version:020d}.json")
        if entry is None:
            return None
        for line in entry.splitlines():
            action = json.loads(line)
            file = action.get("add") or action.get("remove")
            if file is not None and file["dataChange"]:
                changed.add(date.fromisoformat(file["partitionValues"]["day"]))
    return changed


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Faults of a file as ours."""
    try:
        yield
    except (FileNotFoundError, pa.ArrowException, ValueError) as fault:
        raise ArchiveError(f"{what} of the archive is damaged or gone: {fault}") from fault
    except OSError as fault:
        raise ArchiveAwayError(f"{what} of the archive cannot be read: {fault}") from fault


def _groups(archive: ArchiveLog, partition: int, start: int, until: int) -> list[_Group]:
    found = []
    for file in archive.content():
        if file.last < start or file.first >= until:
            continue
        with reading(file.path):
            for number, first, last in archive.files.groups(file.path, partition):
                if last >= start and first < until:
                    found.append(_Group(first, last, file, number))
    return sorted(found, key=lambda g: (g.first, g.file.path, g.number))


def _of(rows: pa.Table, partition: int, start: int, until: int) -> pa.Table:
    offset = rows["offset"]
    wanted = pc.and_(
        pc.equal(rows["partition"], partition),
        pc.and_(pc.greater_equal(offset, start), pc.less(offset, until)),
    )
    return rows.filter(wanted)


def _split(held: list[pa.Table], upto: int) -> tuple[pa.Table, list[pa.Table]]:
    """What lies before an offset, in order, and the rest."""
    ready = [rows.filter(pc.less(rows["offset"], upto)) for rows in held]
    rest = [rows.filter(pc.greater_equal(rows["offset"], upto)) for rows in held]
    joined = pa.concat_tables(ready)
    return joined.take(pc.sort_indices(joined, ORDER)), [rows for rows in rest if rows.num_rows]


def _checked(archive: ArchiveLog, partition: int, rows: pa.Table, expected: int) -> int:
    offsets = rows["offset"].to_numpy()
    wrong = np.flatnonzero(offsets != expected + np.arange(len(offsets)))
    if len(wrong):
        raise _missing(archive, partition, expected + int(wrong[0]))
    return expected + len(offsets)


def _missing(archive: ArchiveLog, partition: int, offset: int) -> ArchiveError:
    return ArchiveError(
        f"{archive.address.url}: partition {partition}, offset {offset} is missing or there twice: files were taken "
        "away or put in by other means than the archiver; restore them"
    )
