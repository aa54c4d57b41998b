"""What batch jobs have found, in a few lines; and the weekly report as files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from rich.table import Table

from batch_jobs.reports.document import pdf
from batch_jobs.reports.report import Report, html
from batch_jobs.results.results import Results

_DAYS: Final = (30, 60)
_MINOR_UNITS: Final = 100
Tables = Mapping[str, pa.Table]


def write_report(made: Report, folder: Path) -> tuple[Path, Path]:
    """The weekly report as HTML and as PDF.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page, printed = folder / f"ebbwatch-{made.as_of}.html", folder / f"ebbwatch-{made.as_of}.pdf"
    page.write_text(html(made), "utf-8")
    printed.write_bytes(pdf(made))
    return page, printed


def summary(results: Results) -> Table:
    """Who stays, when users are lost, kinds of users, and the money at risk; what cannot be said has no line.

    Raises:
        ResultsError: results cannot be read.
    """
    found = {job: read[1] for job in _LINES if (read := results.read(job)) is not None}
    table = Table(box=None, show_header=False, pad_edge=False)
    for job, tables in found.items():
        for words, figure in _LINES[job](tables):
            table.add_row(words, figure)
    return table


def _retention(tables: Tables) -> Iterator[tuple[str, str]]:
    for row in _rows(tables["retention_curve"], grain="day", kind="unbounded", dimension="all"):
        if row["period"] in _DAYS and row["ratio"] is not None:
            yield (
                f"still active on day {row['period']} or later",
                f"{row['ratio']:.1%} of {row['size']:,} users",
            )


def _survival(tables: Tables) -> Iterator[tuple[str, str]]:
    for row in _rows(tables["medians"], view="passage", group_kind="all"):
        median = "not reached" if row["median"] is None else f"{row['median']:,} days"
        yield "median time until a user is lost", f"{median}, {row['events']:,} of {row['users']:,} lost"


def _segments(tables: Tables) -> Iterator[tuple[str, str]]:
    churn = {row["segment"]: row["churn"] for row in tables["next_period"].to_pylist()}
    for row in sorted(tables["segments"].to_pylist(), key=lambda row: (-row["users"], row["segment"])):
        lost = churn.get(row["segment"])
        then = "" if lost is None else f"; of those of a period ago {lost:.1%} were lost since"
        yield row["segment"], f"{row['users']:,} users, {row['share']:.0%}{then}"


def _value(tables: Tables) -> Iterator[tuple[str, str]]:
    for row in _rows(tables["revenue_at_risk"], grouping="all"):
        at_risk, recoverable = row["at_risk"] / _MINOR_UNITS, row["recoverable"] / _MINOR_UNITS
        yield (
            "revenue at risk",
            f"{at_risk:,.0f} of {row['value'] / _MINOR_UNITS:,.0f} expected of {row['known']:,} users; "
            f"{recoverable:,.0f} recoverable",
        )


def _rows(table: pa.Table, **wanted: str) -> list[dict[str, Any]]:
    return [row for row in table.to_pylist() if all(row[name] == value for name, value in wanted.items())]


_LINES: Final = {"retention": _retention, "survival": _survival, "segments": _segments, "value": _value}
