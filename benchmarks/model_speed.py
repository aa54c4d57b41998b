"""``python -m benchmarks.model_speed``: what scoring, learning and swapping cost, and the trainer's memory."""

import datetime as dt
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np
import psutil
import typer
from rich.console import Console

from benchmarks.findings import table, write
from benchmarks.model.judging import Bound
from domain.catalogue import CATALOGUE, NAMES
from domain.features import features
from domain.labels import Matrix, Snapshots, encode
from domain.offline import Offline
from domain.settings import FactSettings
from online_model.learners.admitted import SPARES
from online_model.learners.line_up import KINDS, make
from online_model.learners.river_classifier import RiverClassifier
from online_model.loading import last_good
from online_model.registry.registry import Registry
from online_model.tournament.decision import Command
from online_model.training.contestants import DEFAULT, LINEAR
from online_model.training.effects import Publish
from online_model.training.lineup import Lineup
from online_model.training.orders import Order
from online_model.training.past import LINEAGE, Past, Watched
from producers.simulator.sending import send_all
from producers.simulator.simulation import Simulation

_DAYS: Final = 300
_MARKS_MS: Final = 6 * 3_600_000
_BATCH: Final = 5_000
_ONE_BY_ONE: Final = 300
_RUNS: Final = 25
_LARGEST: Final = "mean"
"""The contestant with the largest version."""
_KEY: Final = b"of the benchmark alone"


def main(
    users: Annotated[int, typer.Option(min=200, help="Simulated users.")] = 1_500,
    out: Annotated[Path | None, typer.Option(help="Write the findings there instead.")] = None,
) -> None:
    """Measure, print, write. Exit code 1 if a goal is missed."""
    console = Console(stderr=True)
    began = dt.datetime.now(dt.UTC)
    console.print("simulating and training", style="dim")
    watched, offline, blocks, now = _trained(users)
    x, lost = watched.examples.features, watched.examples.scored.lost
    found: dict[str, Any] = {"users": users, "examples": len(x)}
    goals: dict[str, Bound] = {}
    console.print("scoring", style="dim")
    found["scoring"] = _scoring(watched, offline, now)
    console.print("compared with River, one by one", style="dim")
    found["largest_difference_to_river"] = _differences(x, lost)
    console.print("learning", style="dim")
    found["examples_per_second"] = {
        "all": _learning(DEFAULT, x, lost),
        "linear": _learning(LINEAR, x, lost),
        **{kind: _learning((kind,), x, lost) for kind in KINDS},
    }
    with tempfile.TemporaryDirectory() as folder:
        console.print("swapping, memory", style="dim")
        found["swap_ms"] = _swap(watched, Path(folder))
        found["trainer"] = _memory(blocks, Path(folder))
    for name in ("champion", "recursive", "mean"):  # at the end the champion may still be the baseline
        goals[f"scoring 5,000 users by {name}, µs a user"] = Bound(
            found["scoring"][name]["score_us"], high=2.0
        )
    goals["difference to River's prediction"] = Bound(
        max(found["largest_difference_to_river"].values()), high=1e-9
    )
    goals["all contestants learn, examples/s"] = Bound(found["examples_per_second"]["all"], low=1_000)
    goals["the linear ones learn, examples/s"] = Bound(found["examples_per_second"]["linear"], low=10_000)
    goals["trainer's memory, MB"] = Bound(found["trainer"]["most_mb"], high=300)
    goals["a version from the registry to what serves, ms"] = Bound(found["swap_ms"]["load"], high=50)
    shown = table("goals", "", "found", "from", "to", "")
    for name, goal in goals.items():
        bounds = ("" if b is None else f"{b:,.9g}" for b in (goal.low, goal.high))
        shown.add_row(name, f"{goal.found:,.4g}", *bounds, "met" if goal.met else "missed")
    console.print(found, shown)
    found["goals"] = {name: goal.as_json() for name, goal in goals.items()}
    found["conditions"] = {
        "date": began.isoformat(timespec="minutes"),
        "cores": psutil.cpu_count(),
        "load_average": [round(load, 2) for load in psutil.getloadavg()],
        "system": platform.platform(),
        "python": platform.python_version(),
    }
    write("model_speed", found, out, console)
    raise typer.Exit(0 if all(goal.met for goal in goals.values()) else 1)


class _Both:
    """Sends what it is sent to the training and to a fold of its own, and keeps the blocks."""

    def __init__(self) -> None:
        self.past = Past(FactSettings(), DEFAULT, 0, keep_features=True)
        self.offline = Offline(FactSettings(), LINEAGE)
        self.blocks: list[bytes] = []

    def send(self, key: bytes, value: bytes) -> None:
        self.past.send(key, value)
        self.offline.send(key, value)

    def mark(self, time_ms: int) -> None:
        self.past.mark(time_ms)
        self.offline.mark(time_ms)
        for block in self.offline.blocks():
            topic = "snapshots" if isinstance(block, Snapshots) else "outcomes"
            self.blocks.append(msgspec.msgpack.encode((topic, encode(block))))


def _trained(users: int) -> tuple[Watched, Offline, list[bytes], int]:
    both, simulation = _Both(), Simulation(users, _DAYS, 5)
    send_all(simulation, both, mark_every_ms=_MARKS_MS)
    return both.past.finish(simulation.end_ms), both.offline, both.blocks, simulation.end_ms


def _best_us(work: Callable[[], object], items: int) -> float:
    """µs an item, the median of many runs; the first one compiles and does not count."""
    work()
    took = []
    for _ in range(_RUNS):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return round(float(np.median(took)) / items * 1e6, 4)


def _scoring(watched: Watched, offline: Offline, now: int) -> dict[str, dict[str, float]]:
    """By contestant: from feature vectors, and from records."""
    rng = np.random.default_rng(1)
    slots = rng.integers(0, len(offline.users), _BATCH)
    nows = np.full(_BATCH, now, np.int64)
    x = features(offline.states, slots, nows)
    lineup = watched.trainer.training.lineup
    champion = watched.trainer.training.court.tournament.champion
    making = _best_us(lambda: features(offline.states, slots, nows), _BATCH)
    found = {}
    for name in ("champion", *lineup.names):
        scorer = lineup.scorer(champion if name == "champion" else name)
        assert scorer is not None
        scored = _best_us(lambda scorer=scorer: scorer.score(x), _BATCH)  # type: ignore[misc]
        apart = np.abs(
            scorer.score(x) - lineup.learner(champion if name == "champion" else name).predict_many(x)
        )
        found[name] = {
            "score_us": scored,
            "with_features_us": round(scored + making, 4),
            "difference_to_predict": float(apart.max()),
        }
    return found


def _differences(x: Matrix, lost: Any) -> dict[str, float]:
    """The compiled scorer of learners that learned a batch, beside River's interface fed one by one."""
    found = {}
    wide = np.pad(
        x[:_ONE_BY_ONE], ((0, 0), (0, len(SPARES))), constant_values=np.nan
    )  # as River's rows are held
    rows: list[dict[Hashable, Any]] = [dict(zip(NAMES, row, strict=True)) for row in x[:_ONE_BY_ONE].tolist()]
    for kind in KINDS:
        learner, river = make(kind, 1, 30 * 86_400_000, (*CATALOGUE, *SPARES)), RiverClassifier(kind, 1)
        learner.learn_many(wide, lost[:_ONE_BY_ONE], np.ones(_ONE_BY_ONE))
        for row, outcome in zip(rows, lost[:_ONE_BY_ONE].tolist(), strict=True):
            river.learn_one(row, outcome)
        scorer = learner.scorer()
        assert scorer is not None
        said = [river.predict_proba_one(row)[True] for row in rows]
        found[kind] = float(np.abs(scorer.score(wide) - said).max())
    return found


def _learning(names: tuple[str, ...], x: Matrix, lost: Any) -> float:
    """Examples a second, in batches of an hour's size, after a first round that compiles."""
    rate = 0.0
    for _ in range(2):
        lineup = Lineup(names, make, 0, 30 * 86_400_000)
        count = min(len(x), 20_000)
        begun = time.perf_counter()
        for first in range(0, count, 200):
            lineup.learn(x[first : first + 200], lost[first : first + 200])
        rate = count / (time.perf_counter() - begun)
    return round(rate)


def _swap(watched: Watched, folder: Path) -> dict[str, float]:
    """From the registry to what serves, and the swap itself."""
    command = Command(kind="promote", name=_LARGEST)
    order = Order(id="benchmark", at_ms=0, command=command)
    registry = Registry(str(folder / "swap"), _KEY)
    registry.prepare()
    for effect in watched.trainer.order(order):
        if isinstance(effect, Publish) and effect.training.name == _LARGEST:
            registry.publish(effect.training, effect.arrays, effect.learner)
    served = last_good(registry, LINEAGE)
    took = []
    for _ in range(_RUNS):
        begun = time.perf_counter()
        served = last_good(registry, LINEAGE)
        loaded = time.perf_counter()
        serving = served
        took.append((loaded - begun, time.perf_counter() - loaded))
        assert serving.parts
    load, swap = np.median(np.array(took), axis=0) * 1000
    return {"load": round(float(load), 3), "swap": round(float(swap), 6)}


def _memory(blocks: list[bytes], folder: Path) -> dict[str, Any]:
    file = folder / "blocks"
    file.write_bytes(b"".join(len(block).to_bytes(4) + block for block in blocks))
    command = [sys.executable, "-m", "benchmarks.model.trainer_memory", str(file), str(folder), LINEAGE]
    told: dict[str, Any] = msgspec.json.decode(
        subprocess.run(command, check=True, capture_output=True).stdout
    )
    return told


if __name__ == "__main__":
    typer.run(main)
