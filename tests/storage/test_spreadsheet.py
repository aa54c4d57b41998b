"""CSV for spreadsheets."""

import csv
import io
from typing import Any

from storage.spreadsheet import written


def test_rows_come_back() -> None:
    rows: list[dict[str, Any]] = [{"user": 'a "b", c\nd', "score": 0.5}, {"user": "ä", "score": None}]
    read = list(csv.DictReader(io.StringIO(written(rows, ("user", "score")).decode(), newline="")))
    assert read == [{"user": 'a "b", c\nd', "score": "0.5"}, {"user": "ä", "score": ""}]


def test_what_a_spreadsheet_would_run_is_text() -> None:
    rows = [{"user": text, "score": -1.0} for text in ("=1+1", "+1", "-1", "@a", "\tx", "a=1")]
    users = [row["user"] for row in csv.DictReader(io.StringIO(written(rows, ("user", "score")).decode()))]
    assert users == ["'=1+1", "'+1", "'-1", "'@a", "'\tx", "a=1"]
    assert b"-1.0" in written(rows, ("user", "score")), "numbers stay as they are"
