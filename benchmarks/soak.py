"""``python -m benchmarks.soak``: does the worker's memory stay flat over ten million events?

The physical limit in the same run is the worker before its first event: Python, Kafka's and Redis's clients
and compiled code, and nothing of any user.
"""

import threading
import time
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.deployment import Deployment, Worker, WorkerError, deployment, resident, working
from benchmarks.findings import Goal, Surroundings, goals_json, goals_table, table, write
from benchmarks.load import Feed

_LIMIT_MB: Final = 400.0
_SLOPE_MB: Final = 2.0
_EVERY_S: Final = 2.0
_AFTER_END_S: Final = 3600.0
_SHORT: Final = 300_000
_DAYS: Final = 180
_BARS: Final = "▁▂▃▄▅▆▇█"
_BAR_COUNT: Final = 60


class Series:
    """Memory of the worker over time."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.seconds: list[float] = []
        self.records: list[int] = []
        self.resident_mb: list[float] = []

    def look(self, here: Deployment, worker: Worker) -> None:
        """Take a sample if the last one is old enough."""
        now = time.monotonic() - self._began
        process = worker.process()
        if process is None or (self.seconds and now < self.seconds[-1] + _EVERY_S):
            return
        self.seconds.append(round(now, 1))
        self.records.append(here.read())
        self.resident_mb.append(round(resident(process), 1))


def summary(series: Series, events: int) -> dict[str, Any]:
    """Figures of a series that ended at the log's end."""
    records, memory = np.array(series.records), np.array(series.resident_mb)
    idle = memory[records == 0]
    busy = records > 0
    late = records > records[-1] / 2
    if not len(idle) or np.count_nonzero(late) < 2:
        raise WorkerError("too few samples before the first event, or in the second half: take more events")
    slope = float(np.polyfit(records[late] / 1e6, memory[late], 1)[0])
    return {
        "events": events,
        "before_first_event_mb": float(idle.max()),
        "resident_mb": {
            "median_first_half": round(float(np.median(memory[busy & ~late])), 1),
            "median_second_half": round(float(np.median(memory[late])), 1),
            "max": float(memory.max()),
        },
        "growth_second_half_mb_per_million_records": round(slope, 2),
        "series": {"seconds": series.seconds, "records": series.records, "resident_mb": series.resident_mb},
    }


def picture(series: Series) -> str:
    """The series as one line of bars, from 0 to its maximum."""
    memory = np.array(series.resident_mb)
    means = [part.mean() for part in np.array_split(memory, min(_BAR_COUNT, len(memory)))]
    top = max(means)
    return "".join(_BARS[min(len(_BARS) - 1, int(mean / top * len(_BARS)))] for mean in means)


def measure(events: int, console: Console) -> dict[str, Any]:
    """Fill the log and process it at the same time, looking at the worker's memory."""
    around = Surroundings()
    series = Series()
    with deployment(console) as here, Progress(console=console, transient=True) as progress:
        here.begin()
        with working(here) as worker:
            worker.until(lambda: series.seconds != [] and series.seconds[-1] > 3 * _EVERY_S, 60.0,
                         lambda: series.look(here, worker))  # fmt: skip
            begun = time.monotonic()
            filled: list[int] = []
            filler = threading.Thread(
                target=lambda: filled.append(Feed(events, _DAYS).send(here, events, progress))
            )
            filler.start()
            task = progress.add_task("processing", total=events)

            def look() -> None:
                series.look(here, worker)
                progress.update(task, completed=series.records[-1])

            worker.until(lambda: not filler.is_alive(), _AFTER_END_S, look)
            filler.join()
            if not filled:
                raise WorkerError("the events could not be sent")
            end = here.end()
            worker.until(lambda: here.read() >= end, _AFTER_END_S, look)
            seconds = time.monotonic() - begun
            series.seconds[-1] -= _EVERY_S  # the end is a sample of its own
            series.look(here, worker)
        found = summary(series, filled[0]) | {
            "users": here.totals().users,
            "seconds": round(seconds, 1),
            "outcomes": here.totals().outcomes,
        }
        applied = sum(n for name, n in here.totals().outcomes.items() if name != "mark")
        if applied != filled[0]:
            raise WorkerError(f"{applied:,} of {filled[0]:,} events have an outcome")
        found["picture"] = picture(series)
        found["conditions"] = around.describe(here.at)
    return found


def main(
    events: Annotated[int, typer.Option(min=100_000, help="events to process")] = 10_000_000,
    short: Annotated[bool, typer.Option("--short", help=f"only {_SHORT:,} events")] = False,
    out: Annotated[
        Path | None, typer.Option(help="JSON file [default: benchmarks/results/soak.json]")
    ] = None,
) -> None:
    """Measure the worker's memory over many events."""
    console = Console(stderr=True)
    found = measure(_SHORT if short else events, console)
    memory = found["resident_mb"]
    goals = {
        "most memory of the worker, MB": Goal(memory["max"], _LIMIT_MB),
        "growth in the second half, MB per million records": Goal(
            found["growth_second_half_mb_per_million_records"], _SLOPE_MB
        ),
    }
    found["goals"] = goals_json(goals)
    shown = table(f"worker memory over {found['events']:,} events", "", "MB")
    shown.add_row("before the first event", f"{found['before_first_event_mb']:.0f}")
    for name, value in memory.items():
        shown.add_row(name.replace("_", " "), f"{value:.0f}")
    Console().print(shown, goals_table(goals), found["picture"])
    write("soak", found, out, console)


if __name__ == "__main__":
    typer.run(main)
