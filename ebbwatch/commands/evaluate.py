"""``ebbwatch evaluate``: how good the model would have been on a file of past events."""

from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from domain.calendar import DAY_MS
from ebbwatch.commands.replay import duration
from ebbwatch.evaluation.file import Asked, EvaluationError, Watch
from ebbwatch.evaluation.file import evaluate as run
from ebbwatch.evaluation.findings import Findings, moment
from ebbwatch.mapping import Rows, with_mapping
from ebbwatch.settings import Settings
from online_model.quality.metrics import Metrics
from online_model.training.lineup import UnknownContestantError
from online_model.training.settle import CHAMPION
from producers.replay.prepare import id_prefix
from producers.replay.source import SourceError

_SILENCE: Final = "silence:"


@with_mapping
def evaluate(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or Parquet; also in gzip or zstd.")],
    rows: Rows,
    horizon_days: Annotated[
        int | None, typer.Option(min=1, max=180, help="How far risk looks ahead; else EBBWATCH_HORIZON_DAYS.")
    ] = None,
    inactivity_days: Annotated[
        int | None,
        typer.Option(min=1, max=180, help="Silence that makes a user gone; else EBBWATCH_INACTIVITY_DAYS."),
    ] = None,
    sample_users: Annotated[
        int | None, typer.Option(min=1, help="Only so many users, chosen by hash; else all.")
    ] = None,
    contestants: Annotated[
        str | None, typer.Option(help="Names with commas in between; else EBBWATCH_CONTESTANTS.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of all randomness; else EBBWATCH_MODEL_SEED.")] = None,
    session_gap: Annotated[
        int | None,
        typer.Option(
            parser=duration,
            metavar="DURATION",
            help="Give session ids by this pause; else the stream's own gap makes sessions.",
        ),
    ] = None,
    mark_every: Annotated[
        int, typer.Option(parser=duration, metavar="DURATION", help="Event time between clock marks.")
    ] = "1h",  # type: ignore[assignment] # the parser is given the text
    reject_file: Annotated[
        Path | None, typer.Option(help="Rows that cannot be used; else under EBBWATCH_HOME/rejects.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page with pictures there (HTML).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Findings as JSON on standard output.")] = False,
) -> None:
    """How good the model would have been: the stream's own code over a file of past events, without a broker.

    Every prediction is made with what was known at its moment, and judged when its outcome was due. Figures are of
    the second half of the time span; the first is for learning.
    """
    if mark_every < 1000:
        raise typer.BadParameter("--mark-every must be at least 1s")
    if rows.sessions_named and session_gap is not None:
        raise typer.BadParameter("either --session or --session-gap: the file has sessions, or it has not")
    settings = Settings()
    days = {
        "horizon_days": horizon_days or settings.horizon_days,
        "inactivity_days": inactivity_days or settings.inactivity_days,
    }
    names = settings.contestants if contestants is None else named(contestants)
    asked = Asked(
        path=file,
        facts=settings.model_copy(update=days).facts(),
        contestants=tuple(names),
        seed=settings.model_seed if seed is None else seed,
        sample_users=sample_users,
        mark_every_ms=mark_every,
        session_gap_ms=session_gap,
        reject_file=reject_file or settings.home / "rejects" / f"{id_prefix(file)}.jsonl",
    )
    try:
        if report is not None:
            report.parent.mkdir(parents=True, exist_ok=True)
            report.touch()  # not after minutes of work
        with _Bars() as bars:
            findings = Findings(asked, run(asked, rows, bars))
            if report is not None:
                bars.drawing()
                _write(report, findings)
    except (SourceError, UnknownContestantError, EvaluationError, OSError) as error:
        _notes.print(f"error: {error}", style="red")
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(msgspec.json.encode(findings.as_json()).decode())
    else:
        _show(findings, report)


def named(contestants: str) -> tuple[str, ...]:
    """Names with commas in between."""
    return tuple(filter(None, map(str.strip, contestants.split(","))))


_notes = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
_answers = Console(markup=False, highlight=False, soft_wrap=True)


class _Bars(Watch):
    """Progress on standard error: reading, then learning."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
            console=_notes,
        )  # fmt: skip
        self._reading = self._bars.add_task("1/2 reading the file", total=1.0)
        self._learning = self._bars.add_task("2/2 predicting, then learning", total=None, visible=False)

    def __enter__(self) -> "_Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def reading(self, fraction: float) -> None:
        self._bars.update(self._reading, completed=fraction)

    def learning(self, more: int, total: int) -> None:
        self._bars.update(self._learning, advance=more, total=total, visible=True)

    def drawing(self) -> None:
        """The figures are there, the page is not."""
        self._bars.add_task("the report", total=None)


def _write(report: Path, findings: Findings) -> None:
    from ebbwatch.evaluation.page import page  # noqa: PLC0415 pictures take a second to load; most do without

    report.write_text(page(findings), "utf-8")


def _show(findings: Findings, report: Path | None) -> None:
    read = findings.read
    asked = findings.asked.facts
    rejected = sum(read.survey.rejected.values())
    _answers.print(
        f"{findings.half.examples:,} snapshots of the second half, from {moment(read.middle_ms)}; "
        f"{read.watched.users:,} users, {read.survey.usable:,} of {read.survey.rows:,} rows used "
        f"({rejected:,} rejected); horizon {asked.horizon_ms / DAY_MS:g} days, "
        f"inactivity {asked.inactivity_ms / DAY_MS:g} days"
    )
    _answers.print(_table("contestant", [(n, findings.judged[n].parts["all"]) for n in findings.names]))
    bands = [
        (f"silent for {part.removeprefix(_SILENCE)}", found)
        for part, found in findings.judged[CHAMPION].parts.items()
        if part.startswith(_SILENCE)
    ]
    _answers.print(_table(CHAMPION, bands))
    for decided in read.watched.decisions:
        _answers.print(
            f"{moment(decided.decision.at_ms)}  {decided.decision.kind}: {decided.decision.reason}"
        )
    for drifted in read.watched.drift:
        _answers.print(f"{moment(drifted.finding.at_ms)}  drift: {drifted.finding.text}")
    if report is not None:
        _answers.print(f"report: {report}")


def _table(first: str, rows: list[tuple[str, Metrics]]) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for number, heading in enumerate(
        (first, "snapshots", "lost", "AUC", "PR AUC", "loss", "Brier", "ECE", "slope", "O/E")
    ):
        shown.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for name, m in rows:
        figures = (m.roc_auc, m.pr_auc, m.log_loss, m.brier, m.ece, m.slope, m.observed_over_expected)
        share = "" if m.base_rate is None else f"{m.base_rate:.1%}"
        shown.add_row(name, f"{m.examples:,}", share, *("" if f is None else f"{f:.3f}" for f in figures))
    return shown
