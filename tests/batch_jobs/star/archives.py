"""A star of a test: an archived log in a folder, and what is made of it."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from batch_jobs.engine.duckdb import DuckDB
from batch_jobs.star.log import Log, Place
from batch_jobs.star.maintain import refresh
from batch_jobs.star.reading import star_at
from batch_jobs.star.schema import TABLES
from batch_jobs.star.tables import StarTables
from domain.settings import FactSettings
from tests.batch_jobs.star.happened import Happened, append, mark
from tests.batch_jobs.star.slow import Row, Tables

MARKS_FROM = 1_000_000
"""Offsets of clock marks, out of the way of events."""


class Archive:
    """An archived log and its star in a folder of a test."""

    def __init__(self, folder: Path, settings: FactSettings) -> None:
        self.log = folder / "log"
        self.tables = StarTables(Place(str(folder / "star")))
        self.folder = folder
        self.settings = settings

    def add(
        self, happened: Iterable[Happened], clock: int | None = None, partitions: Sequence[int] = ()
    ) -> None:
        """Append events, and clock marks of ms `clock` for each partition."""
        marks = [mark(p, MARKS_FROM + (clock or 0) // 1000, clock) for p in partitions] if clock else []
        append(self.log, [*(h.row() for h in happened), *marks])

    def refresh(self, as_of: date) -> None:
        """Bring the star up to a day."""
        engine = self.engine()
        try:
            refresh(Log(Place(str(self.log))), self.tables, engine, as_of, self.settings, lambda *_: None)
        finally:
            engine.close()

    def engine(self) -> DuckDB:
        """With little memory."""
        return DuckDB(self.folder / "scratch", "400MB", 1)

    def star(self, as_of: date) -> Tables:
        """The stored star as of a day."""
        manifest = self.tables.manifest()
        assert manifest is not None
        engine = self.engine()
        try:
            with star_at(self.tables, manifest, engine, as_of, self.settings) as star:
                return {name: plain(engine.rows(getattr(star, name)), TABLES[name]) for name in TABLES}
        finally:
            engine.close()


def plain(rows: pa.Table, columns: pa.Schema) -> list[Row]:
    """Rows with times in ms and days since 1970-01-01, in order; their types are those of the schema."""
    assert rows.schema.names == columns.names
    made: dict[str, Any] = {}
    for field in columns:
        column = rows[field.name]
        if pa.types.is_timestamp(field.type):
            column = column.cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
        elif pa.types.is_date(field.type):
            column = column.cast(pa.date32()).cast(pa.int32())
        else:
            assert column.type == field.type, field
        assert field.nullable or not column.null_count, field
        made[field.name] = column
    return ordered(pa.table(made).to_pylist())


def ordered(rows: Sequence[Row]) -> list[Row]:
    """In an order that depends on nothing but the rows."""
    return sorted(rows, key=lambda row: [str(row[name]) for name in sorted(row)])


def day(ms: int) -> date:
    """The UTC day of a moment."""
    return date(1970, 1, 1) + timedelta(days=ms // 86_400_000)
