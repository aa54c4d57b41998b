"""``ebbwatch train``: from a file of transactions to who is about to leave, why, and what to do about it."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import pyarrow.parquet as pq
import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from advisor.exports.card import Made
from advisor.exports.lists import PREDICTIONS, TARGETS, predictions, targets
from advisor.exports.names import CARD, CHARTS
from advisor.exports.results import write_for_people
from advisor.insights.campaigns import Offer
from advisor.intake.events import canonical, enough
from advisor.intake.limits import RefusedFileError
from advisor.intake.mapping import MappingError, as_proposed, corrected
from advisor.intake.reading import read
from advisor.threshold.threshold import found as threshold_of
from advisor.training.affordable import affordable
from advisor.training.errors import UnusableError
from advisor.training.figures import Contestant
from advisor.training.kept import model
from advisor.training.names import PAGE, PDF, SUMMARY
from advisor.training.training import Asked, Summary
from advisor.training.training import train as train_on
from domain.actions import ActionsError, with_edits
from ebbwatch.commands.evaluate import named
from ebbwatch.commands.profile import correction
from ebbwatch.evaluation.findings import moment
from ebbwatch.settings import Settings
from online_model.training.lineup import UnknownContestantError

_notes = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
_answers = Console(markup=False, highlight=False, soft_wrap=True)
_HORIZON: Final = (7, 90)
_RULES: Final = 3
_SCENARIOS: Final = {
    "top_50": "first 50", "top_100": "first 100", "top_200": "first 200", "all_at_risk": "all at risk"
}  # fmt: skip


def train(
    file: Annotated[Path, typer.Argument(help="CSV in any dialect, Excel or Parquet, up to 100 MB.")],
    out: Annotated[
        Path,
        typer.Option(
            help="Folder for lists (CSV), the summary (page, PDF, JSON), charts and the model card."
        ),
    ],
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE=COLUMN", help="Corrects what was proposed, as in `ebbwatch profile`."),
    ] = None,
    unit_price: Annotated[
        bool | None,
        typer.Option("--unit-price/--total", help="The amount is the price of one piece, or of the line."),
    ] = None,
    inactivity_days: Annotated[
        int | None,
        typer.Option(min=1, max=180, help="Silence that makes a customer gone; else what the gaps propose."),
    ] = None,
    horizon_days: Annotated[
        int | None, typer.Option(min=1, max=180, help="How far risk looks ahead; else half of that.")
    ] = None,
    contact_cost: Annotated[float, typer.Option(min=0.0, help="Of one contact.")] = 5.0,
    save_rate: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of those who would leave that a contact keeps.")
    ] = 0.35,
    discount: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of their value that whoever stays is given.")
    ] = 0.0,
    contestants: Annotated[
        str | None, typer.Option(help="Names with commas in between; else EBBWATCH_CONTESTANTS.")
    ] = None,
    learners: Annotated[
        str | None,
        typer.Option(
            help="Batch learners, names with commas in between; else EBBWATCH_LEARNERS; '' for none."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of all randomness; else EBBWATCH_MODEL_SEED.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON on standard output.")] = False,
) -> None:
    """Learn from a file of transactions who leaves, and score every customer as of its end.

    The file goes through the stream's own code in event time, without a broker; the stream is not touched.
    """
    settings = Settings()
    corrections = dict(correction(text) for text in column or [])
    offer = Offer(contact=contact_cost, save_rate=save_rate, discount=discount)
    try:
        actions = with_edits(settings.alert_actions.read_bytes() if settings.alert_actions else b"{}")
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".training-", dir=out) as scratch, _bars() as bars:
            folder, bar = Path(scratch), bars.add_task("reading the file", total=1.0)

            def told(what: str, share: float) -> None:
                bars.update(bar, description=what, completed=share)

            described = read(file, folder / "rows.parquet", told)
            mapping = corrected(as_proposed(described), corrections, unit_price)
            used = canonical(folder / "rows.parquet", described, mapping, folder)
            enough(used)
            inactivity = inactivity_days or threshold_of(folder / "events.parquet").days
            horizon = horizon_days or min(max(inactivity // 2, _HORIZON[0]), _HORIZON[1])
            days = {"horizon_days": horizon, "inactivity_days": inactivity}
            asked = Asked(
                facts=settings.model_copy(update=days).facts(),
                contestants=affordable(settings.contestants, used.customers)
                if contestants is None
                else named(contestants),
                learners=settings.learners if learners is None else named(learners),
                seed=settings.model_seed if seed is None else seed,
                offer=offer,
            )
            summary, table = train_on(folder / "events.parquet", out, asked, told)
            contacts = folder / "contacts.parquet"
            known = pq.read_table(contacts) if contacts.exists() else None
        (out / PREDICTIONS).write_bytes(predictions(table, known))
        (out / TARGETS).write_bytes(targets(table, known, offer, actions))
        write_for_people(
            out, Made(file.name, used, mapping, summary, model(out).manifest, datetime.now(UTC).date())
        )
    except (
        RefusedFileError, MappingError, UnusableError, UnknownContestantError, ActionsError,
        OSError,
    ) as error:  # fmt: skip
        _notes.print(f"error: {error}", style="red")
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(msgspec.json.encode(summary).decode())
        return
    _show(summary, inactivity, horizon)
    names = (PREDICTIONS, TARGETS, PAGE, PDF, CARD, CHARTS, SUMMARY)
    _answers.print(f"written: {', '.join(str(out / name) for name in names)}")


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
        console=_notes, transient=True,
    )  # fmt: skip


def _show(summary: Summary, inactivity: int, horizon: int) -> None:
    _answers.print(
        f"{summary.customers:,} customers at {moment(summary.last_ms)}: {summary.gone:,} have been silent for "
        f"{inactivity} days or longer, the others may leave within {horizon} days; judged on {summary.snapshots:,} "
        f"snapshots from {moment(summary.middle_ms)} on"
    )
    _answers.print(_contestants(summary.contestants))
    first = (
        "" if summary.promoted else ", the best one: the champion of the tournament is still the own rhythm"
    )
    _answers.print(f"scored by {summary.served}{first}")
    for rule in summary.rules[:_RULES]:
        if rule.share is not None:
            _answers.print(f"  {rule.share:.0%} of {rule.snapshots:,} were lost: {rule.text}")
    tiers = _table("tier", "customers", "would leave", "value", "at risk", "recoverable")
    for row in summary.at_risk:
        figures = (row.would_leave, row.value, row.at_risk, row.recoverable)
        tiers.add_row(row.tier or "all", f"{row.customers:,}", *(f"{figure:,.0f}" for figure in figures))
    _answers.print(tiers)
    kinds = _table("kind", "customers", "not gone", "revenue of 90 days", "lost of those there")
    for kind in summary.segmentation.segments:
        lost = "" if kind.churn is None else f"{kind.churn:.0%} of {kind.known:,}"
        kinds.add_row(kind.segment, f"{kind.customers:,}", f"{kind.active:,}", f"{kind.revenue:,.0f}", lost)
    _answers.print(kinds)
    campaigns = _table("contacted", "of them", "saved", "cost", "gain", "95 %", "pays from")
    for name, found in summary.scenarios.items():
        campaigns.add_row(
            _SCENARIOS[name], f"{found.contacted:,}", f"{found.saved:,.1f}", f"{found.cost:,.0f}",
            f"{found.gain:,.0f}", f"{found.gain_low:,.0f} to {found.gain_high:,.0f}",
            "never" if found.break_even is None else f"{found.break_even:.1%}",
        )  # fmt: skip
    _answers.print(campaigns)
    _answers.print(f"{len(summary.warnings):,} have moved to a higher tier since a week before")


def _contestants(found: tuple[Contestant, ...]) -> Table:
    shown = _table("contestant", "lost", "AUC", "loss", "F1", "F1 of all", "recall", "score")
    for one in found:
        m, at = one.metrics, one.metrics.decided
        figures = (m.roc_auc, m.log_loss, at and at.f1, one.f1_of_all, at and at.recall, one.score)
        share = "" if m.base_rate is None else f"{m.base_rate:.1%}"
        shown.add_row(one.name, share, *("" if f is None else f"{f:.3f}" for f in figures))
    return shown


def _table(*headings: str) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for number, heading in enumerate(headings):
        shown.add_column(heading, justify="right" if number else "left", no_wrap=True)
    return shown
