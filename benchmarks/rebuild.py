"""``python -m benchmarks.rebuild``: how fast all users are computed anew from the log.

The command's whole time counts, with the start of Python and of the worker, and the switch at the end. The
physical limit in the same run: reading and decoding the same log.
"""

import statistics
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.deployment import TOPIC, WorkerError, deployment
from benchmarks.findings import Surroundings, table, write
from benchmarks.load import Feed
from benchmarks.stream.contestants import LIMIT
from benchmarks.stream.events import Loaded
from benchmarks.stream.match import play

_DAYS: Final = 180


def measure(events: int, runs: int, console: Console) -> dict[str, Any]:
    """Process the log once; then, `runs` times in turn, read it and rebuild from it."""
    around = Surroundings()
    with deployment(console) as here, Progress(console=console, transient=True) as progress:
        here.begin()
        task = progress.add_task("preparing", total=None)
        sent = Feed(events, _DAYS).send(here, events, progress)
        log = Loaded(TOPIC, sent, here.end() - sent, 0)
        progress.update(task, description="reading and decoding")
        # these empty the store, hence before it is filled
        reading = [play(LIMIT, here.at, log, {}, here.home).events_per_second for _ in range(runs)]
        progress.update(task, description="processing")
        here.begin()
        here.command("run", "--until-idle")
        before = here.totals()
        rebuilt: list[float] = []
        for run in range(runs):
            progress.update(task, description=f"rebuilding, run {run + 1}")
            rebuilt.append(sent / here.command("rebuild"))
            if here.totals() != before:
                raise WorkerError(f"the rebuilt store differs: {here.totals()}, before {before}")
        return {
            "events": sent,
            "records": sent + log.marks,
            "users": before.users,
            "events_per_second": {
                "rebuild": round(statistics.median(rebuilt)),
                LIMIT: round(statistics.median(reading)),
            },
            "ratio_to_limit": round(statistics.median(rebuilt) / statistics.median(reading), 3),
            "runs": {"rebuild": [round(r) for r in rebuilt], LIMIT: [round(r) for r in reading]},
            "seconds": round(sent / statistics.median(rebuilt), 1),
            "conditions": around.describe(here.at),
        }


def main(
    events: Annotated[int, typer.Option(min=10_000, help="events in the log")] = 1_000_000,
    runs: Annotated[int, typer.Option(min=1, help="times that it is rebuilt")] = 3,
    short: Annotated[bool, typer.Option("--short", help="30,000 events, once")] = False,
    out: Annotated[Path | None, typer.Option(help="JSON file [default: results/rebuild.json]")] = None,
) -> None:
    """Measure `ebbwatch rebuild`."""
    console = Console(stderr=True)
    found = measure(30_000, 1, console) if short else measure(events, runs, console)
    shown = table(f"{found['events']:,} events, {found['users']:,} users", "", "events/s", "runs")
    for name, speed in found["events_per_second"].items():
        each = found["runs"][name]
        shown.add_row(name.replace("_", " "), f"{speed:,}", f"{min(each):,}–{max(each):,}")
    Console().print(
        shown, f"{found['seconds']:.1f} s in all; {found['ratio_to_limit']:.0%} of reading and decoding"
    )
    write("rebuild", found, out, console)


if __name__ == "__main__":
    typer.run(main)
