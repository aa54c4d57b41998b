"""``python -m benchmarks.stream``: measure, print a table, write ``benchmarks/results/stream.json``."""

import datetime as dt
import signal
import sys
import uuid
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from redis import Redis
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from benchmarks.stream import events, ours, report, store
from benchmarks.stream.conditions import conditions
from benchmarks.stream.contestants import ALL, PEERS, ROOT, NotBuiltError
from benchmarks.stream.match import ContestantError, Figures, play
from local_stack import stack
from local_stack.addresses import Addresses
from local_stack.errors import StackError
from producers.publish import PublishError
from producers.topics import TopicError

_STACK = "bench-stream"
_FAILURES = (
    ContestantError,
    events.SimulationError,
    ours.WorkerError,
    store.UnsafeRedisError,
    store.WrongFeaturesError,
    PublishError,
    StackError,
    TopicError,
)
_RESULT = ROOT / "benchmarks" / "results" / "stream.json"


def main(
    number: Annotated[
        int, typer.Option("--events", min=1000, help="events of each distribution")
    ] = 1_000_000,
    runs: Annotated[int, typer.Option(min=1, help="times that each contestant goes")] = 5,
    contestants: Annotated[str, typer.Option(help="names with commas in between")] = ",".join(ALL),
    distribution: Annotated[str, typer.Option(help="simulated, uniform or both")] = ",".join(
        events.DISTRIBUTIONS
    ),
    kafka: Annotated[str, typer.Option(help="bootstrap servers; a stack is started if not given")] = "",
    redis: Annotated[str, typer.Option(help="URL; a stack is started if not given")] = "",
    home: Annotated[Path, typer.Option(help="folder for event files, logs and the stack")] = Path(
        ".ebbwatch"
    ),
    file: Annotated[list[str] | None, typer.Option(help="own events: simulated=PATH or uniform=PATH")] = None,
    out: Annotated[Path, typer.Option(help="JSON file of the results")] = _RESULT,
    date: Annotated[str, typer.Option(help="as it stands in the results; today if not given")] = "",
) -> None:
    """Measure this project's worker and the peers on the same events."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the stack is stopped then, too
    console = Console(stderr=True)
    names = _chosen(contestants, ALL)
    kinds = _chosen(distribution, events.DISTRIBUTIONS)
    own = dict(pair.split("=", 1) for pair in file or [])
    _require_programs(names, console)
    given = Addresses(kafka, redis, "given") if kafka and redis else None
    try:
        at = given or stack.up(home, name=_STACK, progress=lambda text: console.print(text, style="dim"))
        store.require_durable(Redis.from_url(at.redis))
        results: dict[str, Any] = {}
        for kind in kinds:
            source = Path(own[kind]) if kind in own else events.make(kind, number, home / "bench")
            results[kind] = _measure(kind, source, number, names, runs, at, home / "bench", console)
            Console().print(report.table(kind, results[kind]))
        results["notes"] = report.notes(names)
        results["conditions"] = conditions(at, date or dt.datetime.now(dt.UTC).isoformat(timespec="minutes"))
    except _FAILURES as failure:
        console.print(f"[bold red]not measured:[/] {escape(str(failure))}")
        raise typer.Exit(1) from failure
    finally:
        if given is None:
            stack.down(home, _STACK, wipe=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
    console.print(f"written to {out}", style="dim")


def _chosen(text: str, known: tuple[str, ...]) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in known]:
        raise typer.BadParameter(f"{', '.join(unknown)}: not one of {', '.join(known)}")
    return names


def _require_programs(names: list[str], console: Console) -> None:
    """A missing program is known now, not an hour later."""
    try:
        for name in names:
            if name in PEERS:
                PEERS[name].command()
    except NotBuiltError as missing:
        console.print(f"[bold red]cannot start:[/] {escape(str(missing))}")
        raise typer.Exit(1) from missing


def _measure(
    kind: str,
    source: Path,
    number: int,
    names: list[str],
    runs: int,
    at: Addresses,
    folder: Path,
    console: Console,
) -> dict[str, Any]:
    """All runs of one distribution, in rotated order; the topics are deleted afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {name: min(number, (name in PEERS and PEERS[name].most_events) or number) for name in names}
    prefix = f"bench-{kind}-{uuid.uuid4().hex[:6]}"
    with Progress(console=console, transient=True) as progress:
        topics = {
            size: events.load(source, size, at.kafka, f"{prefix}-{size}", progress)
            for size in sorted(set(sizes.values()))
        }
        wanted = {size: events.expected(source, size) for size in topics}
        figures: dict[str, list[Figures]] = {name: [] for name in names}
        task = progress.add_task(kind, total=runs * len(names))
        for run in range(runs):
            first = run % len(names)
            for name in names[first:] + names[:first]:
                progress.update(task, description=f"{kind}, run {run + 1}: {name}")
                size = sizes[name]
                found = play(name, at, topics[size], wanted[size], folder)
                console.print(f"{kind} {run + 1} {name}: {found.events_per_second:,.0f}/s", style="dim")
                figures[name].append(found)
                progress.advance(task)
    events.forget(at.kafka, prefix)
    return report.summary(figures, {name: topics[size] for name, size in sizes.items()})


if __name__ == "__main__":
    typer.run(main)
