"""What the report says of money: what is at risk, what users bring over time, what is to come."""

from collections.abc import Iterator, Mapping
from typing import Final

import pyarrow as pa

from batch_jobs.reports.section import MOST_ROWS, Grid, Picture, Section, png, written
from batch_jobs.value.picture import forecast_of, lifetime_curves

_MINOR_UNITS: Final = 100
_BY: Final = "plan"
"""What curves are told apart by, where anybody has said it."""


def value(tables: Mapping[str, pa.Table]) -> Iterator[Section]:
    """Each part, or why there is none."""
    reasons = {row["table"]: row["reason"] for row in tables["reasons"].to_pylist()}
    for title, table, made in (
        ("Money at risk", "revenue_at_risk", _at_risk),
        ("What users bring", "ltv", _lifetime),
        ("What is to come", "forecast", _forecast),
    ):
        if tables[table].num_rows:
            yield made(title, tables)
        elif table in reasons:
            yield Section(title, [f"Not to be told yet: {reasons[table]}."])


def _at_risk(title: str, tables: Mapping[str, pa.Table]) -> Section:
    groups = [row for row in tables["revenue_at_risk"].to_pylist() if row["grouping"] in ("all", "segment")]
    rows = [
        (
            "everybody" if row["grouping"] == "all" else row["group"],
            f"{row['users']:,}",
            f"{row['known']:,}",
            *(written(row[name] / _MINOR_UNITS, "money") for name in ("value", "at_risk", "recoverable")),
        )
        for row in groups[:MOST_ROWS]
    ]
    words = (
        "What users who are not lost are expected to pay within the horizon, and how much of that is in doubt; "
        "of those whose risk is known."
    )
    head = ("", "users", "risk known", "expected", "at risk", "recoverable")
    return Section(title, [words], Grid(head, rows))


def _lifetime(title: str, tables: Mapping[str, pa.Table]) -> Section:
    rows = tables["ltv"].to_pylist()
    grouping = _BY if any(row["grouping"] == _BY for row in rows) else "all"
    words = (
        "Margin of one who began, added up by months since the beginning and discounted, with 95 % limits; those who "
        "were lost on the way included. Dashed: not seen yet, but drawn on from the months before."
    )
    shown = Picture("lifetime.png", png(lifetime_curves(tables["ltv"], grouping)), words)
    return Section(title, [words], None, shown)


def _forecast(title: str, tables: Mapping[str, pa.Table]) -> Section:
    words = (
        "Revenue of complete months; dashed, what is to come, with intervals of 80 and 95 % from past errors. A "
        "season that the history holds only once is not in it."
    )
    shown = Picture("forecast.png", png(forecast_of(tables["history"], tables["forecast"])), words)
    return Section(title, [words], None, shown)
