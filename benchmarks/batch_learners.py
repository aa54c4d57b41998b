"""``python -m benchmarks.batch_learners``: refitted models on simulated users, on the snapshots that were served."""

import datetime as dt
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import psutil
import typer
from rich.console import Console

from batch_jobs.learners.examples import Examples
from batch_jobs.learners.fitted import Fitted
from batch_jobs.learners.kinds import Chosen
from batch_jobs.learners.settings import KINDS, LearnerSettings
from batch_jobs.learners.training import Training
from benchmarks.findings import table, write
from domain.calendar import DAY_MS
from domain.labels import Matrix, delay_ms
from domain.settings import FactSettings
from online_model.training.contestants import DEFAULT
from online_model.training.past import Past
from online_model.training.settle import CHAMPION
from producers.simulator.sending import send_all
from producers.simulator.simulation import Simulation

_HOUR: Final = 100
"""Snapshots in it."""
_SHOWN: Final = ("roc_auc", "log_loss", "ece", "f1", "f1_of_all", "recall", "roi", "stability", "score")


def simulated(users: int, days: int, seed: int) -> Examples:
    """Untreated examples in the order of time, with what was served, 30 days of horizon and inactivity."""
    facts = FactSettings()
    past = Past(facts, DEFAULT, seed, keep_features=True)
    simulation = Simulation(users, days, seed)
    send_all(simulation, past, mark_every_ms=6 * DAY_MS // 24)
    found = past.finish(simulation.end_ms).examples
    order = np.argsort(found.times, kind="stable")
    order = order[found.weights[order] > 0]
    served = found.scored.predictions[CHAMPION]
    return Examples(
        found.times, found.times + delay_ms(facts), found.features, found.scored.lost, found.weights, served
    ).take(order)


def score_us(model: Fitted, x: Matrix) -> float:
    """Microseconds of processor time that a prediction takes, as the trainer asks for them: an hour's snapshots."""
    hours = [x[start : start + _HOUR] for start in range(0, min(len(x), 50 * _HOUR), _HOUR)]
    model.score(hours[0])  # compiled from here on
    begun = time.process_time()
    for hour in hours:
        model.score(hour)
    return 1e6 * (time.process_time() - begun) / sum(map(len, hours))


def main(
    users: Annotated[int, typer.Option(min=100, help="Simulated users.")] = 800,
    days: Annotated[int, typer.Option(min=200, help="Days of the simulation.")] = 360,
    seed: Annotated[int, typer.Option(help="Of users and models.")] = 1,
    budget: Annotated[float, typer.Option(min=0, help="Seconds for tuning, all kinds together.")] = 120.0,
    out: Annotated[Path | None, typer.Option(help="Write the findings there instead.")] = None,
) -> None:
    """Measure, print, write."""
    console = Console(stderr=True, width=140)
    began, examples = dt.datetime.now(dt.UTC), simulated(users, days, seed)
    settings = LearnerSettings(budget_s=budget, seed=seed, candidates=KINDS)
    sizes: dict[str, int] = {}
    costs: dict[str, float] = {}

    def publish(model: Fitted, _chosen: Chosen, _log_loss: float) -> str:
        sizes[model.kind] = sum(array.nbytes for array in model.scorer.to_arrays().values())
        costs[model.kind] = round(score_us(model, examples.features), 2)
        return model.kind

    start = time.monotonic()
    rows = Training(examples, settings, time.monotonic, "first", publish)(lambda _what, _share: None)
    seconds = time.monotonic() - start
    shown = table(f"{examples.size:,} examples", "", *_SHOWN, "trials")
    for row in rows["learner_scores"]:
        figures = ("–" if row[name] is None else f"{row[name]:.3f}" for name in _SHOWN)
        shown.add_row(row["model"], *figures, str(row["trials"]))
    console.print(shown)
    found: dict[str, Any] = {
        "scores": {
            row["model"]: {name: row[name] for name in (*_SHOWN, "trials", "examples")}
            for row in rows["learner_scores"]
        },
        "array_bytes": sizes,
        "score_us": costs,
        "seconds": round(seconds, 1),
        "conditions": {
            "began": began.isoformat(timespec="minutes"), "examples": examples.size, "users": users, "days": days,
            "seed": seed, "budget_s": budget, "cores": psutil.cpu_count(), "python": platform.python_version(),
            "load_average": [round(load, 2) for load in os.getloadavg()],
            "resident_mib": round(psutil.Process().memory_info().rss / 2**20),
            "versions": {name: version(name) for name in ("scikit-learn", "xgboost-cpu", "lightgbm", "shap")},
        },
    }  # fmt: skip
    write("batch_learners", found, out, console)


if __name__ == "__main__":
    typer.run(main)
