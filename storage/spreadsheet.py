"""Rows as CSV (RFC 4180) that people open in spreadsheets."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def written(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """Rows with their heading, in UTF-8.

    A text that a spreadsheet would take for a formula, such as a user id that begins with ``=``, gets an apostrophe
    before it (OWASP, "CSV Injection"): whoever opens the file must not run what a user has called himself.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows({name: _plain(row.get(name)) for name in columns} for row in rows)
    return text.getvalue().encode()


def _plain(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
