"""``python -m benchmarks.stream.turns NAME=TREE NAME=TREE``: work trees of this project by turns, on the same log.

Each run is of the tree's own code. Besides the throughput it says what the worker's main thread did, which runs all
lanes: the time it ran, and the time it waited for a core; the rest it had nothing to do.
"""

import os
import signal
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from redis import Redis
from rich.console import Console
from rich.progress import Progress

from benchmarks.stream import events, store
from local_stack import stack

_STACK: Final = "bench-turns"

ONE_RUN: Final = """
import json, os, sys, threading, time, uuid
from pathlib import Path
import psutil
from benchmarks.stream import ours
from benchmarks.stream.events import Loaded
from local_stack.addresses import Addresses

kafka, redis, topic, number, marks, users, log = sys.argv[1:]
seen, ended = [], []

def look():
    while not ended:
        for process in psutil.Process().children(recursive=True):
            try:
                if "stream_processors.worker" in process.cmdline():
                    path = f"/proc/{process.pid}/task/{process.pid}/schedstat"
                    ran, queued, _ = open(path).read().split()
                    seen.append((time.monotonic(), int(ran) / 1e9, int(queued) / 1e9))
            except (psutil.Error, OSError):
                pass
        time.sleep(0.05)

watched = ours._watch
def watch(*given):
    try:
        return watched(*given)
    finally:
        ended.append(time.monotonic())
ours._watch = watch
looking = threading.Thread(target=look)
looking.start()
loaded = Loaded(topic, int(number), int(marks), int(users))
timed = ours.run(Addresses(kafka, redis, "given"), loaded, f"turns-{uuid.uuid4().hex[:8]}", Path(log))
looking.join()
within = [s for s in seen if s[0] >= ended[0] - timed.seconds]
(at, ran, queued), (end, ran_then, queued_then) = within[0], within[-1]
print(json.dumps({
    "events_per_second": timed.events / timed.seconds,
    "cpu_microseconds_per_event": timed.cpu_seconds / timed.events * 1e6,
    "ran": (ran_then - ran) / (end - at),
    "queued": (queued_then - queued) / (end - at),
}))
"""
"""Runs in the tree: what it takes of its code has been there since the spine."""


class Turn(msgspec.Struct, frozen=True):
    """One run."""

    events_per_second: float
    cpu_microseconds_per_event: float
    ran: float
    """Share of the time that the main thread ran."""
    queued: float
    """Share of the time that it waited for a core."""


def turn(tree: Path, at: Any, loaded: events.Loaded, log: Path) -> Turn:
    """Let a tree's worker read the log, on an empty Redis."""
    store.empty(Redis.from_url(at.redis))
    arguments = [at.kafka, at.redis, loaded.topic, loaded.events, loaded.marks, loaded.users, log]
    done = subprocess.run(
        [sys.executable, "-c", ONE_RUN, *map(str, arguments)],
        cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)}, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{tree}: {done.stderr.decode()[-2000:]}, see {log}")
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Turn)


def main(
    trees: Annotated[
        list[str], typer.Argument(help="NAME=TREE; the first is what the others are compared with")
    ],
    runs: Annotated[int, typer.Option(min=1, help="turns of each")] = 3,
    distribution: Annotated[str, typer.Option(help="simulated or uniform")] = "simulated",
    number: Annotated[int, typer.Option("--events", min=1000)] = 1_000_000,
    home: Annotated[Path, typer.Option(help="folder for event files, logs and the stack")] = Path(
        ".ebbwatch"
    ),
    out: Annotated[Path | None, typer.Option(help="JSON file of the results")] = None,
) -> None:
    """Measure work trees by turns."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the stack is stopped then, too
    console, folder = Console(), (home / "bench").absolute()
    chosen = {name: Path(tree).absolute() for name, _, tree in (pair.partition("=") for pair in trees)}
    try:
        at = stack.up(home, name=_STACK, progress=lambda text: console.print(text, style="dim"))
        source = events.make(distribution, number, folder)
        with Progress(console=console, transient=True) as progress:
            loaded = events.load(source, number, at.kafka, f"turns-{distribution}", progress)
        found: dict[str, list[Turn]] = {name: [] for name in chosen}
        for _ in range(runs):
            for name, tree in chosen.items():
                one = turn(tree, at, loaded, folder / f"turns-{name}.log")
                found[name].append(one)
                console.print(
                    f"{name}: {one.events_per_second:,.0f} events/s, {one.cpu_microseconds_per_event:.2f} µs; main "
                    f"thread ran {one.ran:.0%}, queued {one.queued:.0%}, load {os.getloadavg()[0]:.1f}"
                )
    finally:
        stack.down(home, _STACK, wipe=True)
    medians = {name: statistics.median(t.events_per_second for t in turns) for name, turns in found.items()}
    first = next(iter(medians.values()))
    for name, median in medians.items():
        console.print(f"{name}: median {median:,.0f} events/s, {median / first:.2f} of the first")
    if out is not None:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


if __name__ == "__main__":
    typer.run(main)
