"""Rows of workbooks and Parquet files, whose values have types, as the text that one would have written."""

import datetime as dt
import math
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from advisor.intake.engine import literal, quoted
from advisor.intake.limits import Limits, RefusedFileError
from advisor.intake.names import ROW, unique

_BATCH: Final = 20_000


class Typed(NamedTuple):
    """What was read."""

    columns: tuple[str, ...]
    sheet: str | None
    notes: tuple[str, ...]


def workbook(path: Path, out: Path, limits: Limits) -> Typed:
    """The largest sheet's values, never formulas or macros: what the program that saved it had computed.

    Raises:
        RefusedFileError: it cannot be read, or has no table.
    """
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
    except PasswordError as fault:
        raise RefusedFileError(
            "locked", "The spreadsheet is protected by a password: save it without one."
        ) from fault
    except (CalamineError, ValueError, OSError) as fault:
        raise RefusedFileError(
            "damaged", "The spreadsheet cannot be read: open it, save it again and send that."
        ) from fault
    name = max(sheets, key=lambda n: sheets[n].height * sheets[n].width, default=None)
    if name is None or sheets[name].height < 2:
        raise RefusedFileError("empty", "The spreadsheet has no sheet with a header and rows.")
    sheet = sheets[name]
    _check(sheet.width, sheet.height, limits)
    rows = iter(sheet.iter_rows())
    # what stands above the table is a title
    head = next((row for row in rows if sum(value not in ("", None) for value in row) > 1), None)
    if head is None:
        raise RefusedFileError(
            "one_column", "Only one column was found: a customer, a date and an amount are needed."
        )
    names = unique(head)
    _write(names, ([_text(value) for value in row] for row in rows), out)
    others = len(sheets) - 1
    notes = (f"The sheet {name!r} was read, the largest; {others} others were not.",) if others else ()
    return Typed(tuple(names), name, notes)


def parquet(connection: duckdb.DuckDBPyConnection, path: Path, out: Path, limits: Limits) -> Typed:
    """Columns of plain types; lists, structures and maps are left out.

    Raises:
        RefusedFileError: it is damaged, or too large.
    """
    try:
        about = pq.read_metadata(path)
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError, ValueError) as fault:
        raise RefusedFileError("damaged", "The Parquet file is damaged: write it again.") from fault
    _check(len(schema), about.num_rows + 1, limits)
    unpacked = sum(about.row_group(n).total_byte_size for n in range(about.num_row_groups))
    if unpacked > limits.unpacked_bytes:
        raise RefusedFileError(
            "bomb", f"Unpacked the Parquet file would have {unpacked / 1e6:,.0f} MB: send a shorter time."
        )
    plain = [
        field for field in schema if not pa.types.is_nested(field.type) and not pa.types.is_binary(field.type)
    ]
    if len(plain) < 2:
        raise RefusedFileError("one_column", "The Parquet file has no two columns of plain values.")
    names = unique(field.name for field in plain)
    chosen = ", ".join(
        f"{_as_text(field)} AS {quoted(name)}" for field, name in zip(plain, names, strict=True)
    )
    try:
        connection.execute(
            f"COPY (SELECT row_number() OVER () AS {quoted(ROW)}, {chosen} FROM read_parquet({literal(str(path))})) "
            f"TO {literal(str(out))} (FORMAT parquet, COMPRESSION zstd)"
        )
    except duckdb.Error as fault:
        raise RefusedFileError(
            "damaged", "The Parquet file cannot be read to its end: write it again."
        ) from fault
    left = len(schema) - len(plain)
    return Typed(
        tuple(names), None, (f"{left} columns with nested or binary values were left out.",) if left else ()
    )


def _as_text(field: pa.Field) -> str:
    name = quoted(field.name)
    if pa.types.is_floating(field.type):  # 17850.0 is the customer 17850
        whole = f"{name} = trunc({name}) AND abs({name}) < 1e15"
        return (
            f"CASE WHEN isnan({name}) THEN NULL WHEN {whole} THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) "
            f"ELSE CAST({name} AS VARCHAR) END"
        )
    return f"CAST({name} AS VARCHAR)"


def _check(width: int, height: int, limits: Limits) -> None:
    if width > limits.columns:
        raise RefusedFileError(
            "too_many_columns",
            f"The file has {width:,} columns, and {limits.columns} are the most: keep those that matter.",
        )
    if width < 2:
        raise RefusedFileError(
            "one_column", "Only one column was found: a customer, a date and an amount are needed."
        )
    if height - 1 > limits.rows:
        raise RefusedFileError(
            "too_many_rows",
            f"The file has {height - 1:,} rows, and {limits.rows:,} are the most: send a shorter time.",
        )


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _write(names: list[str], rows: Iterable[list[str | None]], out: Path) -> None:
    schema = pa.schema([pa.field(ROW, pa.int64()), *(pa.field(name, pa.string()) for name in names)])
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        begin = 0
        for batch in _batches(rows):
            padded = [(row + [None] * len(names))[: len(names)] for row in batch]
            columns = [pa.array(values, pa.string()) for values in zip(*padded, strict=True)]
            numbers = pa.array(range(begin + 1, begin + len(batch) + 1), pa.int64())
            writer.write_table(pa.table([numbers, *columns], schema=schema))
            begin += len(batch)


def _batches(rows: Iterable[list[str | None]]) -> Iterator[list[list[str | None]]]:
    rows = iter(rows)
    while batch := list(islice(rows, _BATCH)):
        yield batch
