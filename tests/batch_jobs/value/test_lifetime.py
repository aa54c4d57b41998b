"""Lifetime values by hand, against the formula of Bang and Tsiatis member by member; how often the interval holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_jobs.value.lifetime import BEYOND, Counts, extended, lifetime
from batch_jobs.value.people import BUCKETS

Member = tuple[int, list[int]]
"""Months of following, and money of each of them."""


def cells(members: list[Member], months: int) -> tuple[Counts, Counts]:
    counts = np.zeros((BUCKETS, months + 1), np.int64)
    net = np.zeros((BUCKETS, months), np.int64)
    for number, (followed, money) in enumerate(members):
        counts[number % BUCKETS, followed] += 1
        net[number % BUCKETS, :followed] += np.array(money[:followed], np.int64)
    return counts, net


def slowly(members: list[Member], months: int, share: float, rate: float) -> list[float]:
    """Σ over members of Σ over months of money · 1{followed} / K / n, K from the members' following."""
    n = len(members)
    value, values = 0.0, []
    for j in range(months):
        k = sum(followed > j for followed, _ in members) / n
        month = sum(money[j] / k / n for followed, money in members if followed > j)
        value += share * month * (1 + rate) ** (-(j + 0.5) * 30 / 365)
        values.append(value)
    return values


def test_golden() -> None:
    """Three members: 90, 60 and 30 days of following.

    Month 1: (100 + 50 + 30) / 3 = 60; month 2: (20 + 40) / 2 = 30; month 3: 12 / 1 = 12.
    """
    found = lifetime(
        *cells([(3, [100, 20, 12]), (2, [50, 40, 999]), (1, [30, 999, 999])], 3), least=1, rate=0.0
    )
    assert found is not None
    assert found.followed[:3].tolist() == [3, 2, 1]
    assert found.margin[:3] == pytest.approx([60, 30, 12])
    assert found.value[:3] == pytest.approx([60, 90, 102])
    assert (found.members, found.ripe) == (3, 3)
    # q = (30 + 12) / (60 + 30) = 7/15, A = 102 / (1 + q + q²); the fourth month is A q³
    q = 7 / 15
    assert found.margin[3] == pytest.approx(102 / (1 + q + q * q) * q**3)
    assert len(found.value) == 3 + BEYOND


def test_golden_with_margin_and_discount() -> None:
    found = lifetime(*cells([(2, [1000, 1000])], 2), least=1, share=0.4, rate=0.21)
    assert found is not None
    assert found.plain.tolist() == pytest.approx([400, 800])
    assert found.value.tolist() == pytest.approx(
        [400 / 1.21 ** (15 / 365), 400 / 1.21 ** (15 / 365) + 400 / 1.21 ** (45 / 365)]
    )
    assert found.ripe == 2  # and so few months are not extrapolated


@st.composite
def crowds(draw: st.DrawFn) -> list[Member]:
    count = draw(st.integers(1, 80))
    return [
        (draw(st.integers(0, 6)), draw(st.lists(st.integers(-50, 500), min_size=6, max_size=6)))
        for _ in range(count)
    ]


@settings(max_examples=60, deadline=None)
@given(crowds(), st.floats(0.1, 1.0), st.floats(0.0, 0.5), st.integers(1, 10))
def test_the_estimate_is_that_of_bang_and_tsiatis(
    members: list[Member], share: float, rate: float, least: int
) -> None:
    found = lifetime(*cells(members, 6), least=least, share=share, rate=rate)
    ripe = sum(sum(followed > j for followed, _ in members) >= least for j in range(6))
    assert (found is None) == (ripe == 0)
    if found is not None:
        assert found.ripe == ripe
        expected = slowly(members, ripe, share, rate)
        assert found.value[:ripe].tolist() == pytest.approx(expected, rel=1e-9, abs=1e-6)
        assert (found.low <= found.value + 1e-9).all()


def test_the_extension_never_grows_and_never_costs() -> None:
    assert extended(np.array([10.0, 20.0, 40.0]))[3:] == pytest.approx([70 / 3] * BEYOND)
    assert extended(np.array([10.0, -5.0, -9.0]))[3:].tolist() == [0.0] * BEYOND
    assert extended(np.array([0.0, 0.0, 0.0]))[3:].tolist() == [0.0] * BEYOND
    assert len(extended(np.array([5.0, 4.0]))) == 2
    halves = 64.0 / 2 ** np.arange(6)
    assert extended(np.array([9e9, *halves]))[7:] == pytest.approx(2.0 / 2 ** np.arange(1, BEYOND + 1))


def test_the_interval_holds_what_it_says() -> None:
    """Skewed money, correlated over the months of a member, a third of the members censored."""
    chance = np.random.default_rng(7)
    months, truth, held, trials = 6, 6 * 100 * 0.5, 0, 200
    for _ in range(trials):
        followed = chance.integers(3, 9, 800).clip(max=months)
        habit = chance.exponential(100, 800)
        money = (chance.random((800, months)) < 0.5) * habit[:, None]
        members = [(int(f), [int(m) for m in row]) for f, row in zip(followed, money, strict=True)]
        found = lifetime(*cells(members, months), least=20, rate=0.0)
        assert found is not None
        held += bool(found.low[months - 1] <= truth <= found.high[months - 1])
    assert 0.90 <= held / trials <= 0.99
