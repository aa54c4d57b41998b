"""The star of a simulated population, straight from its lives: what experiments read, without a log between."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from batch_jobs.star.schema import CHANGES, DAILY, TREATMENTS, USAGE, USERS
from batch_jobs.star.star import Star
from domain.events import EVENT_TYPES
from domain.settings import FactSettings
from producers.simulator import vocabulary as words
from producers.simulator.history import History
from producers.simulator.scenario import Scenario

START: Final = date(2025, 1, 1)
_DAY_MS: Final = 86_400_000
_ACTIVE: Final = np.array([EVENT_TYPES.get(name, (False, ""))[0] for name in words.TYPES])
_ASSIGNED: Final = {
    words.CONTROL_ASSIGNED: (words.EXPERIMENT, "control"),
    words.TREATMENT_ASSIGNED: (words.EXPERIMENT, "checklist"),
    words.HOLDOUT_ASSIGNED: (words.OFFER, "holdout"),
    words.OFFER_ASSIGNED: (words.OFFER, "offer"),
    words.OFFER_MADE: (words.OFFER, None),
}


@dataclass(frozen=True)
class Population:
    """What is simulated."""

    users: int
    days: int
    seed: int
    scenario: Scenario


def simulated_star(population: Population, settings: FactSettings | None = None) -> Star:
    """A star in memory, as of the end of the span; channel and geography are left out."""
    history = History(population.users, population.days, population.seed, START, population.scenario)
    events = np.concatenate([found for _, found in history.events()])
    engine = ibis.duckdb.connect(threads=1)
    engine.raw_sql("SET TimeZone = 'UTC'")
    daily = _daily(events)
    tables = {
        "daily": filled(daily, DAILY),
        "usage": USAGE.empty_table(),
        "changes": filled(_changes(events), CHANGES),
        "treatments": filled(_treatments(events), TREATMENTS),
        "users": filled(_users(daily, events), USERS),
    }
    for name, table in tables.items():
        engine.con.register(name, table)
    as_of = datetime.combine(START, datetime.min.time(), UTC) + timedelta(days=population.days)
    return Star(
        engine,
        **{name: engine.table(name) for name in tables},
        as_of=as_of,
        begins=as_of - timedelta(days=population.days),
        settings=settings or FactSettings(),
    )


def filled(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """A table of the schema; columns that are not given are null, or 0, false or empty where they may not be."""
    rows = len(next(iter(columns.values())))

    def column(field: pa.Field) -> pa.Array:
        if field.name in columns:
            given = columns[field.name]
            if pa.types.is_timestamp(field.type) or pa.types.is_date(field.type):
                numbers = np.asarray(given, np.int64)
                unit = pa.int32() if pa.types.is_date(field.type) else pa.int64()
                return pa.array(numbers, mask=numbers < 0).cast(unit).cast(field.type)
            return pa.array(given, field.type, from_pandas=True)
        if field.nullable:
            return pa.nulls(rows, field.type)
        return pa.array([0] * rows, pa.int64()).cast(field.type)

    return pa.table([column(field) for field in schema], schema=schema)


def _names(users: npt.NDArray[Any]) -> list[str]:
    return [words.user_id(int(user)) for user in users]


def _daily(events: npt.NDArray[Any]) -> dict[str, Any]:
    kind, cents = events["type"], np.maximum(events["cents"], 0)
    active = _ACTIVE[kind]
    frame = pd.DataFrame(
        {
            "user": events["user"].astype(np.int64),
            "day": events["time"] // _DAY_MS,
            "first_active": np.where(active, events["time"], np.iinfo(np.int64).max),
            "last_active": np.where(active, events["time"], -1),
            "activities": active.astype(np.int64),
            "spent": np.where(kind == words.PURCHASE, cents, 0).astype(np.int64),
            "renewed": np.where(kind == words.RENEWAL, cents, 0).astype(np.int64),
            "refunded": np.where(kind == words.REFUND, cents, 0).astype(np.int64),
            "platform": np.where(events["platform"] > 0, events["platform"], np.nan),
            "plan": np.where(events["plan"] > 0, events["plan"], np.nan),
        }
    )
    found = frame.groupby(["user", "day"]).agg(
        dict.fromkeys(("activities", "spent", "renewed", "refunded"), "sum")
        | {"first_active": "min", "last_active": "max", "platform": "last", "plan": "last"}
    )
    found = found.reset_index()
    columns: dict[str, Any] = {str(name): found[name].to_numpy() for name in found}
    columns["first_active"] = np.where(columns["last_active"] < 0, -1, columns["first_active"])
    columns["number"], columns["user"] = columns["user"], _names(columns["user"])
    for name, table in (("platform", words.PLATFORMS), ("plan", words.PLANS)):
        columns[name] = [None if np.isnan(code) else table[int(code)] for code in columns[name]]
    return columns


def _changes(events: npt.NDArray[Any]) -> dict[str, Any]:
    gone = events[events["type"] == words.CANCELLATION]
    return {
        "user": _names(gone["user"]), "time": gone["time"], "day": gone["time"] // _DAY_MS,
        "type": ["cancellation"] * len(gone),
    }  # fmt: skip


def _treatments(events: npt.NDArray[Any]) -> dict[str, Any]:
    some = events[np.isin(events["type"], (words.EXPERIMENT_ASSIGNMENT, words.PROMOTION))]
    said = [_ASSIGNED[int(note)] for note in some["note"]]
    return {
        "user": _names(some["user"]), "time": some["time"], "day": some["time"] // _DAY_MS,
        "type": [words.TYPES[kind] for kind in some["type"]],
        "experiment": [experiment for experiment, _ in said],
        "variant": [variant for _, variant in said],
    }  # fmt: skip


def _users(daily: dict[str, Any], events: npt.NDArray[Any]) -> dict[str, Any]:
    firsts = np.unique(daily["number"], return_index=True)[1]
    lasts = np.append(firsts[1:], len(daily["number"])) - 1
    began = np.unique(events["user"], return_index=True)[1]  # events are in the order of time
    return {
        "user": [daily["user"][at] for at in firsts],
        "origin": events["time"][began],
        "platform": [daily["platform"][at] for at in lasts],
        "plan": [daily["plan"][at] for at in lasts],
    }


def populations(users: int, days: int, seeds: range, scenario: Scenario) -> Iterator[Population]:
    """One for each seed."""
    for seed in seeds:
        yield Population(users, days, seed, scenario)
