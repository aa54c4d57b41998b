"""``python -m benchmarks.model``: predictions beside refitted peers; table, and ``benchmarks/results/model.json``."""

import datetime as dt
import enum
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np
import psutil
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.findings import RESULTS, table, write
from benchmarks.model import retail, simulated
from benchmarks.model.examples import PeersError
from benchmarks.model.judging import Bound
from benchmarks.stream.contestants import ROOT

_DATA: Final = ROOT.parent / "shared" / "data" / "online_retail_2010_2011.csv.zst"
_PYTHON: Final = Path(sys.executable)


class Part(enum.StrEnum):
    """What is to be measured."""

    both = "both"
    retail = "retail"
    simulator = "simulator"


def main(
    data: Annotated[Path, typer.Option(help="The online-retail file.")] = _DATA,
    peers_python: Annotated[
        Path, typer.Option(help="Python that has the peers, if it is another one.")
    ] = _PYTHON,
    resamples: Annotated[int, typer.Option(min=20, help="Of users, for intervals.")] = 400,
    seeds: Annotated[int, typer.Option(min=1, help="Simulations.")] = 10,
    users: Annotated[int, typer.Option(min=50, help="Users of each simulation.")] = 500,
    days: Annotated[int, typer.Option(min=150, help="Days of each simulation.")] = 360,
    only: Annotated[
        Part, typer.Option(help="Measure one part; the other one stays as the findings have it.")
    ] = Part.both,
    out: Annotated[Path | None, typer.Option(help="Write the findings there instead.")] = None,
) -> None:
    """Measure, print tables, write the findings. Exit code 1 if a goal is missed."""
    console = Console(stderr=True)
    began = dt.datetime.now(dt.UTC)
    found: dict[str, Any] = {}
    goals: dict[str, Bound] = {}
    try:
        with tempfile.TemporaryDirectory() as folder, Progress(console=console, transient=True) as bars:
            told = retail.Setting(data, peers_python, Path(folder), resamples, bars)
            if only is not Part.simulator:
                found["retail"], more = retail.measure(told)
                goals |= more
            if only is not Part.retail:
                found["simulator"], more = simulated.measure(told, seeds, users, days)
                goals |= more
    except (PeersError, OSError) as failure:
        console.print(f"not measured: {failure}", style="bold red", markup=False)
        raise typer.Exit(1) from failure
    for name, part in found.items():
        _print(console, name, part["figures"])
    shown = table("goals", "", "found", "from", "to", "")
    for name, goal in goals.items():
        bounds = ("" if b is None else f"{b:,.3f}" for b in (goal.low, goal.high))
        value = "–" if goal.found is None else f"{goal.found:,.4f}"
        shown.add_row(name, value, *bounds, "met" if goal.met else "missed")
    console.print(shown)
    former = _former(out or RESULTS / "model.json") if only is not Part.both else {}
    told_goals = {name: goal.as_json() for name, goal in goals.items()}
    found["goals"] = {
        name: goal for name, goal in former.get("goals", {}).items() if not name.startswith(only.value)
    } | told_goals
    found["conditions"] = former.get("conditions", {}) | dict.fromkeys(
        found.keys() - {"goals"}, _conditions(began, peers_python)
    )
    write("model", former | found, out, console)
    raise typer.Exit(0 if all(goal.met for goal in goals.values()) else 1)


def _former(file: Path) -> dict[str, Any]:
    """Findings of another time."""
    if not file.exists():
        return {}
    found: dict[str, Any] = msgspec.json.decode(file.read_bytes())
    return found


def _print(console: Console, name: str, figures: dict[str, dict[str, float | None]]) -> None:
    shown = table(name, "", "ROC AUC", "PR AUC", "log loss", "Brier", "ECE", "slope", "O/E")
    for contestant, row in sorted(figures.items(), key=lambda pair: pair[1]["log_loss"] or np.inf):
        shown.add_row(contestant, *("–" if value is None else f"{value:.4f}" for value in row.values()))
    console.print(shown)


def _conditions(began: dt.datetime, peers: Path) -> dict[str, Any]:
    versions = {
        path.name.split("-")[0]: path.name.split("-")[1].removesuffix(".dist")
        for path in sorted(peers.parents[1].glob("lib/python*/site-packages/*.dist-info"))
        if path.name.startswith(("lightgbm-", "xgboost", "scikit_learn-", "numpy-"))
    }
    return {
        "began": began.isoformat(timespec="minutes"),
        "ended": dt.datetime.now(dt.UTC).isoformat(timespec="minutes"),
        "cores": psutil.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("numpy", "numba", "river")},
        "peer_versions": versions,
    }


if __name__ == "__main__":
    typer.run(main)
