"""``ebbwatch simulate``: a made-up product's events, into Kafka or a file, and the truth beside them."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ebbwatch.commands.replay import duration
from ebbwatch.connection import NoStackError
from ebbwatch.deployment import Deployment, open_deployment
from ebbwatch.settings import Settings
from local_stack.errors import StackError
from producers.publish import Publisher, PublishError
from producers.replay.send import Pace
from producers.simulator.files import open_lines, write_chunk, write_truth
from producers.simulator.sending import send_all
from producers.simulator.simulation import DEFAULT_START, Chunk, Simulation
from producers.topics import TopicError

_DEFAULT_USERS: Final = 2_000
_DEFAULT_START: Final = DEFAULT_START.isoformat()

_notes = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
_answers = Console(soft_wrap=True, markup=False)


class Summary(msgspec.Struct, kw_only=True):
    """What a simulation brought."""

    events: int = 0
    users: int
    """Who show up in the events, if they were spread evenly; else all that were simulated."""
    days: int
    seed: int
    first: str | None = None
    last: str | None = None
    marks: int = 0
    """Clock marks, each in every partition; a file has none, its replay makes them."""
    out: str | None = None
    topic: str | None = None
    truth: str | None = None
    seconds: float = 0.0

    def add(self, chunk: Chunk) -> None:
        """Count a chunk in."""
        self.events += len(chunk.values)
        self.first = self.first or _iso(int(chunk.times[0]))
        self.last = _iso(int(chunk.times[-1]))


def simulate(
    users: Annotated[
        int | None, typer.Option(min=1, help="Users [default: 2000, or as many as --events need].")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Length of the span.")] = 120,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another population.")] = 1,
    events: Annotated[
        int | None, typer.Option(min=1, help="So many events; with --users their activity is scaled.")
    ] = None,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Events a second; else full speed.")] = None,
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="First day of the span.")
    ] = _DEFAULT_START,  # type: ignore[assignment] # the option is given as text
    out: Annotated[
        Path | None, typer.Option(help="JSON lines file instead of Kafka; .gz and .zst are compressed.")
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="File for the truth about each user.")] = None,
    uniform_users: Annotated[
        int | None, typer.Option(min=1, help="Spread events evenly over so many users (for benchmarks).")
    ] = None,
    mark_every: Annotated[
        int, typer.Option(parser=duration, metavar="DURATION", help="Event time between clock marks.")
    ] = "1h",  # type: ignore[assignment] # the parser is given the text
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Simulate users of a product and send what they do to Kafka, or write it to a file.

    The same options give the same bytes. Users leave for reasons that are known: see --truth.
    """
    if mark_every < 1000:
        raise typer.BadParameter("--mark-every must be at least 1s")
    _refuse_future(start.date(), days, datetime.now(UTC))
    if users is None and events is None:
        users = _DEFAULT_USERS
    started = time.monotonic()
    try:
        with _Bar(days, events) as bar:
            simulation = Simulation(users, days, seed, start.date(), events, uniform_users=uniform_users)
            summary = Summary(users=uniform_users or simulation.users, days=days, seed=seed)

            def chunk_done(chunk: Chunk) -> None:
                summary.add(chunk)
                bar.moved(chunk, summary.events)

            if out is not None:
                _to_file(simulation, out, rate, chunk_done)
                summary.out = str(out)
            else:
                here = open_deployment(Settings())  # the served topic, which a repartition may have moved
                summary.marks = _to_kafka(simulation, here, rate, mark_every, chunk_done)
                summary.topic = here.stream.topic
        if truth is not None:
            write_truth(simulation, truth)
            summary.truth = str(truth)
    except (NoStackError, StackError, TopicError, PublishError, ValueError, OSError) as error:
        _notes.print(f"error: {error}", style="red")
        raise typer.Exit(1) from error
    summary.seconds = round(time.monotonic() - started, 3)
    if as_json:
        typer.echo(msgspec.json.encode(summary).decode())
    else:
        _show(summary)


def _refuse_future(start: date, days: int, now: datetime) -> None:
    end = datetime(start.year, start.month, start.day, tzinfo=UTC) + timedelta(days=days)
    if end > now:
        latest = (now - timedelta(days=days)).date()
        raise typer.BadParameter(
            f"{days} days from {start} end on {end.date()}, after now, and events of the future would be "
            f"dead-lettered: let the span begin on {latest} or before (--start), or take fewer --days"
        )


def _to_file(
    simulation: Simulation, out: Path, rate: float | None, chunk_done: Callable[[Chunk], None]
) -> None:
    if rate is not None:
        raise typer.BadParameter("--rate is for Kafka; a file is written at full speed")
    with open_lines(out) as file:
        for chunk in simulation.chunks():
            write_chunk(file, chunk)
            chunk_done(chunk)


def _to_kafka(
    simulation: Simulation,
    here: Deployment,
    rate: float | None,
    mark_every: int,
    chunk_done: Callable[[Chunk], None],
) -> int:
    pace = None if rate is None else Pace(rate)
    with Publisher(here.at.kafka, here.stream.topic, here.stream.partitions) as publisher:
        return send_all(simulation, publisher, mark_every_ms=mark_every, pace=pace, chunk_done=chunk_done)


class _Bar:
    """Progress on standard error: events of the wanted number, else days of the span."""

    def __init__(self, days: int, events: int | None) -> None:
        self._by_events = events is not None
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[events]:,} events"),
            TimeRemainingColumn(), console=_notes,
        )  # fmt: skip
        self._task = self._bars.add_task("preparing", total=events or days, events=0)

    def __enter__(self) -> "_Bar":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def moved(self, chunk: Chunk, events: int) -> None:
        self._bars.update(
            self._task,
            description="simulating",
            completed=events if self._by_events else chunk.days,
            events=events,
        )


def _iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()


def _show(summary: Summary) -> None:
    table = Table("", "", title="simulated", show_header=False)
    table.add_row("events", f"{summary.events:,}")
    table.add_row("users", f"{summary.users:,}")
    table.add_row("from", summary.first)
    table.add_row("to", summary.last)
    table.add_row(
        "written to", summary.out or f"topic {summary.topic}, {summary.marks:,} clock marks in each partition"
    )
    if summary.truth:
        table.add_row("truth", summary.truth)
    table.add_row("took", f"{summary.seconds:.1f} s")
    _answers.print(table)
