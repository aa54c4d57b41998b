"""``python -m benchmarks.drift``: how soon the simulator's sudden change is noticed, and how often nothing is.

The same users are simulated with the change and without any; snapshots and outcomes come as in the stream, a
logistic regression learns them online as champion, the own rhythm is the reference of its error.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.findings import Goal, goals_json, goals_table, table, write
from domain.calendar import DAY_MS
from domain.labels import Matrix, Outcomes, Snapshots
from domain.offline import Offline
from domain.settings import FactSettings
from online_model.drift.features import week_of
from online_model.drift.watch import DriftFinding, DriftWatch
from online_model.learners.learner import Vector
from online_model.learners.line_up import make
from producers.simulator.scenario import Scenario
from producers.simulator.simulation import Simulation

_MARK_MS: Final = DAY_MS // 4
_CHANGE_AT: Final = 0.6
_STATIONARY: Final = Scenario(change_at=2.0, offer_at=2.0, experiment_from=2.0)
_CHANGING: Final = Scenario(change_at=_CHANGE_AT, offer_at=2.0, experiment_from=2.0)
_STRONG: Final = replace(_CHANGING, change_mobile_activity=0.4)
"""The planted change leaves most users as active as before; this one does not."""
_WORLDS: Final = {"stationary": _STATIONARY, "changing": _CHANGING, "changing strongly": _STRONG}
_FALSE_ALARMS_IN_90_DAYS: Final = 1.0


class Alarm(NamedTuple):
    """What was found when."""

    day: float
    """Of the simulation: of the end of the week in which it was raised."""
    finding: DriftFinding


class Replay:
    """A champion and a reference that learn a simulated stream, and the watch over them."""

    def __init__(self, simulation: Simulation) -> None:
        settings = FactSettings()
        self._simulation = simulation
        self._horizon_ms = settings.horizon_ms
        self._partition = Offline(settings, "drift")
        self._learners = [
            make(kind, simulation.seed, settings.horizon_ms) for kind in ("logistic", "own_rhythm")
        ]
        self._waiting: dict[tuple[str, int], tuple[Vector, list[float]]] = {}
        self._watch = DriftWatch(settings.horizon_ms)
        self._week: int | None = None
        self.examples = 0
        self.alarms: list[Alarm] = []

    def days(self) -> Iterator[int]:
        """Live through the span; yields days over."""
        mark = self._simulation.start_ms
        for chunk in self._simulation.chunks():
            for key, value, time in zip(chunk.keys, chunk.values, chunk.times.tolist(), strict=True):
                while time >= mark:
                    self._partition.mark(mark)
                    self._settle(mark)
                    mark += _MARK_MS
                self._partition.send(key, value)
            yield chunk.days

    def _settle(self, mark: int) -> None:
        blocks = list(self._partition.blocks())
        for block in blocks:
            if isinstance(block, Snapshots) and block.users:
                self._predict(block)
        for block in blocks:
            if isinstance(block, Outcomes) and block.users:
                self._learn(block)
        week = int(week_of(np.array([mark]))[0])
        if self._week is not None and week > self._week:
            day = (mark - self._simulation.start_ms) / DAY_MS
            self.alarms += [Alarm(day, finding) for finding in self._watch.end_of_week(self._week)]
        self._week = week

    def _predict(self, block: Snapshots) -> None:
        self._watch.add_features(block.times, block.features)
        said = np.array([learner.predict_many(block.features) for learner in self._learners])
        for number, key in enumerate(zip(block.users, block.times.tolist(), strict=True)):
            self._waiting[key] = block.features[number], said[:, number].tolist()

    def _learn(self, block: Outcomes) -> None:
        taken = [self._waiting.pop(key) for key in zip(block.users, block.times.tolist(), strict=True)]
        x: Matrix = np.array([features for features, _ in taken])
        said = np.array([predicted for _, predicted in taken])
        losses = -np.log(np.where(block.lost[:, None], said, 1 - said))
        self._watch.add_errors(block.times + self._horizon_ms, losses[:, 0], losses[:, 1])
        for learner in self._learners:
            learner.learn_many(x, block.lost, np.ones(len(x)))
        self.examples += len(x)


def measure(users: int, days: int, seeds: int, console: Console) -> dict[str, Any]:
    """All worlds for every seed."""
    found: list[dict[str, Any]] = []
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("living", total=len(_WORLDS) * seeds * days)
        for seed in range(seeds):
            for world, scenario in _WORLDS.items():
                replay, before = Replay(Simulation(users, days, seed, scenario=scenario)), 0
                for day in replay.days():
                    progress.advance(task, day - before)
                    before = day
                change = days * _CHANGE_AT if scenario is not _STATIONARY else None
                found.append({"world": world, "seed": seed, **_described(replay, change)})
    return {"users": users, "days": days, "change_on_day": days * _CHANGE_AT, "runs": found}


def _described(replay: Replay, change: float | None) -> dict[str, Any]:
    after = [a for a in replay.alarms if change is not None and a.day >= change]
    return {
        "examples": replay.examples,
        "false_alarms": len(replay.alarms) - len(after),
        "delay_days": after[0].day - (change or 0.0) if after else None,
        "cause": after[0].finding.cause if after else None,
        "texts": [f"day {a.day:.0f}: {a.finding.text}" for a in replay.alarms],
    }


def goals(found: dict[str, Any]) -> dict[str, Goal]:
    """False alarms in 90 stationary days: those of the world without change, over its days."""
    still = [run for run in found["runs"] if run["world"] == "stationary"]
    alarms = sum(run["false_alarms"] for run in still)
    return {
        "false alarms in 90 stationary days": Goal(
            alarms / (len(still) * found["days"]) * 90, _FALSE_ALARMS_IN_90_DAYS
        )
    }


def main(
    users: Annotated[int, typer.Option(help="Users of each simulation.")] = 2_000,
    days: Annotated[int, typer.Option(help="Its days; the change comes after 60 % of them.")] = 540,
    seeds: Annotated[int, typer.Option(help="Simulations of each kind.")] = 3,
    out: Annotated[Path | None, typer.Option(help="Where the JSON goes.")] = None,
) -> None:
    """How soon the sudden change is noticed, and how many alarms there are without one."""
    console = Console()
    found = measure(users, days, seeds, console)
    shown = table("drift", "world", "seed", "examples", "false alarms", "delay, days", "by")
    for run in found["runs"]:
        delay = "–" if run["delay_days"] is None else f"{run['delay_days']:.0f}"
        figures = (
            str(run["seed"]),
            f"{run['examples']:,}",
            str(run["false_alarms"]),
            delay,
            run["cause"] or "–",
        )
        shown.add_row(run["world"], *figures)
    console.print(shown)
    reached = goals(found)
    console.print(goals_table(reached))
    write("drift", found | {"goals": goals_json(reached)}, out, console)


if __name__ == "__main__":
    typer.run(main)
