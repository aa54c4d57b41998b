"""CSV in any dialect: DuckDB finds delimiter, quotes and header, and reads it."""

from pathlib import Path
from typing import Final, NamedTuple

import duckdb

from advisor.intake.engine import literal, quoted
from advisor.intake.limits import Limits, RefusedFileError
from advisor.intake.names import ROW, unique

_SNIFFED_ROWS: Final = 20_480


class Dialect(NamedTuple):
    """How fields stand in lines."""

    delimiter: str
    columns: tuple[str, ...]
    skipped: int
    """Lines before the table."""
    broken: int
    """Rows that could not be read, and are left out."""


def read(connection: duckdb.DuckDBPyConnection, text: Path, out: Path, limits: Limits) -> Dialect:
    """Rows as text into Parquet.

    Args:
        text: in UTF-8.

    Raises:
        RefusedFileError: it is no table.
    """
    where = literal(str(text))
    options = f"all_varchar=true, sample_size={_SNIFFED_ROWS}, max_line_size={limits.cell}, null_padding=true"
    try:
        delimiter, quote, escape, skipped, header, found = (
            connection.execute(
                f"SELECT Delimiter, Quote, Escape, SkipRows, HasHeader, Columns FROM sniff_csv({where}, "
                f"sample_size={_SNIFFED_ROWS}, max_line_size={limits.cell}, null_padding=true, strict_mode=false)"
            ).fetchone()
            or ()
        )
    except (duckdb.Error, ValueError) as fault:
        raise RefusedFileError("no_table", f"No table was found in the text: {_first_line(fault)}") from fault
    if len(found) > limits.columns:
        raise RefusedFileError(
            "too_many_columns",
            f"The file has {len(found):,} columns, and {limits.columns} are the most: keep those that matter.",
        )
    if len(found) < 2:
        raise RefusedFileError(
            "one_column",
            "Only one column was found: a customer, a date and an amount are needed, in columns with the same sign "
            "between them in every line.",
        )
    names = unique(column["name"] for column in found) if header else unique([None] * len(found))
    listed = "{" + ", ".join(f"{literal(f'c{n}')}: 'VARCHAR'" for n in range(len(names))) + "}"
    quote = '"' if quote in (None, "", "(empty)") else quote
    if escape in (None, "", "(empty)"):
        escape = quote  # doubled, which the first rows may not have had
    signs = f"delim={literal(delimiter)}, quote={literal(quote)}, escape={literal(escape)}"
    options = (
        f"auto_detect=false, header={str(bool(header)).lower()}, skip={int(skipped)}, columns={listed}, {signs}, "
        f"max_line_size={limits.cell}, null_padding=true, strict_mode=false, ignore_errors=true, parallel=false"
    )
    chosen = ", ".join(f"c{n} AS {quoted(name)}" for n, name in enumerate(names))
    try:
        connection.execute(
            f"COPY (SELECT row_number() OVER () AS {quoted(ROW)}, {chosen} FROM read_csv({where}, {options})) "
            f"TO {literal(str(out))} (FORMAT parquet, COMPRESSION zstd)"
        )
    except duckdb.Error as fault:
        raise RefusedFileError(
            "no_table", f"The rows of the file cannot be read: {_first_line(fault)}"
        ) from fault
    return Dialect(str(delimiter), tuple(names), int(skipped), 0)


def _first_line(fault: Exception) -> str:
    return " ".join(str(fault).split("\n", 1)[0].split())[:200]
