"""Tiers by risk or by share, and what became of their users."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from online_model.quality.intervals import wilson
from online_model.tiers import RANKED, Thresholds, TierShares, by_quantile, precision_of_tiers, tier_of

SHARES = TierShares(medium=0.3, high=0.1)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_a_tier_is_never_larger_than_its_share_and_equals_stay_together(risks: list[float]) -> None:
    limits = by_quantile(np.array([*risks, math.nan]), SHARES)
    tiers = [tier_of(r, limits) for r in risks]
    assert tiers.count("high") <= 0.1 * len(risks) + 1e-9
    assert tiers.count("high") + tiers.count("medium") <= 0.4 * len(risks) + 1e-9
    assert len({(r, t) for r, t in zip(risks, tiers, strict=True)}) == len(set(risks))


def test_among_different_risks_the_shares_are_met() -> None:
    risks = np.random.default_rng(1).permutation(np.linspace(0.01, 0.99, 200))
    limits = by_quantile(risks, SHARES)
    tiers = [tier_of(r, limits) for r in risks]
    assert [tiers.count(t) for t in RANKED] == [20, 60, 120]


@pytest.mark.parametrize("shares", [(0.0, 0.3), (0.5, 0.5), (0.1, -0.1)])
def test_shares_that_leave_nothing_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="shares of the tiers"):
        by_quantile(np.array([0.5]), TierShares(*shares))


def test_without_users_there_are_no_quantiles() -> None:
    with pytest.raises(ValueError, match="no user at risk"):
        by_quantile(np.array([math.nan]), SHARES)


def test_precision_is_counted_in_each_tier() -> None:
    risks = np.array([0.9, 0.7, 0.69, 0.4, 0.1, math.nan, 0.95])
    lost = np.array([True, False, True, False, False, True, True])
    weights = np.array([1.0, 1, 3, 1, 1, 1, 0])
    found = precision_of_tiers(lost, risks, Thresholds(), weights)
    assert list(found) == list(RANKED)
    assert [found[t].examples for t in RANKED] == [2, 2, 1]
    assert [found[t].precision for t in RANKED] == pytest.approx([0.5, 0.75, 0])
    assert [found[t].share for t in RANKED] == pytest.approx([2 / 7, 4 / 7, 1 / 7])
    assert (found["high"].low, found["high"].high) == pytest.approx(wilson(1, 2))
    assert (found["medium"].low, found["medium"].high) == pytest.approx(wilson(1.2, 1.6))  # 4² / (3² + 1²)


def test_of_an_empty_tier_nothing_is_known() -> None:
    found = precision_of_tiers(np.zeros(0, np.bool_), np.zeros(0), Thresholds())["high"]
    assert (found.examples, found.share, found.precision, found.low, found.high) == (0, 0, None, 0, 1)


def test_wilsons_interval_is_the_one_of_the_books() -> None:
    assert wilson(8, 10) == pytest.approx(
        (0.4902, 0.9433), abs=1e-4
    )  # scipy.stats.binomtest, method "wilson"
    assert wilson(0, 10)[0] == 0
    assert wilson(10, 10)[1] == pytest.approx(1)
    assert wilson(0, 0) == (0, 1)
