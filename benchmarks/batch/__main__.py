"""``python -m benchmarks.batch``: the star and the jobs in full, the next day's refresh, and the same in pandas.

One archive of simulated users grows: at a quarter, a half and all of its days the star and all jobs are computed
in full, a day is added, and they are brought up to it. Each step is a process of its own, with a peak of its own.
"""

import datetime as dt
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import psutil
import typer
from rich.console import Console

from benchmarks.batch.archived import START, Archived
from benchmarks.findings import Goal, goals_json, goals_table, table, write
from producers.simulator.scenario import Scenario

_SECONDS: Final = 60.0
_MIB: Final = 1536.0
_SHARE: Final = 0.1
_SPEED: Final = 1 / 3
_HISTORIES: Final = (0.25, 0.5, 1.0)

_VERSIONS: Final = ("duckdb", "ibis-framework", "deltalake", "pyarrow", "pandas")

Found = dict[str, Any]


def main(
    users: Annotated[int, typer.Option(help="Simulated users.")] = 1_000_000,
    days: Annotated[int, typer.Option(help="Days of the whole history.")] = 180,
    activity: Annotated[
        float, typer.Option(help="Factor on session rates; 0.016 gives 11 events a user.")
    ] = 0.016,
    plain: Annotated[bool, typer.Option(help="With the version in pandas.")] = True,
    folder: Annotated[Path | None, typer.Option(help="For the archive; a temporary one otherwise.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the JSON goes.")] = None,
) -> None:
    """Measure, print a table, write JSON."""
    console = Console()
    around = conditions()
    with tempfile.TemporaryDirectory(dir=folder) as place:
        steps, events = _measured(Path(place), users, days, activity, plain, console)
    goals = _goals(steps)
    shown = table("steps", "", "days", "star s", "all s", "cpu s", "peak MiB")
    for step in steps:
        seconds: dict[str, float] = step["seconds"]
        shown.add_row(
            step["step"], str(step["days"]), f"{seconds['star']:,.1f}", f"{step['all_s']:,.1f}",
            f"{step['cpu_s']:,.1f}", f"{step['peak_mib']:,.0f}",
        )  # fmt: skip
    console.print(shown)
    for step in steps:
        for job, fault in step.get("faults", {}).items():
            console.print(f"{step['step']} of {step['days']} days: {job} has failed: {fault}", style="red")
    console.print(goals_table(goals))
    found = {
        "events": events, "users": users, "days": days, "steps": steps, "goals": goals_json(goals),
        "conditions": around | {"load_average_after": list(os.getloadavg())},
    }  # fmt: skip
    write("batch", found, out, console)


def conditions() -> Found:
    """What it is measured on; to be called before."""
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="minutes"),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average_before": list(os.getloadavg()),
        "versions": {name: version(name) for name in _VERSIONS},
    }


def _measured(
    folder: Path, users: int, days: int, activity: float, plain: bool, console: Console
) -> tuple[list[Found], int]:
    archive = Archived(folder, users, days + 1, 7, Scenario(activity=activity))
    steps: list[Found] = []
    events = done = 0
    for share in _HISTORIES:
        until = int(days * share)
        events += archive.write(until - done)
        for made in ("work", "results"):
            shutil.rmtree(folder / made, ignore_errors=True)
        steps.append(_step("full", folder, until, console))
        if plain and share == _HISTORIES[-1]:
            steps.append(_step("pandas", folder, until, console))
        events += archive.write(1)
        done = until + 1
        steps.append(_step("refresh", folder, done, console))
    return steps, events


def _step(step: str, folder: Path, days: int, console: Console) -> Found:
    as_of = (START + timedelta(days=days)).isoformat()
    command = [sys.executable, "-m", "benchmarks.batch.steps", step, str(folder), as_of]
    console.print(f"{step} of {days} days", style="dim")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise typer.BadParameter(f"{step} of {days} days failed: {done.stderr[-2000:]}")
    found: Found = msgspec.json.decode(done.stdout.splitlines()[-1])
    return found | {"step": step, "days": days}


def _goals(steps: list[Found]) -> dict[str, Goal]:
    def last(step: str) -> Found | None:
        return next((s for s in reversed(steps) if s["step"] == step), None)

    full, refresh, pandas = last("full"), last("refresh"), last("pandas")
    assert full is not None
    assert refresh is not None
    refreshes = [s["all_s"] for s in steps if s["step"] == "refresh"]
    goals = {
        "full run, seconds": Goal(full["all_s"], _SECONDS),
        "full run, MiB": Goal(full["peak_mib"], _MIB),
        "refresh, share of the full run": Goal(refresh["all_s"] / full["all_s"], _SHARE),
        "refresh with four times the history, times that with one": Goal(refreshes[-1] / refreshes[0], 1.5),
    }
    if pandas is not None:
        goals["full run, seconds over those of pandas"] = Goal(full["all_s"] / pandas["all_s"], _SPEED)
        goals["full run, MiB over those of pandas"] = Goal(full["peak_mib"] / pandas["peak_mib"], _SPEED)
    return goals


if __name__ == "__main__":
    typer.run(main)
