"""A horizon is one observation, however many examples it has."""

import pickle

import numpy as np
import pytest

from online_model.calibration.periods import Periods


def played(signs: list[int], alpha: float = 0.025, days: int = 30) -> Periods:
    """Horizons of so many due days, all gains of one with the same sign."""
    periods = Periods(alpha, days)
    for number, sign in enumerate([*signs, 0]):
        for day in range(days):
            periods.add_day(number * days + day, 10.0 * sign)
    return periods


def test_six_in_a_row_prove_it_and_one_to_the_contrary_takes_back_three() -> None:
    assert not played([1] * 5).proven
    assert played([1] * 6).proven
    assert not played([1, 1, -1, 1, 1, 1, 1, 1, 1]).proven
    assert played([1, 1, -1] + [1] * 8).proven


def test_how_much_is_gained_within_one_horizon_does_not_count() -> None:
    periods = Periods(0.025, 60)
    for day in range(60):
        periods.add_day(day, 1e6)
    assert not periods.proven
    assert periods.observations == 0
    periods.add_day(60, -1.0)
    assert periods.observations == 1


def test_a_horizon_without_examples_is_no_observation() -> None:
    periods = Periods(0.025, 10)
    periods.add_day(0, 1.0)
    periods.add_day(45, 1.0)
    assert periods.observations == 1
    periods.add_day(50, 0.0)
    assert periods.observations == 2
    periods.add_day(60, 1.0)
    assert periods.observations == 2
    assert pickle.loads(pickle.dumps(periods)).observations == 2


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_by_chance_it_is_proven_seldom_enough(alpha: float) -> None:
    rng, streams = np.random.default_rng(1), 2_000
    proven = 0
    for _ in range(streams):
        periods = Periods(alpha, 1)
        for day, sign in enumerate(rng.choice([-1.0, 1.0], 60).tolist()):
            periods.add_day(day, sign)
            if periods.proven:
                proven += 1
                break
    assert proven / streams <= alpha + 2 * np.sqrt(alpha * (1 - alpha) / streams)
