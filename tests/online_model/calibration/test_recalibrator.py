"""The line that is learned, against the one that was made."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from online_model.calibration.recalibrator import (
    INTERCEPT_PRIOR,
    KEPT,
    SLOPE_PRIOR,
    TRUST,
    Recalibrator,
    recalibrated,
)

Vector = npt.NDArray[np.float64]


def made(n: int, slope: float, intercept: float, seed: int = 1) -> tuple[npt.NDArray[np.bool_], Vector]:
    """Outcomes, and predictions whose right calibration is such a line."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-0.5, 1.2, n)
    lost = rng.random(n) < 1 / (1 + np.exp(-(intercept + slope * z)))
    return lost, 1 / (1 + np.exp(-z))


def test_it_begins_with_as_it_is() -> None:
    p = np.array([0.001, 0.2, 0.5, 0.999])
    assert Recalibrator().predict_many(p) == pytest.approx(p)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -0.4), (1.6, 0.8)])
def test_it_finds_the_line(slope: float, intercept: float) -> None:
    lost, p = made(60_000, slope, intercept)
    line = Recalibrator()
    line.learn_many(p, lost, np.ones(len(p)))
    assert line.slope == pytest.approx(slope, abs=0.12)
    assert line.intercept == pytest.approx(intercept, abs=0.12)


def test_it_follows_a_change() -> None:
    line = Recalibrator()
    for slope, intercept in ((0.5, -1.0), (1.2, 1.0)):
        lost, p = made(80_000, slope, intercept)
        line.learn_many(p, lost, np.ones(len(p)))
    assert (line.slope, line.intercept) == pytest.approx((1.2, 1.0), abs=0.15)


def test_a_step_is_newtons() -> None:
    """One example by hand: matrices instead of the loop's six numbers."""
    p, weight = 0.8, 2.0
    line = Recalibrator()
    line.learn_many(np.array([p]), np.array([False]), np.array([weight]))
    z = np.array([1.0, math.log(p / (1 - p))])
    prior = np.diag([INTERCEPT_PRIOR, SLOPE_PRIOR])
    after = np.linalg.inv(np.linalg.inv(prior) + TRUST * weight * p * (1 - p) * np.outer(z, z))
    expected = np.array([0.0, 1.0]) + after @ z * TRUST * weight * (0 - p)
    assert (line.intercept, line.slope) == pytest.approx(tuple(expected))
    line.learn_many(np.array([0.5]), np.array([True]), np.array([1.0]))
    z0, kept = np.array([1.0, 0.0]), after / KEPT
    q = 1 / (1 + math.exp(-expected[0]))
    again = np.linalg.inv(np.linalg.inv(kept) + TRUST * q * (1 - q) * np.outer(z0, z0))
    assert (line.intercept, line.slope) == pytest.approx(tuple(expected + again @ z0 * TRUST * (1 - q)))


@settings(deadline=None)
@given(st.lists(st.integers(0, 80), max_size=10))
def test_one_by_one_or_many_at_once_it_is_the_same_to_the_bit(cuts: list[int]) -> None:
    lost, p = made(300, 0.7, 0.3)
    weights = np.random.default_rng(3).choice([0.0, 1.0, 2.5], 300)
    p[::17] = math.nan
    whole, parts = Recalibrator(), Recalibrator()
    whole.learn_many(p, lost, weights)
    start = 0
    for cut in [*cuts, 300]:
        rows = slice(start, start + cut)
        parts.learn_many(p[rows], lost[rows], weights[rows])
        start += cut
    assert (whole.slope, whole.intercept, whole.learned) == (parts.slope, parts.intercept, parts.learned)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1e-300, 0.3, 0.5, 1.0, math.nan]), st.booleans()),
        min_size=1,
        max_size=200,
    )
)
def test_it_stays_a_rising_line_whatever_comes(cases: list[tuple[float, bool]]) -> None:
    p, lost = np.array([c[0] for c in cases]), np.array([c[1] for c in cases])
    line = Recalibrator()
    line.learn_many(np.tile(p, 50), np.tile(lost, 50), np.ones(50 * len(p)))
    found = line.predict_many(np.array([0.0, 0.2, 0.5, 0.8, 1.0]))
    assert np.all(np.diff(found) > 0)
    assert np.all((found > 0) & (found < 1))


def test_what_was_not_predicted_stays_so() -> None:
    assert np.isnan(recalibrated(np.array([math.nan]), 1.1, 0.2)).all()
