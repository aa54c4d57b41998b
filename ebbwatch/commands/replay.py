"""``ebbwatch replay``: a file of past events into Kafka."""

import re
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ebbwatch.connection import NoStackError
from ebbwatch.deployment import open_deployment
from ebbwatch.mapping import Rows, with_mapping
from ebbwatch.settings import Settings
from local_stack.errors import StackError
from producers.publish import PublishError
from producers.replay.job import Destination, Job, ReplayError, Report, Watch
from producers.replay.job import replay as run
from producers.replay.prepare import id_prefix
from producers.replay.sessions import OPENING
from producers.replay.source import SourceError
from producers.topics import TopicError

_UNITS_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_DURATION: Final = re.compile(r"(\d+)(ms|s|m|h|d|w)")


def duration(text: str) -> int:
    """Milliseconds of ``30m``, ``1h``, ``7d`` and the like.

    Raises:
        typer.BadParameter: anything else.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is no duration: write 30m, 1h or 7d (units ms, s, m, h, d, w)")
    return int(found[1]) * _UNITS_MS[found[2]]


@with_mapping
def replay(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or Parquet; also in gzip or zstd.")],
    rows: Rows,
    session_gap: Annotated[
        int | None,
        typer.Option(
            parser=duration,
            metavar="DURATION",
            help="Give session ids by this pause; else the stream makes sessions by its own gap.",
        ),
    ] = None,
    mark_every: Annotated[
        int, typer.Option(parser=duration, metavar="DURATION", help="Event time between clock marks.")
    ] = "1h",  # type: ignore[assignment] # the parser is given the text
    tail: Annotated[
        int,
        typer.Option(
            parser=duration, metavar="DURATION", help="Silence after the last event, where it is known."
        ),
    ] = "0s",  # type: ignore[assignment]
    rate: Annotated[float | None, typer.Option(min=0.001, help="Events a second; else full speed.")] = None,
    reject_file: Annotated[
        Path | None, typer.Option(help="Rows that cannot be used; else under EBBWATCH_HOME/rejects.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and count, send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Send a file of past events to Kafka in order of time, with clock marks in between.

    Event times are kept. Every row is sent or counted as rejected with its reason.
    """
    if mark_every < 1000:
        raise typer.BadParameter("--mark-every must be at least 1s")
    if rows.sessions_named and session_gap is not None:
        raise typer.BadParameter("either --session or --session-gap: the file has sessions, or it has not")
    settings = Settings()
    job = Job(
        path=file,
        layout=rows.layout,
        reject_file=reject_file or settings.home / "rejects" / f"{id_prefix(file)}.jsonl",
        delimiter=rows.delimiter,
        mark_every_ms=mark_every,
        tail_ms=tail,
        session_gap_ms=session_gap,
        session_types=OPENING | set(settings.session_types),
        rate=rate,
    )
    try:
        with _Bars() as bars:
            report = run(job, None if dry_run else _destination(settings), bars)
    except (NoStackError, StackError, SourceError, ReplayError, TopicError, PublishError, OSError) as error:
        _notes.print(f"error: {error}", style="red")
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
    else:
        _show(report)


_notes = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
_answers = Console(soft_wrap=True, markup=False)


class _Bars(Watch):
    """Progress on standard error: reading in percent, sending in events."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=_notes,
        )  # fmt: skip
        self._reading = self._bars.add_task("reading, %", total=100)
        self._sending = self._bars.add_task("sending, events", total=None, visible=False)

    def __enter__(self) -> "_Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def reading(self, fraction: float) -> None:
        self._bars.update(self._reading, completed=round(100 * fraction))

    def sending(self, more: int, total: int) -> None:
        self._bars.update(self._sending, advance=more, total=total, visible=True)


def _destination(settings: Settings) -> Destination:
    here = open_deployment(settings)  # the served topic, which a repartition may have moved
    return Destination(
        bootstrap=here.at.kafka,
        topic=here.stream.topic,
        partitions=here.stream.partitions,
        dead_letter_topic=settings.dead_letter_topic,
        control_topic=settings.control_topic,
    )


def _show(report: Report) -> None:
    table = Table("", "", title=f"{report.file} ({report.format})", show_header=False)
    rejected = sum(report.rejected.values())
    table.add_row("rows", f"{report.rows:,}")
    table.add_row("sent as events" if report.topic else "usable (dry run)", f"{report.sent:,}")
    table.add_row("rejected", f"{rejected:,}" + (f", see {report.reject_file}" if rejected else ""))
    for reason, count in report.rejected.items():
        table.add_row(f"  {reason}", f"{count:,}")
    if report.derived:
        table.add_row("derived sign-ups", f"{report.derived:,}")
    if report.out_of_order:
        table.add_row("not in order of time, sorted", f"{report.out_of_order:,}")
    table.add_row("from", report.first_event)
    table.add_row("to", report.last_event)
    table.add_row("clock marks", f"{report.marks:,} in each partition")
    table.add_row("took", f"{report.seconds:.1f} s")
    _answers.print(table)
