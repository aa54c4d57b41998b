"""CSV in any dialect: DuckDB finds delimiter, quotes and header, and reads it."""

import csv
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import duckdb

from advisor.intake.engine import literal, quoted
from advisor.intake.limits import Limits, RefusedFileError
from advisor.intake.names import ROW, unique

_SNIFFED_ROWS: Final = 20_480
_TITLES: Final = 60
"""Lines among which a title is looked for."""
_SIGNS: Final = (",", ";", "\t", "|")


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
    found = _sniffed(connection, where, 0, limits)
    begin = _begin_of_the_table(text, found)
    if begin.line or (begin.values and len(found.columns) < 2):
        try:
            found = _sniffed(connection, where, begin.line, limits, f", delim={literal(begin.delimiter)}")
        except RefusedFileError:  # too ragged for the sniffer
            found = _Sniffed(begin.delimiter, '"', '"', begin.line, True, begin.values)
    lines, columns = max(begin.line, found.skipped), found.columns
    if len(columns) > limits.columns:
        raise RefusedFileError(
            "too_many_columns",
            f"The file has {len(columns):,} columns, and {limits.columns} are the most: keep those that matter.",
        )
    if len(columns) < 2:
        raise RefusedFileError(
            "one_column",
            "Only one column was found: a customer, a date and an amount are needed, in columns with the same sign "
            "between them in every line.",
        )
    names = unique(columns if found.header else [None] * len(columns))
    listed = "{" + ", ".join(f"{literal(f'c{n}')}: 'VARCHAR'" for n in range(len(names))) + "}"
    signs = ", ".join(
        f"{name}={literal(sign)}"
        for name, sign in (("delim", found.delimiter), ("quote", found.quote), ("escape", found.escape))
    )
    options = (
        f"auto_detect=false, header={str(found.header).lower()}, skip={lines}, columns={listed}, {signs}, "
        f"max_line_size={limits.cell}, null_padding=true, strict_mode=false, ignore_errors=true, parallel=false, "
        "store_rejects=true, rejects_table='left_out', rejects_scan='of_scan'"
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
    broken = connection.execute("SELECT count(DISTINCT line) FROM left_out").fetchone() or (0,)
    return Dialect(found.delimiter, tuple(names), lines, int(broken[0]))


class _Sniffed(NamedTuple):
    delimiter: str
    quote: str
    escape: str
    skipped: int
    header: bool
    columns: tuple[str, ...]


def _sniffed(
    connection: duckdb.DuckDBPyConnection, where: str, skip: int, limits: Limits, known: str = ""
) -> _Sniffed:
    try:
        delimiter, quote, escape, skipped, header, columns = (
            connection.execute(
                "SELECT Delimiter, Quote, Escape, SkipRows, HasHeader, Columns FROM "
                f"sniff_csv({where}, skip={skip}, sample_size={_SNIFFED_ROWS}, max_line_size={limits.cell}, "
                f"null_padding=true, strict_mode=false{known})"
            ).fetchone()
            or ()
        )
    except (duckdb.Error, ValueError) as fault:
        raise RefusedFileError("no_table", f"No table was found in the text: {_first_line(fault)}") from fault
    quote = '"' if quote in (None, "", "(empty)") else quote
    if escape in (None, "", "(empty)"):
        escape = quote  # doubled, which the first rows may not have had
    names = tuple(column["name"] for column in columns)
    return _Sniffed(str(delimiter), quote, escape, int(skipped), bool(header), names)


class _Begin(NamedTuple):
    line: int
    """Lines before it."""
    delimiter: str
    values: tuple[str, ...]
    """Of its first line; none where there is no table."""


def _begin_of_the_table(text: Path, found: _Sniffed) -> _Begin:
    """The first line with several values, where most of the first lines have several: those before are a title."""
    with text.open(encoding="utf-8", newline="") as file:
        head = list(islice(file, _TITLES))
    # DuckDB takes a title for a column, and all after it for the same
    signs = [found.delimiter] if len(found.columns) > 1 else _SIGNS
    for sign in signs:
        try:
            records = list(csv.reader(head, delimiter=sign, quotechar=found.quote))
        except csv.Error:  # a sign of its own as delimiter, or a value that is too long
            continue
        filled = [sum(bool(value.strip()) for value in record) for record in records]
        if len(filled) == len(head) and median(filled) > 1:
            line = next(n for n, count in enumerate(filled) if count > 1)
            return _Begin(line, sign, tuple(records[line]))
    return _Begin(0, found.delimiter, ())


def _first_line(fault: Exception) -> str:
    return " ".join(str(fault).split("\n", 1)[0].split())[:200]
