"""The baseline's formula, its limits, and what it is worth on real customers."""

import math
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.state import States, empty
from online_model.own_rhythm import LEAVE_A, LEAVE_B, RATE_SHAPE, Population, risk_of, risks

DAY = 86_400_000
T = 1_500_000_000_000
HORIZON = 30 * DAY
HABIT = Population(gaps=990, seconds=990 * 3 * 86_400)
"""Everybody comes every three days."""


def user(sessions: int, days: float) -> States:
    """A user of so many sessions, the last so many days after the first."""
    states = empty(1)
    states["sessions"] = sessions
    states["first_session_ms"] = T
    states["last_active_ms"] = T + round(days * DAY)
    return states


def risk(states: States, now: float, population: Population = HABIT, horizon: int = HORIZON) -> float:
    """Risk at so many days after the first session."""
    return float(risks(states, np.array([0]), np.array([T + round(now * DAY)]), population, horizon)[0])


def plainly(x: float, t: float, now: float, mean: float, h: float) -> float:
    """The formula of the module's text as it stands there."""
    r, a, b = RATE_SHAPE, LEAVE_A, LEAVE_B
    alpha = r * mean
    with_us = 1 / (1 + a / (b + x) * ((alpha + now) / (alpha + t)) ** (r + x))
    none = ((alpha + now) / (alpha + now + h)) ** (r + x)
    return float(1 - with_us * (1 - none))


@settings(deadline=None)
@given(
    st.integers(0, 50),
    st.floats(0, 400),
    st.floats(0, 400),
    st.floats(0.1, 60),
    st.sampled_from([1.0, 30.0, 180.0]),
)
def test_it_is_the_formula(x: int, t: float, silence: float, mean: float, h: float) -> None:
    assert risk_of(float(x), t, t + silence, mean, h) == pytest.approx(
        plainly(x, t, t + silence, mean, h), rel=1e-9, abs=1e-12
    )


def test_it_is_worked_out_by_hand_for_who_came_once() -> None:
    # x = 0, t = T = 0, α = 1.5: with us 1 / (1 + 0.1); none within 30 days (1.5 / 31.5) ^ 0.5
    expected = 1 - (1 - math.sqrt(1.5 / 31.5)) / 1.1
    assert risk(user(1, 0), 0) == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(st.integers(1, 5000), st.floats(0, 2000), st.lists(st.floats(0, 1000), min_size=2, max_size=20))
def test_longer_silence_is_never_a_smaller_risk(sessions: int, days: float, silences: list[float]) -> None:
    states = user(sessions, days if sessions > 1 else 0)
    found = [risk(states, days + silence) for silence in sorted(silences)]
    assert all(0 <= a <= 1 for a in found)
    assert all(a <= b + 1e-12 for a, b in pairwise(found))


def test_the_same_silence_means_more_for_who_came_often() -> None:
    assert risk(user(60, 59), 59 + 14) > 0.9 > risk(user(3, 59), 59 + 14)


def test_who_just_came_and_comes_often_is_hardly_at_risk() -> None:
    assert risk(user(60, 59), 59) < 0.02


def test_a_longer_horizon_is_a_smaller_risk() -> None:
    assert risk(user(5, 40), 45, horizon=180 * DAY) < risk(user(5, 40), 45, horizon=DAY)


def test_daily_users_of_fifty_years_overflow_nothing() -> None:
    sessions = 50 * 365
    assert risk(user(sessions, sessions), sessions) < 0.001
    assert risk(user(sessions, sessions), sessions + 3000) == 1.0
    assert risk(user(2**32 - 1, sessions), 2 * sessions) == 1.0


def test_a_now_before_the_last_activity_is_that_activity() -> None:
    assert risk(user(3, 10), 5) == risk(user(3, 10), 10)


def test_without_a_session_nothing_is_known() -> None:
    states = np.concatenate([user(3, 10), empty(1)])
    found = risks(states, np.array([1, 0, 1]), np.full(3, T + 20 * DAY), HABIT, HORIZON)
    assert np.isnan(found).tolist() == [True, False, True]


def test_a_population_without_gaps_is_taken_for_one_of_three_days() -> None:
    assert Population().mean_gap_days() == 3.0
    assert Population(gaps=10, seconds=10 * 9 * 86_400).mean_gap_days() == 6.0
    assert Population(gaps=10**9, seconds=0).mean_gap_days() == 0.01


def test_little_history_leans_on_the_population() -> None:
    often, seldom = HABIT, Population(gaps=10**6, seconds=10**6 * 40 * 86_400)
    once = abs(risk(user(1, 0), 10, often) - risk(user(1, 0), 10, seldom))
    many = abs(risk(user(80, 240), 250, often) - risk(user(80, 240), 250, seldom))
    assert once > 0.1 > 5 * many


# -- on real customers

RETAIL = Path(os.environ.get("EBBWATCH_DATA", "../shared/data")) / "online_retail_2010_2011.csv.zst"


def auc(scores: npt.NDArray[np.float64], lost: npt.NDArray[np.bool_]) -> float:
    """Area under the ROC curve (Mann and Whitney 1947), ties counted by half."""
    ranks = pd.Series(scores).rank().to_numpy()
    positives = int(lost.sum())
    above = ranks[lost].sum() - positives * (positives + 1) / 2
    return float(above / (positives * (len(lost) - positives)))


@pytest.mark.real_data
@pytest.mark.skipif(not RETAIL.exists(), reason=f"{RETAIL} is not here")
def test_on_a_retailers_customers_it_ranks_far_better_than_recency() -> None:
    """Weekly snapshots of those at risk; lost is who buys nothing in the 60 days that follow."""
    table = pd.read_csv(RETAIL, usecols=["InvoiceNo", "InvoiceDate", "CustomerID"], dtype={"InvoiceNo": str})
    table = table[table["CustomerID"].notna() & ~table["InvoiceNo"].str.startswith("C")]
    table = table[table["CustomerID"].astype(int) % 3 == 0]
    when = pd.to_datetime(table["InvoiceDate"]).astype("datetime64[ms]").astype("int64")
    visits = {int(c): np.unique(times) for c, times in when.groupby(table["CustomerID"])}
    horizon = 60 * DAY
    end = max(int(times[-1]) for times in visits.values())
    begin = min(int(times[0]) for times in visits.values())
    own: list[float] = []
    silences: list[float] = []
    lost: list[bool] = []
    for now in range(begin + horizon, end - horizon, 7 * DAY):
        past = {c: times[times <= now] for c, times in visits.items()}
        past = {c: times for c, times in past.items() if len(times) and times[-1] > now - horizon}
        gaps = np.concatenate([np.diff(times) for times in past.values()])
        states = empty(len(past))
        states["sessions"] = [len(times) for times in past.values()]
        states["first_session_ms"] = [times[0] for times in past.values()]
        states["last_active_ms"] = last = np.array([times[-1] for times in past.values()])
        population = Population(len(gaps), int(gaps.sum()) // 1000)
        slots = np.arange(len(past))
        own += risks(states, slots, np.full(len(past), now), population, horizon).tolist()
        silences += (now - last).tolist()
        lost += [not ((visits[c] > now) & (visits[c] <= now + horizon)).any() for c in past]
    ours, recency = auc(np.array(own), np.array(lost)), auc(np.array(silences), np.array(lost))
    assert len(lost) > 5000
    assert ours > 0.7
    assert ours > recency + 0.1
