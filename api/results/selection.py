"""Which rows of a result table are asked for."""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

FILTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "view": ("view",),
    "dimension": ("dimension", "group_kind", "grouping"),
    "group": ("group", "value", "segment", "variant"),
    "grain": ("grain",),
    "kind": ("kind", "definition", "series"),
    "figure": ("figure",),
    "experiment": ("experiment",),
}
"""By parameter, the columns that it may stand for: the first of them that a table has."""
RANGE: Final = ("cohort", "day", "start", "at")
"""Likewise for the two ends of a range."""


class NoSuchFilterError(Exception):
    """The table has no column for a filter."""


def selected(table: pa.Table, wanted: Mapping[str, str], first: str | None, last: str | None) -> pa.Table:
    """Rows that fit all filters, in their order.

    Args:
        wanted: values by names of `FILTERS`, compared as texts.
        first, last: ISO dates, both belong to the range; None for no end.

    Raises:
        NoSuchFilterError: the table has no column for one of them; the message names those that it has.
    """
    kept = pa.array([True] * table.num_rows, pa.bool_())
    for name, value in wanted.items():
        column = table[_column(table, name, FILTERS[name])].cast(pa.string())
        kept = pc.and_(kept, pc.fill_null(pc.equal(column, value), False))
    if first is not None or last is not None:
        column = table[_column(table, "first or last", RANGE)].cast(pa.string())
        if first is not None:
            kept = pc.and_(kept, pc.fill_null(pc.greater_equal(column, first), False))
        if last is not None:
            kept = pc.and_(kept, pc.fill_null(pc.less_equal(column, last), False))
    return table.filter(kept)


def _column(table: pa.Table, name: str, candidates: tuple[str, ...]) -> str:
    for column in candidates:
        if column in table.column_names and (candidates is not RANGE or _is_date(table.schema.field(column))):
            return column
    raise NoSuchFilterError(f"this table has no {name}: its columns are {', '.join(table.column_names)}")


def _is_date(field: pa.Field) -> bool:
    """Also as ISO text, but no number of days since something."""
    return bool(pa.types.is_date(field.type) or pa.types.is_string(field.type))
