"""Ways of forecasting, and how often the intervals hold on series of many kinds."""

import os
from pathlib import Path

import numpy as np
import pytest
from statsmodels.tsa.forecasting.theta import ThetaModel

from batch_jobs.value.forecast import HORIZONS, forecast, half_width
from batch_jobs.value.methods import METHODS, combined, naive, seasonal, theta
from tests.batch_jobs.value.kinds import KINDS, months, of_retailer

RETAIL = Path(os.environ.get("EBBWATCH_DATA", "../shared/data")) / "online_retail_2010_2011.csv.zst"


@pytest.mark.parametrize("steps", HORIZONS)
def test_intervals_hold_and_errors_are_no_worse_than_naive(steps: int) -> None:
    held, held_95, totals, error, naive_error = [], [], [], 0.0, 0.0
    for length in (2 * steps, 3 * steps, 24, 36):
        for place, kind in enumerate(KINDS):
            for seed in range(10):
                series = KINDS[kind](length + steps, np.random.default_rng([seed, place, length]))
                known, to_come = series[:length], series[length:]
                found = forecast(known, steps)
                assert found is not None
                off = np.abs(to_come - found.values)
                held.append(float((off <= found.half_widths[0.80]).mean()))
                held_95.append(float((off <= found.half_widths[0.95]).mean()))
                totals.append(abs(to_come.sum() - found.total) <= found.total_half_widths[0.80])
                error += float(off.mean() / known.mean())
                naive_error += float(np.abs(to_come - known[-1]).mean() / known.mean())
    assert 0.70 <= np.mean(held) <= 0.90
    assert 0.70 <= np.mean(totals) <= 0.90
    assert 0.90 <= np.mean(held_95) <= 0.99
    assert error <= naive_error


@pytest.mark.real_data
@pytest.mark.skipif(not RETAIL.exists(), reason=f"{RETAIL} is not here")
def test_intervals_hold_on_products_of_a_retailer() -> None:
    held, error, naive_error = [], 0.0, 0.0
    for series in of_retailer(RETAIL, "StockCode", 100):
        for length in range(6, 10):
            found = forecast(series[:length], 3)
            assert found is not None
            off = np.abs(series[length : length + 3] - found.values)
            held.append(float((off <= found.half_widths[0.80]).mean()))
            error += float(off.mean())
            naive_error += float(np.abs(series[length : length + 3] - series[length - 1]).mean())
    assert 0.70 <= np.mean(held) <= 0.90
    assert error <= naive_error


@pytest.mark.parametrize("steps", HORIZONS)
def test_a_history_of_twice_the_horizon_is_wanted(steps: int) -> None:
    assert forecast(months(2 * steps - 1), steps) is None
    assert forecast(months(2 * steps), steps) is not None


def test_what_repeats_is_forecast_without_doubt() -> None:
    found = forecast(np.full(12, 7.0), 3)
    assert found is not None
    assert found.method == "naive"
    assert found.values.tolist() == [7.0] * 3
    assert found.half_widths[0.95].tolist() == [0.0] * 3
    assert found.total == 21.0
    nothing = forecast(np.zeros(12), 3)
    assert nothing is not None
    assert nothing.values.tolist() == [0.0] * 3


def test_a_yearly_pattern_is_taken_up() -> None:
    year = np.array([1, 1, 1, 1, 1, 9, 1, 1, 1, 9, 1, 1.0]) * 100
    found = forecast(np.tile(year, 4), 6)
    assert found is not None
    assert found.method == "seasonal"
    assert found.values.tolist() == year[:6].tolist()


def test_theta_is_that_of_statsmodels() -> None:
    for seed in range(4):
        known = KINDS["trend"](30, np.random.default_rng(seed))
        model = ThetaModel(known, period=1, deseasonalize=False, use_test=False)
        ours = theta(known, 6)
        assert ours is not None
        assert np.allclose(ours, model.fit().forecast(6), rtol=0.03)


def test_ways_by_hand() -> None:
    known = np.arange(1.0, 13.0)
    assert naive(known, 2).tolist() == [12.0, 12.0]
    assert seasonal(known, 14)[-3:].tolist() == [12.0, 1.0, 2.0]  # type: ignore[index]
    assert seasonal(known[:11], 3) is None
    # a line: α is 1, so the last month plus half the slope a step
    assert theta(known, 3) == pytest.approx([12.5, 13.0, 13.5])
    assert combined(known, 1) == pytest.approx([(12 + 11 + 12.5) / 3])
    assert theta(known[:4], 1) is None
    assert all(method(np.ones(12), 3) is not None for method in METHODS.values())


def test_half_width_of_many_is_a_conformal_quantile() -> None:
    errors = [np.array([float(size)]) for size in range(1, 50)]  # ⌈50 · 0.8⌉ = 40
    assert half_width(errors, 0.80) == 40.0
    few = [np.array([1.0]), np.array([-1.0])]
    assert half_width(few, 0.80) == pytest.approx(3.0777 * 1.5**0.5, rel=1e-4)  # t with one degree of freedom
