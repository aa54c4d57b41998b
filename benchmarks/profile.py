"""``python -m benchmarks.profile``: where the worker's time goes.

py-spy takes samples of the thread that holds the interpreter while the worker reads a whole log; a sample counts for
the first of the stages below whose code stands in its stack.
"""

import subprocess
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.deployment import WorkerError, deployment, working
from benchmarks.findings import Surroundings, table, write
from benchmarks.load import Feed
from benchmarks.stream.contestants import ROOT

_PY_SPY: Final = ROOT / ".venv-bench" / "bin" / "py-spy"
_RATE: Final = 500
_SECONDS: Final = 300.0

STAGES: Final = {
    "decode: JSON into objects": ("Decoder._events", "Decoder._one"),
    "decode: objects into columns": ("Decoder.",),
    "read: user states from Redis": ("Reader.", "unpack (domain/packing"),
    "fold: events and timers into states": ("Partition.",),
    "score and pack what is written": ("write_of",),
    "write: fenced script in Redis": ("Writer.",),
    "metrics": ("prometheus_client/", "WorkerMetrics."),
    "lane: the rest": ("Lane.",),
    "fetch: Kafka's bytes into columns": ("FetchedPartition.", "RawRecords.", "_of_batch"),
    "fetch: aiokafka": ("aiokafka/",),
    "Faust": ("faust/", "mode/"),
    "sockets and event loop": ("asyncio/", "selectors.py"),
}
_OTHER: Final = "other"


def stage_of(stack: str) -> str:
    """The stage that a sample belongs to; `stack` as py-spy writes it, frames from the outside in."""
    frames = stack.split(";")
    for frame in reversed(frames):
        for stage, marks in STAGES.items():
            if any(mark in frame for mark in marks) and not stage.startswith(
                ("Faust", "sockets", "fetch: aio")
            ):
                return stage
    return next((s for s, marks in STAGES.items() if any(mark in stack for mark in marks)), _OTHER)


def shares(raw: str) -> dict[str, float]:
    """Share of the samples by stage, in the order of `STAGES`."""
    counts: Counter[str] = Counter()
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        counts[stage_of(stack)] += int(count)
    return {stage: round(counts[stage] / counts.total(), 3) for stage in (*STAGES, _OTHER)}


def measure(events: int, days: int, console: Console) -> dict[str, Any]:
    """Fill a log, let one worker read it, and watch."""
    around = Surroundings()
    with deployment(console) as here, Progress(console=console, transient=True) as progress:
        here.begin()
        sent = Feed(events, days).send(here, events, progress)
        end, raw = here.end(), here.home / "samples.txt"
        task = progress.add_task("profiling", total=end)
        with working(here) as worker:
            worker.until(lambda: here.read() > 0, _SECONDS, lambda: None)
            process = worker.process()
            if process is None:
                raise WorkerError("the worker is gone")
            before, begun = here.read(), sum(process.cpu_times()[:2])
            spy = subprocess.Popen(
                [str(_PY_SPY), "record", "--gil", "--pid", str(process.pid), "--rate", str(_RATE), "--format", "raw",
                 "--duration", str(int(_SECONDS)), "--output", str(raw)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            worker.until(
                lambda: here.read() >= end, _SECONDS, lambda: progress.update(task, completed=here.read())
            )
            cpu = sum(process.cpu_times()[:2]) - begun
        spy.wait(60)
        return {
            "events": sent,
            "cpu_microseconds_per_record": round(cpu / (end - before) * 1e6, 2),
            "share_of_samples": shares(raw.read_text("utf-8")),
            "conditions": around.describe(here.at),
        }


def main(
    events: Annotated[int, typer.Option(min=100_000, help="events of the log")] = 1_000_000,
    days: Annotated[int, typer.Option(min=7, help="days that they span")] = 180,
    out: Annotated[Path | None, typer.Option(help="JSON file of the results")] = None,
) -> None:
    """Say where the worker's time goes."""
    console = Console()
    found = measure(events, days, console)
    shown = table(f"{found['cpu_microseconds_per_record']} µs of CPU a record", "stage", "share")
    for stage, share in found["share_of_samples"].items():
        shown.add_row(stage, f"{share:.1%}")
    console.print(shown)
    write("profile", found, out, console)


if __name__ == "__main__":
    typer.run(main)
