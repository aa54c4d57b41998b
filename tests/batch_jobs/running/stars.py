"""A small star from rows, for tests of what runs jobs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import ibis
import pyarrow as pa

from batch_jobs.star.schema import TABLES
from batch_jobs.star.star import Star
from domain.settings import FactSettings


def star(
    as_of: datetime, rows: Mapping[str, Sequence[Mapping[str, Any]]], settings: FactSettings | None = None
) -> Star:
    """Tables of the star with these rows; what a row leaves out is zero, or null where that may be."""
    engine = ibis.duckdb.connect(threads=1)
    tables = {}
    for name, schema in TABLES.items():
        filled = [
            {field.name: row.get(field.name, _empty(field)) for field in schema} for row in rows.get(name, ())
        ]
        tables[name] = ibis.memtable(pa.Table.from_pylist(filled, schema))
    origins = [row["origin"] for row in rows.get("users", ())]
    return Star(
        engine=engine,
        as_of=as_of,
        begins=min(origins, default=None),
        settings=settings or FactSettings(),
        **tables,
    )


def at(day: str) -> datetime:
    """Midnight of a day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def _empty(field: pa.Field) -> Any:
    if field.nullable:
        return None
    return False if pa.types.is_boolean(field.type) else 0
