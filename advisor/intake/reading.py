"""A file that somebody sent, as a table of text."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from advisor.intake import columns, delimited, typed
from advisor.intake.described import Described
from advisor.intake.encoding import as_utf8
from advisor.intake.engine import engine
from advisor.intake.kind import kind_of
from advisor.intake.limits import DEFAULT, Limits, RefusedFileError


def read(
    upload: Path,
    out: Path,
    progress: Callable[[str, float], None] = lambda _what, _share: None,
    limits: Limits = DEFAULT,
) -> Described:
    """Write every row into Parquet, all columns as text, `_row` first; say what was found.

    Args:
        upload: its name does not matter.
        out: made, or replaced; not there after a refusal.
        progress: told what is done, and how much of all, 0 to 1.

    Raises:
        RefusedFileError: the file cannot be used.
        OSError: the disk is full.
    """
    kind = kind_of(upload, limits)
    with tempfile.TemporaryDirectory(prefix=".reading-", dir=out.parent) as folder:
        scratch, encoding, delimiter, sheet = Path(folder), None, None, None
        fresh = scratch / "rows.parquet"
        with engine(scratch) as connection:
            progress("reading the file", 0.0)
            if kind == "csv":
                text = as_utf8(upload, scratch / "text.csv", limits)
                progress("reading the rows", 0.3)
                dialect = delimited.read(connection, scratch / "text.csv", fresh, limits)
                names, notes, encoding, delimiter = (
                    dialect.columns,
                    text.notes,
                    text.encoding,
                    dialect.delimiter,
                )
                if dialect.broken:
                    notes = (*notes, f"{dialect.broken:,} lines have other columns than the table: left out.")
                if dialect.skipped:
                    notes = (*notes, f"{dialect.skipped} lines before the table were left out.")
            else:
                found = (
                    typed.workbook(upload, fresh, limits)
                    if kind == "excel"
                    else typed.parquet(connection, upload, fresh, limits)
                )
                names, notes, sheet = found.columns, found.notes, found.sheet
            progress("looking at the columns", 0.6)
            rows, described = columns.described(connection, fresh, names)
        if rows == 0:
            raise RefusedFileError(
                "empty", "The table has a header and no rows: export it again, with its rows."
            )
        if rows > limits.rows:
            raise RefusedFileError(
                "too_many_rows",
                f"The file has {rows:,} rows, and {limits.rows:,} are the most: send a shorter time.",
            )
        fresh.replace(out)
    progress("read", 1.0)
    return Described(
        format=kind,
        rows=rows,
        columns=described,
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
        notes=notes,
    )
