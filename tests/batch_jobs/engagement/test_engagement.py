"""Engagement against users gone through one by one, and from day to day against all at once."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_jobs.engagement.engagement import Engagement
from batch_jobs.engagement.limits import Limits
from batch_jobs.engagement.schema import TABLES
from batch_jobs.job import Tables
from domain.settings import FactSettings
from online_model.quality.intervals import wilson
from tests.batch_jobs.cohorts.lives import DAY_MS, Life, day_of, star_of
from tests.batch_jobs.cohorts.strategies import DAYS, histories
from tests.batch_jobs.engagement.oracle import Told

LIMITS = Limits(days=50, weeks=9, months=3, features=2, values=2, paired=1)
INACTIVITY = 12
SETTINGS = FactSettings(inactivity_ms=INACTIVITY * DAY_MS - 1)
SLICE = ("dimension", "value", "second", "second_value")
KEYS = {
    "activity": ("day", *SLICE),
    "lifecycle": ("grain", "start", *SLICE),
    "features": ("grain", "start", "rank", "feature"),
    "conversion": ("grain", "start"),
    "funnel": ("grain", "cohort", *SLICE),
    "trials": ("grain", "cohort", *SLICE),
    "churn": ("at", "definition", *SLICE),
}


def quiet(what: str, share: float) -> None:
    assert 0 <= share <= 1


def rows(table: pa.Table, keys: Sequence[str]) -> dict[Any, Any]:
    found = {}
    for row in table.to_pylist():
        key = tuple(row.pop(name) for name in keys)
        assert key not in found
        found[key] = tuple(row.values())
    return found


def run(lives: Sequence[Life], as_of: int) -> Tables:
    return Engagement(LIMITS)(star_of(lives, as_of, SETTINGS), quiet)


@settings(max_examples=5, deadline=None)
@given(histories, st.integers(0, DAYS + 20))
def test_as_users_gone_through_one_by_one(lives: list[Life], as_of: int) -> None:
    found, wanted = run(lives, as_of), Told(lives, as_of, INACTIVITY, LIMITS)
    for name in ("activity", "lifecycle", "features", "conversion", "funnel", "trials"):
        assert rows(found[name], KEYS[name]) == getattr(wanted, name)(), name
    rates = {key: (n, lost, lost / n, *wilson(lost, n)) for key, (n, lost) in wanted.churn().items()}
    assert rows(found["churn"], KEYS["churn"]) == rates
    assert {name: table.schema for name, table in found.items()} == TABLES


@settings(max_examples=4, deadline=None)
@given(histories, st.lists(st.integers(0, DAYS + 20), min_size=2, max_size=3).map(sorted), st.integers(0, 3))
def test_from_day_to_day_as_all_at_once(lives: list[Life], moments: list[int], late: int) -> None:
    last = run(lives, moments[0])
    for before, as_of in pairwise(moments):
        star = star_of(lives, as_of, SETTINGS)
        last = Engagement(LIMITS).refresh(star, last, day_of(before - late), quiet)
        whole = run(lives, as_of)
        for name in TABLES:
            assert last[name].equals(whole[name]), name
