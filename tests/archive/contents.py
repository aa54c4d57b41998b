"""What a version of the archive holds."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from archive.files import ORDER
from archive.log import ArchiveLog
from archive.schema import SCHEMA


def day_table(archive: ArchiveLog, day: date, columns: list[str] | None = None) -> pa.Table:
    """Rows of one day, in the order of (partition, offset)."""
    parts = [archive.files.read(file.path, day) for file in archive.content() if file.day == day]
    rows = pa.concat_tables([SCHEMA.empty_table(), *parts])
    ordered = rows.take(pc.sort_indices(rows, ORDER))
    return ordered if columns is None else ordered.select(columns)


def addresses(archive: ArchiveLog) -> list[str]:
    """Addresses of this version's Parquet files; they stay for a day."""
    return [f"{archive.address.url}/{file.path}" for file in archive.content()]


def days(archive: ArchiveLog) -> dict[date, int]:
    """Rows by day."""
    found: dict[date, int] = {}
    for file in archive.content():
        found[file.day] = found.get(file.day, 0) + file.rows
    return dict(sorted(found.items()))
