"""``ebbwatch replay``: a file of past events into Kafka."""

import re
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ebbwatch.connection import NoStackError
from ebbwatch.deployment import open_deployment
from ebbwatch.settings import Settings
from local_stack.errors import StackError
from producers.publish import PublishError
from producers.replay.columns import Columns
from producers.replay.job import Destination, Job, ReplayError, Report, Watch
from producers.replay.job import replay as run
from producers.replay.layout import Layout
from producers.replay.layouts import LAYOUTS
from producers.replay.prepare import id_prefix
from producers.replay.sessions import OPENING
from producers.replay.source import SourceError
from producers.replay.times import Times
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


def _column(help_text: str, name: str) -> Any:
    return typer.Option(f"--{name}", metavar="COL", help=help_text, rich_help_panel="Columns")


Column = str | None


def replay(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or Parquet; also in gzip or zstd.")],
    user: Annotated[Column, _column("User id.", "user")] = None,
    time: Annotated[Column, _column("When it happened.", "time")] = None,
    amount: Annotated[Column, _column("Money, in major units.", "amount")] = None,
    kind: Annotated[Column, _column("Type of the event.", "type")] = None,
    session: Annotated[Column, _column("Session id.", "session")] = None,
    product: Annotated[Column, _column("Product of a purchase.", "product")] = None,
    quantity: Annotated[Column, _column("Items of a purchase.", "quantity")] = None,
    platform: Annotated[Column, _column("web, ios...", "platform")] = None,
    plan: Annotated[Column, _column("Plan that the user is on.", "plan")] = None,
    channel: Annotated[Column, _column("How the user came.", "channel")] = None,
    geography: Annotated[Column, _column("Country or region.", "geography")] = None,
    order: Annotated[Column, _column("Order that a purchase line belongs to.", "order")] = None,
    feature: Annotated[Column, _column("Feature that was used.", "feature")] = None,
    category: Annotated[Column, _column("Category of the feature.", "category")] = None,
    event_id: Annotated[Column, _column("Event id; else file name and row number.", "event-id")] = None,
    layout: Annotated[
        str | None, typer.Option(help=f"Instead of columns, a known layout: {', '.join(LAYOUTS)}.")
    ] = None,
    default_type: Annotated[str, typer.Option(help="Type of rows that name none.")] = "page_view",
    time_format: Annotated[
        str | None, typer.Option(help="strptime pattern of times; else ISO or numbers since 1970.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Zone of times that do not say theirs.")] = "UTC",
    delimiter: Annotated[str, typer.Option(help="Between the values of a CSV row.")] = ",",
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
    if session is not None and session_gap is not None:
        raise typer.BadParameter("either --session or --session-gap: the file has sessions, or it has not")
    mapping = {
        "user": user, "time": time, "amount": amount, "type": kind, "session": session, "product": product,
        "quantity": quantity, "platform": platform, "plan": plan, "channel": channel, "geography": geography,
        "order": order, "feature": feature, "category": category, "event_id": event_id,
    }  # fmt: skip
    columns = {option: name for option, name in mapping.items() if name is not None}
    times = Times(_zone(timezone), time_format)
    settings = Settings()
    job = Job(
        path=file,
        layout=_layout(layout, columns, default_type, times),
        reject_file=reject_file or settings.home / "rejects" / f"{id_prefix(file)}.jsonl",
        delimiter=delimiter,
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


def _layout(name: str | None, columns: dict[str, str], default_type: str, times: Times) -> Layout:
    if name is not None:
        if columns:
            raise typer.BadParameter(f"--layout {name} already says which columns mean what: leave those out")
        if name not in LAYOUTS:
            raise typer.BadParameter(f"no layout {name!r}; there are: {', '.join(LAYOUTS)}")
        return LAYOUTS[name](times)
    missing = [f"--{option}" for option in ("user", "time") if option not in columns]
    if missing:
        raise typer.BadParameter(f"say which column it is: {' and '.join(missing)}; or give --layout")
    return Columns(columns, default_type, times)


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise typer.BadParameter(f"no time zone {name!r}; for instance Europe/London") from error


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
