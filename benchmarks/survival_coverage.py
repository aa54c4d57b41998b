"""``python -m benchmarks.survival_coverage``: how often the limits of a survival curve hold the truth.

The truth is the first passage of a very large population that nobody censors: each simulated user is followed until
silence has reached the inactivity period, by the simulator's own record of it. The samples are small populations of
other seeds, cut at an as-of, with most users censored; they take the job's way, from the table `users` through the
engine to weighted counts and the curve. The scenario has no moments that would meet users at different ages (no
sudden change, offer, experiment or summer), since censoring at an as-of supposes that late users are like early ones.
"""

import datetime as dt
import os
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import ibis
import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import typer
from rich.console import Console
from rich.progress import Progress

from batch_jobs.star.schema import TABLES
from batch_jobs.star.star import Star
from batch_jobs.survival.counts import followed, included
from batch_jobs.survival.curve import Curve, fit
from batch_jobs.survival.options import Options
from batch_jobs.survival.tallies import tallies
from benchmarks.findings import Goal, goals_json, goals_table, table, write
from domain.calendar import DAY_MS
from domain.settings import FactSettings
from online_model.quality.intervals import wilson
from producers.simulator.calendar import midnight_ms
from producers.simulator.scenario import Scenario
from producers.simulator.simulation import Simulation

DAYS: Final = (60, 90, 180)
START: Final = dt.date(2023, 9, 1)
SIGNUPS: Final = 150
"""Days in which users sign up; at the as-of they have been followed for 60 to 210 days."""
AS_OF: Final = 210
TRUTH_SEED: Final = 1_000_003
_EVERYBODY: Final = SIGNUPS + max(DAYS) + 2
"""Days after which everybody's fate on the last of `DAYS` is known."""
_SHARE: Final = 0.95


class Passages(NamedTuple):
    """Shape (users,), milliseconds since 1970-01-01 UTC."""

    signup: npt.NDArray[np.int64]
    silent: npt.NDArray[np.int64]
    """First moment at which silence reached the inactivity period; 0 where it did not within the span."""


class Coverage(NamedTuple):
    """Of one day."""

    day: int
    truth: float
    hours_truth: float
    """The same with time counted in hours from the signup, not in days of the calendar."""
    mean: float
    """Of the estimates."""
    held: int
    """Samples whose limits hold the truth."""
    held_hours: int
    samples: int


def passages(users: int, days: int, seed: int) -> Passages:
    """Users who sign up in the first `SIGNUPS` days, lived through `days`, without writing their events."""
    drivers = tuple(
        replace(driver, before=0.0, after=0.0) if driver.name == "summer" else driver
        for driver in Scenario().drivers
    )
    scenario = Scenario(
        existing_share=0.0, signup_until=SIGNUPS / days, change_at=1.0, experiment_from=1.0, offer_at=1.0,
        drivers=drivers,
    )  # fmt: skip
    traits, lived = Simulation(users, days, seed, START, scenario=scenario).truth()
    signup = midnight_ms(START) + traits["signup_day"].astype(np.int64) * DAY_MS + traits["signup_ms"]
    return Passages(signup, lived["silent_ms"].astype(np.int64))


def truth(people: Passages, day: int) -> tuple[float, float]:
    """Share that is not lost by the end of a day; the same when so many times 24 hours are over."""
    lost = people.silent > 0
    days = people.silent // DAY_MS - people.signup // DAY_MS
    hours = people.silent - people.signup
    return float(np.mean(~lost | (days > day))), float(np.mean(~lost | (hours > day * DAY_MS)))


def estimate(people: Passages) -> Curve:
    """The curve that the job draws of these users at the as-of."""
    as_of = midnight_ms(START) + AS_OF * DAY_MS
    inside = people.signup < as_of
    star = _star(Passages(people.signup[inside], people.silent[inside]), as_of)
    lives = tallies(star, Options(landmarks=()), None, star.as_of.date()).lives
    cells = included(followed(star, lives, "passage", "exclude"), ())
    return fit(cells, AS_OF, 1 - _SHARE)


def _star(people: Passages, as_of: int) -> Star:
    settings = FactSettings()
    lost = (people.silent > 0) & (people.silent < as_of)
    count = len(people.signup)
    known: dict[str, pa.Array] = {
        "origin": _times(people.signup),
        "signed_up": pa.array(np.ones(count, bool)),
        "lost": _times(people.silent, lost),
        "silent_since": _times(people.silent - settings.inactivity_ms, lost),
        "user": pa.array(np.arange(count).astype(str)),
    }
    tables = {name: schema.empty_table() for name, schema in TABLES.items()}
    columns = [known[f.name] if f.name in known else _nothing(f, count) for f in TABLES["users"]]
    tables["users"] = pa.table(columns, schema=TABLES["users"])
    engine = ibis.duckdb.connect(threads=1)
    moment = dt.datetime.fromtimestamp(as_of / 1000, dt.UTC)
    begins = dt.datetime.fromtimestamp(midnight_ms(START) / 1000, dt.UTC)
    named = {name: ibis.memtable(rows) for name, rows in tables.items()}
    return Star(engine=engine, as_of=moment, begins=begins, settings=settings, **named)


def _times(moments: npt.NDArray[np.int64], known: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(moments, pa.timestamp("ms", tz="UTC"), mask=None if known is None else ~known)


def _nothing(field: pa.Field, count: int) -> pa.Array:
    return pa.nulls(count, field.type) if field.nullable else pa.array(np.zeros(count, int)).cast(field.type)


def coverage(curves: Sequence[Curve], people: Passages) -> list[Coverage]:
    """Of each of `DAYS`: how many curves hold the truth within their limits."""
    found = []
    for day in DAYS:
        exact, hours = truth(people, day)
        held, held_hours = (
            sum(bool(curve.lower[day] <= wanted <= curve.upper[day]) for curve in curves)
            for wanted in (exact, hours)
        )
        mean = float(np.mean([curve.survival[day] for curve in curves]))
        found.append(Coverage(day, exact, hours, mean, held, held_hours, len(curves)))
    return found


def main(
    seeds: Annotated[int, typer.Option(min=1, help="Samples.")] = 200,
    users: Annotated[int, typer.Option(min=10, help="Users of a sample.")] = 2_000,
    population: Annotated[
        int, typer.Option(min=1_000, help="Users whose passages are the truth.")
    ] = 1_000_000,
    out: Annotated[Path | None, typer.Option(help="Write the findings there instead.")] = None,
    json_only: Annotated[bool, typer.Option("--json", help="Findings as JSON instead of tables.")] = False,
) -> None:
    """Share of samples whose 95 % limits hold the truth, at days 60, 90 and 180."""
    console = Console(stderr=json_only)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("the truth", total=seeds + 1)
        people = passages(population, _EVERYBODY, TRUTH_SEED)
        progress.advance(task)
        curves = []
        for seed in range(seeds):
            curves.append(estimate(passages(users, AS_OF, seed)))
            progress.update(task, description="samples", advance=1)
    found = coverage(curves, people)
    cut = estimate(people)
    goals = {
        f"day {row.day}: share of samples that hold the truth, points from 95 %": Goal(
            abs(100 * row.held / row.samples - 95), 4.0
        )
        for row in found
    }
    told: dict[str, Any] = {
        "seeds": seeds,
        "users": users,
        "population": population,
        "days": [
            row._asdict()
            | {"coverage": row.held / row.samples, "interval": wilson(row.held, row.samples)}
            # what the estimate of the whole population is off when it is cut at the as-of: dependent censoring
            | {"cut_at_the_as_of": float(cut.survival[row.day])}
            for row in found
        ],
        "goals": goals_json(goals),
        "conditions": {
            "measured": dt.datetime.now(dt.UTC).isoformat(timespec="minutes"),
            "python": platform.python_version(),
            "processors": os.cpu_count(),
        },
    }
    if json_only:
        typer.echo(msgspec.json.encode(told))
    else:
        shown = table(
            f"{seeds} samples of {users:,} users",
            "day",
            "truth",
            "mean",
            "held",
            "95 % interval",
            "held, by hours",
        )
        for row in found:
            low, high = wilson(row.held, row.samples)
            shown.add_row(
                str(row.day), f"{row.truth:.4f}", f"{row.mean:.4f}", f"{100 * row.held / row.samples:.1f} %",
                f"{100 * low:.1f} to {100 * high:.1f} %", f"{100 * row.held_hours / row.samples:.1f} %",
            )  # fmt: skip
        console.print(shown, goals_table(goals))
    write("survival_coverage", told, out, console)
    raise typer.Exit(0 if all(goal.met for goal in goals.values()) else 1)


if __name__ == "__main__":
    typer.run(main)
