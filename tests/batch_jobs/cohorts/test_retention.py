"""Retention against users gone through one by one, and from day to day against all at once."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_jobs.cohorts.limits import GrainLimits, Limits
from batch_jobs.cohorts.retention import Retention
from batch_jobs.cohorts.schema import TABLES
from batch_jobs.job import Tables
from domain.settings import FactSettings
from tests.batch_jobs.cohorts import oracle
from tests.batch_jobs.cohorts.lives import DAY_MS, Life, day_of, star_of
from tests.batch_jobs.cohorts.strategies import DAYS, histories

LIMITS = Limits(
    grains={
        "day": GrainLimits(40, 20, 30, (1, 7), whole=0, some=1),
        "week": GrainLimits(9, 9, 8, (0, 1, 4), whole=1, some=2),
        "month": GrainLimits(4, 3, 2, (1,), whole=1, some=2),
    },
    values=2,
    paired=1,
)
INACTIVITY = 10
SETTINGS = FactSettings(inactivity_ms=INACTIVITY * DAY_MS)
KEYS = {
    "retention": ("grain", "kind", "dimension", "value", "second", "second_value", "cohort", "period"),
    "retention_curve": ("grain", "kind", "dimension", "value", "second", "second_value", "period"),
    "money_retention": ("grain", "dimension", "value", "second", "second_value", "cohort", "period"),
    "money_curve": ("grain", "dimension", "value", "second", "second_value", "period"),
    "cohorts": ("grain", "dimension", "value", "second", "second_value", "cohort"),
}


def quiet(what: str, share: float) -> None:
    assert 0 <= share <= 1


def rows(
    table: pa.Table, keys: Sequence[str], drop: Sequence[str] = ("ratio", "net", "gross")
) -> dict[Any, Any]:
    found = {}
    for row in table.to_pylist():
        key = tuple(row.pop(name) for name in keys)
        assert key not in found
        found[key] = tuple(value for name, value in row.items() if name not in drop)
    return found


def run(lives: Sequence[Life], as_of: int) -> Tables:
    return Retention(LIMITS)(star_of(lives, as_of, SETTINGS), quiet)


@settings(max_examples=6, deadline=None)
@given(histories, st.integers(0, DAYS + 20))
def test_as_users_gone_through_one_by_one(lives: list[Life], as_of: int) -> None:
    found, wanted = run(lives, as_of), oracle.tables(lives, as_of, INACTIVITY, LIMITS)
    for name in ("cohorts", "retention", "money_retention"):
        assert rows(found[name], KEYS[name]) == wanted[name], name
    assert rows(found["retention_curve"], KEYS["retention_curve"]) == oracle.curve(wanted["retention"])
    assert rows(found["money_curve"], KEYS["money_curve"]) == oracle.curve(wanted["money_retention"])
    assert dict(zip(*found["members"].to_pydict().values(), strict=True)) == wanted["members"]
    assert {name: table.schema for name, table in found.items()} == TABLES
    for row in found["retention"].to_pylist():
        assert row["ratio"] == row["retained"] / row["size"]
    for row in found["money_retention"].to_pylist():
        assert row["net"] == row["revenue"] / row["base"]
        assert row["gross"] == row["kept"] / row["base"] <= min(row["net"], 1)


@settings(max_examples=4, deadline=None)
@given(histories, st.lists(st.integers(0, DAYS + 20), min_size=2, max_size=3).map(sorted), st.integers(0, 3))
def test_from_day_to_day_as_all_at_once(lives: list[Life], moments: list[int], late: int) -> None:
    last = run(lives, moments[0])
    for before, as_of in pairwise(moments):
        star = star_of(lives, as_of, SETTINGS)
        last = Retention(LIMITS).refresh(star, last, day_of(before - late), quiet)
        whole = run(lives, as_of)
        for name in TABLES:
            assert last[name].equals(whole[name]), name
