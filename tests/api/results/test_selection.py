"""Rows that are asked for, against the same chosen one by one."""

from datetime import date
from itertools import product

import pyarrow as pa
import pytest

from api.results.selection import NoSuchFilterError, selected

ROWS = [
    {"grain": grain, "cohort": day, "group_kind": kind, "group": group, "users": n}
    for n, (grain, day, (kind, group)) in enumerate(
        product(
            ("week", "month"),
            (date(2024, 1, 1), date(2024, 2, 5), date(2024, 3, 4)),
            (("all", "all"), ("plan", "pro"), ("plan", None)),
        )
    )
]
TABLE = pa.Table.from_pylist(ROWS)


@pytest.mark.parametrize("grain", [None, "week", "year"])
@pytest.mark.parametrize("group", [None, "pro", "=cmd"])
@pytest.mark.parametrize("first", [None, "2024-02-05", "2024-02-06", "2030-01-01"])
@pytest.mark.parametrize("last", [None, "2024-02-05", "2024-02-04"])
def test_rows_that_fit_in_their_order(
    grain: str | None, group: str | None, first: str | None, last: str | None
) -> None:
    wanted = {name: value for name, value in (("grain", grain), ("group", group)) if value is not None}
    expected = [
        row
        for row in ROWS
        if grain in (None, row["grain"])
        and group in (None, row["group"])
        and (first is None or str(row["cohort"]) >= first)
        and (last is None or str(row["cohort"]) <= last)
    ]
    assert selected(TABLE, wanted, first, last).to_pylist() == expected


def test_a_dimension_is_called_differently_in_tables() -> None:
    assert selected(TABLE, {"dimension": "all"}, None, None).num_rows == 6
    other = TABLE.rename_columns({"group_kind": "dimension", "group": "value"})
    assert selected(other, {"dimension": "plan", "group": "pro"}, None, None).num_rows == 6


def test_numbers_are_compared_as_texts() -> None:
    table = pa.table({"segment": [1, 2, 12]})
    assert selected(table, {"group": "12"}, None, None)["segment"].to_pylist() == [12]


def test_a_filter_that_the_table_does_not_have_is_refused() -> None:
    with pytest.raises(NoSuchFilterError, match="no view: its columns are grain, cohort"):
        selected(TABLE, {"view": "onset"}, None, None)
    with pytest.raises(NoSuchFilterError, match="no first or last"):
        selected(TABLE.drop_columns("cohort"), {}, "2024-01-01", None)
