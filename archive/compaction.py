"""Small files of a day into larger ones, sorted by (partition, offset)."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Final

import pyarrow as pa

from archive.log import ArchiveLog, File
from archive.reading import reading

MOST_ROWS: Final = 1_000_000
"""Of a file that compaction makes: it is sorted in memory."""
ENOUGH_FILES: Final = 8
"""Of one size class: so a row is rewritten once for each eightfold growth of its file."""
_SETTLED_DAYS: Final = 2


def plan(files: Sequence[File], newest: date) -> Iterator[list[File]]:
    """Which files are to become one, for each of the new ones.

    Of a day that still grows, as soon as there are `ENOUGH_FILES` of one size class (powers of eight rows); of one
    that lies `_SETTLED_DAYS` behind, all that fit together.

    Args:
        files: of one version.
        newest: the latest day that events come for; not that of an event with a wrong clock.
    """
    for day, of_day in groupby(sorted(files, key=lambda f: (f.day, f.rows, f.path)), lambda f: f.day):
        small = [file for file in of_day if file.rows < MOST_ROWS // 2]
        if day + timedelta(days=_SETTLED_DAYS) <= newest:
            yield from _together(small)
            continue
        for _, same in groupby(small, lambda f: _size_class(f.rows)):
            alike = list(same)
            if len(alike) >= ENOUGH_FILES:
                yield from _together(alike)


def _together(files: list[File]) -> Iterator[list[File]]:
    """Groups of at most `MOST_ROWS`, from the smallest file on; those of one file are left out."""
    group: list[File] = []
    rows = 0
    for file in files:
        if rows + file.rows > MOST_ROWS and group:
            if len(group) > 1:
                yield group
            group, rows = [], 0
        group.append(file)
        rows += file.rows
    if len(group) > 1:
        yield group


def _size_class(rows: int) -> int:
    return max(0, rows.bit_length() - 1) // 3


def compact(archive: ArchiveLog, newest: date) -> int:
    """Carry out the plan; how many files have gone for good.

    Raises:
        FencedError: somebody else has rewritten files; to be planned anew.
        ArchiveAwayError: the store does not answer.
        ArchiveError: a file is damaged.
    """
    fewer = 0
    for group in list(plan(archive.content(), newest)):
        parts = []
        for file in group:
            with reading(file.path):
                parts.append(archive.files.read(file.path, file.day))
        archive.replace(group, pa.concat_tables(parts), new_data=False)
        fewer += len(group) - 1
    return fewer
