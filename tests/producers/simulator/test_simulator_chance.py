"""Arithmetic that must not depend on the machine."""

import math

import numpy as np
import pytest

from producers.simulator.chance import below, choose, exp, exponential, log, poisson, uniform
from producers.simulator.records import LIFE


@pytest.fixture
def life() -> np.ndarray:
    lives = np.zeros(1, dtype=LIFE)
    lives["random"] = 1_234_567
    return lives


def test_exp_and_log_agree_with_the_library_to_the_last_digits() -> None:
    for x in np.linspace(-40.0, 40.0, 2_001).tolist():
        assert exp(x) == pytest.approx(math.exp(x), rel=2e-15)
    for x in np.geomspace(1e-16, 1e16, 2_001).tolist():
        assert log(x) == pytest.approx(math.log(x), rel=1e-14, abs=1e-15)
    assert log(1.0) == 0.0
    assert exp(0.0) == 1.0


def test_the_sequence_is_the_published_one(life: np.ndarray) -> None:
    # first outputs of SplitMix64 for the seed 1234567
    published = [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    ]  # fmt: skip
    assert [uniform(life[0]) for _ in published] == [(word >> 11) / 2**53 for word in published]


def test_distributions_have_their_means(life: np.ndarray) -> None:
    count = 20_000
    assert np.mean([poisson(life[0], 2.5) for _ in range(count)]) == pytest.approx(2.5, abs=0.05)
    assert np.mean([exponential(life[0]) for _ in range(count)]) == pytest.approx(1.0, abs=0.03)
    assert np.bincount([below(life[0], 4) for _ in range(count)]) / count == pytest.approx(
        [0.25] * 4, abs=0.02
    )
    shares = np.array([0.1, 0.6, 0.3])
    assert np.bincount([choose(life[0], shares) for _ in range(count)]) / count == pytest.approx(
        shares, abs=0.02
    )
