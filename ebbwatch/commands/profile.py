"""``ebbwatch profile``: what a file holds, what its columns mean, and when somebody counts as lost."""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from advisor.intake.canonical import Canonical
from advisor.intake.described import Described
from advisor.intake.events import canonical, enough
from advisor.intake.limits import RefusedFileError
from advisor.intake.mapping import (
    ROLES,
    Mapping,
    MappingError,
    Proposal,
    Role,
    as_proposed,
    corrected,
    proposed,
)
from advisor.intake.reading import read
from advisor.profile.page import reason, report
from advisor.profile.profile import Profile
from advisor.profile.profile import profile as profile_of
from advisor.threshold.threshold import SLIDER, Threshold
from advisor.threshold.threshold import found as threshold_of
from batch_jobs.reports.document import pdf
from batch_jobs.reports.report import html

_notes = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
_answers = Console(markup=False, highlight=False, soft_wrap=True)
_SHOWN: Final = (30, 60, 90, 120, 180)


def profile(
    file: Annotated[Path, typer.Argument(help="CSV in any dialect, Excel or Parquet, up to 100 MB.")],
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=COLUMN", help=f"Corrects what was proposed; again for each. {', '.join(ROLES)}."
        ),
    ] = None,
    unit_price: Annotated[
        bool | None,
        typer.Option("--unit-price/--total", help="The amount is the price of one piece, or of the line."),
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--report", help="Write a page with pictures there: .html or .pdf.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON on standard output.")] = False,
) -> None:
    """Look at a file of transactions: its columns, its quality, and after how much silence a customer is gone.

    Nothing is sent anywhere, and nothing is kept but the report.
    """
    if page is not None and page.suffix not in (".html", ".pdf"):
        raise typer.BadParameter("--report must end with .html or .pdf")
    corrections = dict(correction(text) for text in column or [])
    try:
        with tempfile.TemporaryDirectory(prefix="ebbwatch-profile-") as folder:
            _look(file, Path(folder), corrections, unit_price, page, as_json)
    except (RefusedFileError, MappingError, OSError) as error:
        _notes.print(f"error: {error}", style="red")
        raise typer.Exit(1) from error


def _look(
    file: Path,
    folder: Path,
    corrections: dict[Role, str],
    unit_price: bool | None,
    page: Path | None,
    as_json: bool,
) -> None:
    rows, now_ms = folder / "rows.parquet", time.time_ns() // 1_000_000
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=_notes, transient=True
    ) as bars:
        bar = bars.add_task("reading the file", total=1.0)
        described = read(file, rows, lambda what, share: bars.update(bar, description=what, completed=share))
        offers = proposed(described)
        mapping = corrected(as_proposed(described), corrections, unit_price)
        told = canonical(rows, described, mapping, folder)
        enough(told)
        found = profile_of(rows, folder / "events.parquet", described, mapping, told, now_ms)
        threshold = threshold_of(folder / "events.parquet")
        if page is not None:
            today = datetime.fromtimestamp(now_ms / 1000, UTC).date()
            made = report(file.name, described, mapping, found, threshold, today)
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_bytes(pdf(made) if page.suffix == ".pdf" else html(made).encode())
    if as_json:
        every: dict[str, Any] = {
            "file": described, "proposed": offers, "mapping": mapping, "events": told, "profile": found,
            "threshold": threshold,
        }  # fmt: skip
        typer.echo(msgspec.json.encode(every).decode())
        return
    _show(described, offers, mapping, told, found, threshold)
    if page is not None:
        _answers.print(f"report: {page}")


def correction(text: str) -> tuple[Role, str]:
    """One value of ``--column``.

    Raises:
        BadParameter: it is none.
    """
    role, sign, name = text.partition("=")
    if not sign or role not in ROLES:
        raise typer.BadParameter(f"--column {text}: say ROLE=COLUMN, with a role of {', '.join(ROLES)}")
    return role, name


def _show(
    described: Described,
    offers: dict[Role, Proposal],
    mapping: Mapping,
    told: Canonical,
    found: Profile,
    threshold: Threshold,
) -> None:
    left = ", ".join(f"{count:,} {reason(name)}" for name, count in told.rejected.items())
    _answers.print(
        f"{found.events:,} of {found.rows:,} rows can be used{f' ({left})' if left else ''}; "
        f"{found.customers:,} customers, {found.days:,.0f} days from {found.first} to {found.last}"
    )
    for note in described.notes:
        _answers.print(note)
    table = _table("means", "column", "why")
    for role, name in mapping.columns.items():
        offer = offers.get(role)
        why = offer.why if offer is not None and offer.column == name else "as you said"
        if role == "amount" and mapping.amount_is == "unit_price":
            why += "; of one piece, times the quantity"
        table.add_row(role, name, why)
    _answers.print(table)
    _answers.print(f"quality {found.quality.score:g} of 10")
    for why, points in found.quality.taken_off.items():
        _answers.print(f"  −{points:g}: {why}")
    _answers.print(
        f"threshold: {threshold.days} days of silence; {threshold.within[threshold.days - 1]:.0%} of "
        f"{threshold.gaps:,} gaps between days of purchase are no longer"
    )
    churn = _table("silent for", "lost", "kept", "churn rate")
    for days in sorted({*_SHOWN, threshold.days}):
        choice = threshold.choices[days - SLIDER[0]]
        churn.add_row(f"{days} days", f"{choice.lost:,}", f"{choice.kept:,}", f"{choice.churn_rate:.1%}")
    _answers.print(churn)


def _table(*headings: str) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for number, heading in enumerate(headings):
        shown.add_column(
            heading, justify="right" if number and heading != "why" and heading != "column" else "left"
        )
    return shown
