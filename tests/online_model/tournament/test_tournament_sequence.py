import math
import pickle

import numpy as np
import pytest

from online_model.tournament.sequence import BETS, ConfidenceSequence


def fed(values: list[float], alpha: float = 0.05, bound: float = 1.0) -> ConfidenceSequence:
    sequence = ConfidenceSequence(alpha, bound)
    for value in values:
        sequence.add(value)
    return sequence


def wealth(values: list[float], lows: list[float], weights: list[float], mean: float) -> float:
    """The formula, one bet and one observation at a time."""
    total = 0.0
    for bet, share in zip(BETS, (0.4, 0.35, 0.2, 0.05), strict=True):
        product = share
        for value, low, weight in zip(values, lows, weights, strict=True):
            worst = mean * weight - low
            stake = min(bet, 0.95 / worst) if worst > 0 else bet
            product *= 1 + stake * (value - mean * weight)
        total += product
    return total


def test_evidence_is_the_wealth_of_the_formula() -> None:
    rng = np.random.default_rng(5)
    weights = rng.uniform(0.5, 30, 40).tolist()
    lows = [-0.1 * w for w in weights]
    values = [float(rng.uniform(low, 0.3 * w)) for low, w in zip(lows, weights, strict=True)]
    sequence = ConfidenceSequence(0.05, 2.0)
    for value, low, weight in zip(values, lows, weights, strict=True):
        sequence.add(value, weight=weight, low=low, high=0.3 * weight)
    assert math.exp(sequence.log_evidence) == pytest.approx(wealth(values, lows, weights, 0.0), rel=1e-9)
    assert wealth(values, lows, weights, sequence.lower) >= 20
    assert wealth(values, lows, weights, sequence.lower + 0.1 * abs(sequence.lower) + 1e-3) < 20


@pytest.mark.parametrize("chance", [0.1, 0.5, 0.9])
def test_a_mean_of_zero_is_rarely_ever_refuted(chance: float) -> None:
    rng = np.random.default_rng(3)
    up, down = 1 - chance, -chance
    wrong = 0
    for _ in range(150):
        sequence = ConfidenceSequence(0.1, 1.0)
        found = False
        for happened in rng.random(150) < chance:
            sequence.add(up if happened else down, low=down, high=up)
            found = found or sequence.positive
        wrong += found
    assert wrong <= 150 * 0.1 + 2 * math.sqrt(150 * 0.1 * 0.9)


def test_bounds_close_in_on_the_mean_from_both_sides() -> None:
    rng = np.random.default_rng(1)
    values = np.clip(rng.normal(0.2, 0.3, 2_000), -1, 1).tolist()
    early, late = fed(values[:200]), fed(values)
    assert early.lower < late.lower < 0.2 < late.upper < early.upper
    assert late.lower > 0.1
    assert late.mean == pytest.approx(np.mean(values))


def test_the_other_sign_mirrors_the_bounds() -> None:
    values = np.random.default_rng(2).uniform(-0.5, 0.9, 300).tolist()
    one, other = fed(values), fed([-value for value in values])
    assert one.lower == pytest.approx(-other.upper)
    assert one.upper == pytest.approx(-other.lower)


def test_nothing_is_known_before_the_first_observation() -> None:
    sequence = ConfidenceSequence(0.05, 3.0)
    assert (sequence.lower, sequence.upper, sequence.mean, sequence.positive) == (-3.0, 3.0, 0.0, False)


def test_known_limits_of_a_sum_make_it_surer() -> None:
    narrow, wide = ConfidenceSequence(0.05, 4.6), ConfidenceSequence(0.05, 4.6)
    for _ in range(30):
        narrow.add(1.0, weight=30, low=-3.0, high=3.0)
        wide.add(1.0, weight=30)
    assert narrow.positive
    assert not wide.positive


@pytest.mark.parametrize(("value", "weight"), [(2.1, 2.0), (-2.1, 2.0), (0.0, 0.0), (math.nan, 1.0)])
def test_what_cannot_be_is_refused_and_changes_nothing(value: float, weight: float) -> None:
    sequence = fed([0.5, 0.25])
    before = pickle.dumps(sequence)
    with pytest.raises(ValueError, match="observation 2"):
        sequence.add(value, weight=weight)
    assert pickle.dumps(sequence) == before


@pytest.mark.parametrize(("alpha", "bound"), [(0.0, 1.0), (1.0, 1.0), (0.05, 0.0), (0.05, math.inf)])
def test_senseless_settings_are_refused(alpha: float, bound: float) -> None:
    with pytest.raises(ValueError, match="0 < alpha < 1"):
        ConfidenceSequence(alpha, bound)
