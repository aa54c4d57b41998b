"""The report as a whole, and as HTML: one file that needs nothing beside it."""

import base64
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

import jinja2

from batch_jobs.reports.section import Picture, Section
from batch_jobs.reports.sections import sections
from batch_jobs.results.results import Results


class Report(NamedTuple):
    """What is to be said as of a day."""

    as_of: date
    sections: Sequence[Section]
    title: str
    subtitle: str


def collected(results: Results) -> Report | None:
    """From the last good results; None where there are none.

    Raises:
        ResultsError: they cannot be read.
    """
    read = {job: results.read(job) for job in results.jobs()}
    found = {job: (run.basis.as_of, tables) for job, pair in read.items() if pair for run, tables in (pair,)}
    if not found:
        return None
    as_of = max(of for of, _ in found.values())
    return of_day(as_of, sections(found, as_of))


def of_day(as_of: date, parts: Sequence[Section]) -> Report:
    """With its as-of in the title: which days a part is about, differs from part to part, and each says it."""
    return Report(as_of, parts, f"Ebbwatch as of {as_of}", f"All that happened before {as_of}, 00:00 UTC.")


def inside(picture: Picture) -> str:
    """A picture as an address that holds all of it."""
    return f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"


def html(report: Report, source: Callable[[Picture], str] = inside) -> str:
    """The page.

    Args:
        source: address of a picture.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("batch_jobs.reports", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["source"] = source
    return environment.get_template("report.html.j2").render(report=report)


def summary(report: Report) -> str:
    """In a few lines, for a chat and for the text of the mail."""
    lines = [report.title]
    for section in report.sections:
        if section.grid is None:
            continue
        lines += ["", section.title]
        for row in section.grid.rows:
            cells = [
                f"{head} {cell}".strip() for head, cell in zip(section.grid.head[1:], row[1:], strict=True)
            ]
            lines.append(f"- {row[0]}: {', '.join(cells)}")
    return "\n".join(lines)
