"""``python -m benchmarks.trainer``: what the trainer's process takes of memory, and how fast contestants learn.

The process is the real one, on a Kafka of its own, with all contestants; it reads the snapshots and outcomes of a
simulation to their end: by default more examples than any of its windows holds, with the forest at its cap. How fast
they learn is measured without it: the same examples, hour by hour.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import numpy as np
import psutil
import typer
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from rich.console import Console
from rich.progress import Progress

from benchmarks.findings import Goal, Surroundings, goals_json, goals_table, table, write
from benchmarks.stream.contestants import ROOT
from domain.labels import Matrix, Outcomes, Snapshots, encode
from domain.offline import Offline
from domain.settings import FactSettings
from local_stack import stack
from online_model.learners.learner import Bools
from online_model.learners.line_up import make
from online_model.training.contestants import DEFAULT, LINEAR
from online_model.training.lineup import Lineup
from producers.simulator.simulation import Simulation
from stream_processors.config import ENVIRONMENT
from stream_processors.supervisor import TRAINER
from stream_processors.trainer_config import TrainerConfig

_LINEAGE: Final = "0" * 16
_MARK_MS: Final = 3_600_000
_MOST_MB: Final = 300.0
_ALL_PER_S: Final = 1_000.0
_LINEAR_PER_S: Final = 10_000.0
_LOOK_S: Final = 0.05
_TOPICS: Final = ("snapshots", "outcomes", "models", "model-decisions", "model-commands")
_CALLS: Final = (("all contestants", DEFAULT), ("the linear ones", LINEAR))


class TrainerError(RuntimeError):
    """The trainer did not do what is measured."""


class Memory(NamedTuple):
    """Of the process, MB (10^6 bytes); the most that was seen."""

    resident: float
    unique: float
    """Without pages that it shares with other processes."""
    at_start: float
    """Resident before the first record is read."""


class Batch(NamedTuple):
    """The examples whose outcomes came with one mark."""

    features: Matrix
    lost: Bools


def simulated(users: int, days: int, seed: int, console: Console) -> list[Snapshots | Outcomes]:
    """Blocks as a worker sends them, one partition, hourly marks."""
    simulation = Simulation(users, days, seed)
    partition, mark, found, before = Offline(FactSettings(), _LINEAGE), simulation.start_ms, [], 0
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("simulating", total=days)
        for chunk in simulation.chunks():
            for key, value, at in zip(chunk.keys, chunk.values, chunk.times.tolist(), strict=True):
                while at >= mark:
                    partition.mark(mark)
                    found += list(partition.blocks())
                    mark += _MARK_MS
                partition.send(key, value)
            progress.advance(task, chunk.days - before)
            before = chunk.days
    return found


def examples(blocks: list[Snapshots | Outcomes]) -> Iterator[Batch]:
    """Settled snapshots, in the order of their outcomes."""
    waiting: dict[tuple[str, int], Any] = {}
    for block in blocks:
        keys = list(zip(block.users, block.times.tolist(), strict=True))
        if isinstance(block, Snapshots):
            waiting |= zip(keys, block.features, strict=True)
        elif keys:
            yield Batch(np.array([waiting.pop(key) for key in keys]), block.lost)


def rate(contestants: tuple[str, ...], batches: list[Batch]) -> float:
    """Examples that the contestants together learn a second; the first tenth warms them up."""
    lineup, warm = Lineup(contestants, make, 1, FactSettings().horizon_ms), len(batches) // 10
    for batch in batches[:warm]:
        lineup.learn(*batch)
    begun = time.process_time()
    for batch in batches[warm:]:
        lineup.learn(*batch)
    return sum(len(b.lost) for b in batches[warm:]) / (time.process_time() - begun)


def fill(kafka: str, blocks: list[Snapshots | Outcomes]) -> None:
    """The topics of a trainer, with the blocks in them."""
    admin = AdminClient({"bootstrap.servers": kafka})
    for future in admin.create_topics([NewTopic(name, 1, 1) for name in _TOPICS]).values():
        future.result()
    producer = Producer({"bootstrap.servers": kafka})
    for block in blocks:
        topic = "snapshots" if isinstance(block, Snapshots) else "outcomes"
        producer.produce(topic, value=encode(block), partition=0)
        producer.poll(0)
    producer.flush(60)


def watched(config: TrainerConfig, log: Path) -> tuple[Memory, float, float]:
    """Run the process to its end; its memory, the seconds that it took, and those of a core that it used.

    Raises:
        TrainerError: it failed; its last words are in the message.
    """
    environment = os.environ | {
        "MALLOC_ARENA_MAX": "2",  # as the supervisor does
        ENVIRONMENT: msgspec.json.encode(config).decode(),
    }
    begun, unique, at_start, most, busy = time.monotonic(), 0, 0.0, 0, 0.0
    with log.open("wb") as output:
        process = psutil.Popen(TRAINER, env=environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            try:
                used = process.memory_full_info()
                busy = sum(process.cpu_times()[:2])
            except psutil.Error:
                break
            most, unique = max(most, used.rss), max(unique, used.uss)
            if not at_start and b"metrics and health" in log.read_bytes():
                at_start = used.rss / 1e6
            time.sleep(_LOOK_S)
        code = process.wait()
    if code:
        raise TrainerError(f"the trainer ended with code {code}: {log.read_text()[-1000:]}")
    return Memory(most / 1e6, unique / 1e6, at_start), time.monotonic() - begun, busy


def measure(users: int, days: int, seed: int, console: Console) -> dict[str, Any]:
    """All of it.

    Raises:
        StackError: Kafka cannot be had.
        TrainerError: the trainer failed.
    """
    surroundings = Surroundings()
    blocks = simulated(users, days, seed, console)
    batches = list(examples(blocks))
    rates = {name: rate(contestants, batches) for name, contestants in _CALLS}
    learned = sum(len(batch.lost) for batch in batches)
    with tempfile.TemporaryDirectory(prefix="ebbwatch-trainer-") as folder:
        home = Path(folder)
        try:
            at = stack.up(home, name="trainer", progress=lambda text: console.print(text, style="dim"))
            fill(at.kafka, blocks)
            config = TrainerConfig(
                kafka=at.kafka, lineage=_LINEAGE, partitions=1, facts=FactSettings(), folder=str(home / "training"),
                archive=str(home / "archive"), registry=str(home / "registry"), key="only for this measurement",
                checkpoint_s=5.0, until_idle=True,
            )  # fmt: skip
            memory, seconds, busy = watched(config, home / "log")
            described = surroundings.describe(at)
        finally:
            stack.down(home, "trainer", wipe=True)
    return {
        "conditions": described,
        "users": users,
        "days": days,
        "snapshots": sum(len(b.users) for b in blocks if isinstance(b, Snapshots)),
        "examples": learned,
        "memory_mb": memory._asdict(),
        "learned_per_s": rates,
        "process": {
            "seconds": seconds,
            "examples_per_s": learned / seconds,
            "core_seconds": busy,
            "examples_per_core_s": learned / busy,
        },
    }


def goals(found: dict[str, Any]) -> dict[str, Goal]:
    """Times for 1,000 examples, since a goal is a figure that must not be exceeded."""
    together, linear = (found["learned_per_s"][name] for name, _ in _CALLS)
    return {
        "resident memory, MB": Goal(found["memory_mb"]["resident"], _MOST_MB),
        "ms for 1,000 examples, all contestants": Goal(1e6 / together, 1e6 / _ALL_PER_S),
        "ms for 1,000 examples, linear ones": Goal(1e6 / linear, 1e6 / _LINEAR_PER_S),
    }


def main(
    users: Annotated[int, typer.Option(help="Of the simulation.")] = 2_000,
    days: Annotated[int, typer.Option(help="Of the simulation.")] = 240,
    seed: Annotated[int, typer.Option(help="Of the simulation.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Where the JSON goes.")] = None,
) -> None:
    """Memory of the trainer's process, and how fast its contestants learn."""
    console = Console()
    found = measure(users, days, seed, console)
    shown = table(f"trainer, {found['examples']:,} examples", "", "figure")
    for name, figure in found["memory_mb"].items():
        shown.add_row(f"memory, MB: {name.replace('_', ' ')}", f"{figure:,.0f}")
    for name, figure in found["learned_per_s"].items():
        shown.add_row(f"learned a second: {name}", f"{figure:,.0f}")
    for name in ("examples_per_s", "examples_per_core_s"):
        shown.add_row(f"the whole process: {name.replace('_', ' ')}", f"{found['process'][name]:,.0f}")
    console.print(shown)
    reached = goals(found)
    console.print(goals_table(reached))
    write("trainer", found | {"goals": goals_json(reached)}, out, console)


if __name__ == "__main__":
    typer.run(main)
