"""``python -m benchmarks.experiment_coverage``: how often the intervals of experiments hold what is true.

Users are simulated with the planted effect of the variant `checklist` and of the offer; what is true is the
difference between two worlds of the same users, one in which everybody gets them and one in which nobody does. The
second part plants no effect, looks every day, and counts how often a look says that there is one.
"""

import datetime as dt
import os
import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import psutil
import typer
from rich.console import Console
from rich.progress import track

from batch_jobs.experiments.job import Experiments
from batch_jobs.experiments.settings import ALPHA
from batch_jobs.job import Tables
from benchmarks.experiment_star import Population, simulated_star
from benchmarks.findings import table, write
from online_model.quality.intervals import wilson
from producers.simulator.scenario import Scenario

COVERED: Final = (0.91, 0.99)
_TRUTH_SEED: Final = 1_000_000
_ARMS: Final = {
    "retention": "retention",
    "revenue": "revenue",
    "survival": "survival",
    "restricted_days": "restricted_days",
}
Key = tuple[str, str, str]
"""Experiment, metric, adjustment."""


def without_effect() -> Scenario:
    """Assignments and offers as usual, and nothing follows from them."""
    quiet = ("experiment", "offer_slow", "offer_fast")
    drivers = tuple(replace(d, before=0.0, after=0.0) if d.name in quiet else d for d in Scenario().drivers)
    return Scenario(drivers=drivers)


def ran(population: Population) -> Tables:
    """The job's tables for a simulated population."""
    star = simulated_star(population)
    try:
        return Experiments()(star, lambda _what, _share: None)
    finally:
        star.engine.disconnect()


def true_effects(users: int, days: int, worlds: int) -> dict[tuple[str, str], tuple[float, float]]:
    """By experiment and metric: mean difference of the two worlds, and its standard error."""
    found: dict[tuple[str, str], list[float]] = {}
    for seed in range(_TRUTH_SEED, _TRUTH_SEED + worlds):
        # one experiment at a time: the other is what it is in the study
        for experiment, field in (
            ("onboarding-checklist", "experiment_share"),
            ("loyalty-offer", "offer_share"),
        ):
            means = []
            for share in (1.0, 0.0):
                changed: dict[str, Any] = {field: share}
                scenario = replace(Scenario(), **changed)
                arms = ran(Population(users, days, seed, scenario))["experiment_arms"].to_pylist()
                means.append(next(arm for arm in arms if arm["experiment"] == experiment))
            for metric, column in _ARMS.items():
                found.setdefault((experiment, metric), []).append(means[0][column] - means[1][column])
    return {
        key: (float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values))))
        for key, values in found.items()
    }


def covered(
    seeds: range, users: int, days: int, truth: dict[tuple[str, str], float], scenario: Scenario
) -> Iterator[dict[Key, bool]]:
    """Of each seed, whether each interval holds the true effect."""
    for seed in seeds:
        effects = ran(Population(users, days, seed, scenario))["experiment_effects"].to_pylist()
        yield {
            (row["experiment"], row["metric"], row["adjustment"]): row["low"]
            <= truth[row["experiment"], row["metric"]]
            <= row["high"]
            for row in effects
        }


def rejected(seeds: range, users: int, days: int) -> Iterator[tuple[dict[Key, bool], dict[Key, bool]]]:
    """Of each seed without an effect: whether any daily look has rejected, and whether each interval holds 0."""
    scenario = without_effect()
    for seed in seeds:
        tables = ran(Population(users, days, seed, scenario))
        looks: dict[Key, bool] = {}
        for row in tables["experiment_looks"].to_pylist():
            key = row["experiment"], row["metric"], "daily"
            looks[key] = looks.get(key, False) or row["anytime_p"] <= ALPHA
        holds = {
            (row["experiment"], row["metric"], row["adjustment"]): row["low"] <= 0 <= row["high"]
            for row in tables["experiment_effects"].to_pylist()
        }
        yield looks, holds


def main(
    seeds: Annotated[int, typer.Option(min=2, help="Simulations of each part.")] = 200,
    users: Annotated[int, typer.Option(min=400, help="Users of each.")] = 1_200,
    days: Annotated[int, typer.Option(min=90, help="Days of each.")] = 120,
    worlds: Annotated[int, typer.Option(min=2, help="Pairs of worlds that tell what is true.")] = 30,
    out: Annotated[Path | None, typer.Option(help="Write the findings there instead.")] = None,
) -> None:
    """Measure, print, write. Exit code 1 if a goal is missed."""
    console = Console(stderr=True, width=140)
    began = dt.datetime.now(dt.UTC)
    truth = true_effects(users, days, worlds)
    values = {key: value for key, (value, _) in truth.items()}
    kept = list(
        track(covered(range(seeds), users, days, values, Scenario()), "effect", seeds, console=console)
    )
    null = list(track(rejected(range(seeds), users, days), "no effect", seeds, console=console))
    coverage = _shares(kept)
    looks, held = _shares([one for one, _ in null]), _shares([other for _, other in null])
    met = all(
        COVERED[0] <= row["share"] <= COVERED[1] for row in (*coverage.values(), *held.values())
    ) and all(row["share"] <= ALPHA for row in looks.values())
    for title, rows in (
        ("interval holds the effect", coverage),
        ("holds 0", held),
        ("daily looks reject", looks),
    ):
        shown = table(title, "", "share", "from", "to", "seeds")
        for name, row in rows.items():
            shown.add_row(name, *(f"{row[k]:.3f}" for k in ("share", "low", "high")), str(row["seeds"]))
        console.print(shown)
    found = {
        "true_effects": {"/".join(k): {"value": v, "standard_error": e} for k, (v, e) in truth.items()},
        "covered": coverage,
        "covered_without_effect": held,
        "daily_looks_reject": looks,
        "goals": {"covered": COVERED, "daily_looks_reject_at_most": ALPHA, "met": met},
        "conditions": {
            "began": began.isoformat(timespec="minutes"),
            "ended": dt.datetime.now(dt.UTC).isoformat(timespec="minutes"),
            "seeds": seeds, "users": users, "days": days, "worlds": worlds,
            "cores": psutil.cpu_count(), "load_average": [round(x, 2) for x in os.getloadavg()],
            "python": platform.python_version(),
        },
    }  # fmt: skip
    write("experiment_coverage", found, out, console)
    raise typer.Exit(0 if met else 1)


def _shares(rows: list[dict[Key, bool]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for key in sorted({key for row in rows for key in row}):
        told = [row[key] for row in rows if key in row]
        low, high = wilson(sum(told), len(told))
        found["/".join(key)] = {"share": sum(told) / len(told), "low": low, "high": high, "seeds": len(told)}
    return found


if __name__ == "__main__":
    typer.run(main)
