"""What a benchmark found: goals and whether they were met, conditions, the JSON file."""

import datetime as dt
import os
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.stream.conditions import conditions
from benchmarks.stream.contestants import ROOT
from local_stack.addresses import Addresses

RESULTS: Final = ROOT / "benchmarks" / "results"


class Goal(msgspec.Struct, frozen=True):
    """A figure that must not be exceeded."""

    found: float
    at_most: float

    @property
    def met(self) -> bool:
        """Whether it was not."""
        return self.found <= self.at_most


class Surroundings:
    """Others on the same machine make figures worse: the load tells how much to trust them."""

    def __init__(self) -> None:
        self._began = _now()
        self._load = os.getloadavg()

    def describe(self, at: Addresses) -> dict[str, Any]:
        """Conditions of the whole measurement, to be called at its end."""
        return conditions(at, self._began) | {
            "ended": _now(),
            "load_average_before": [round(load, 2) for load in self._load],
            "load_average_after": [round(load, 2) for load in os.getloadavg()],
        }


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="minutes")


def write(name: str, found: dict[str, Any], out: Path | None, console: Console) -> None:
    """Write ``benchmarks/results/NAME.json``, or `out` if one is given."""
    file = out or RESULTS / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    console.print(f"written to {file}", style="dim")


def table(title: str, *headings: str) -> Table:
    """First column to the left, figures to the right."""
    shown = Table(title=title, title_justify="left")
    for number, heading in enumerate(headings):
        shown.add_column(heading, justify="right" if number else "left")
    return shown


def goals_table(goals: dict[str, Goal]) -> Table:
    """For people: each goal, what was found, and whether that is good enough."""
    shown = table("goals", "", "found", "at most", "met")
    for name, goal in goals.items():
        shown.add_row(name, f"{goal.found:,.1f}", f"{goal.at_most:,.1f}", "yes" if goal.met else "no")
    return shown


def goals_json(goals: dict[str, Goal]) -> dict[str, Any]:
    """For the results file."""
    return {name: {"found": g.found, "at_most": g.at_most, "met": g.met} for name, g in goals.items()}
