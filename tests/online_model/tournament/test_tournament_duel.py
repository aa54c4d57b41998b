import math

import numpy as np
import pytest

from online_model.tournament.duel import Duel


def duel(least: float = 0.0) -> Duel:
    return Duel("old", "new", alpha=0.05, least=least, clip=0.01)


def test_figures_are_those_of_the_definition() -> None:
    found = duel(least=0.1)
    lost, weights = np.array([True, False, True]), np.array([1.0, 2.0, 1.0])
    found.add_day(lost, weights, np.array([0.6, 0.5, 0.0]), np.array([0.8, 0.25, 1.0]))
    evidence = found.evidence({"old": 7, "new": 9, "else": 1})
    old = (-math.log(0.6) - 2 * math.log(0.5) - math.log(0.01)) / 4
    new = (-math.log(0.8) - 2 * math.log(0.75) - math.log(0.99)) / 4
    assert evidence.champion_log_loss == pytest.approx(old)
    assert evidence.other_log_loss == pytest.approx(new)
    assert evidence.mean == pytest.approx(0.9 * old - new)
    assert found.gain == pytest.approx(old - new)
    assert evidence.mean_shift == pytest.approx((0.2 + 2 * 0.25 + 1.0) / 4)
    assert (evidence.examples, evidence.days, evidence.ages) == (3, 1, {"old": 7, "new": 9})
    assert evidence.upper == pytest.approx(-math.log(0.01))  # one day says little
    assert evidence.lower == -evidence.upper


def test_rows_without_both_predictions_or_weight_do_not_count() -> None:
    found = duel()
    nan = math.nan
    found.add_day(
        np.array([True, True, False, True]),
        np.array([1.0, 1.0, 0.0, 1.0]),
        np.array([nan, 0.5, 0.5, 0.5]),
        np.array([0.5, nan, 0.5, 0.6]),
    )
    assert found.evidence({}).examples == 1
    found.add_day(np.array([True]), np.ones(1), np.array([nan]), np.array([0.5]))
    assert found.days == 1


def test_a_better_one_is_proven_and_a_worse_one_is_not() -> None:
    rng = np.random.default_rng(8)
    better, worse = duel(), Duel("new", "old", alpha=0.05, least=0.0, clip=0.01)
    for _ in range(60):
        truth = rng.uniform(0.1, 0.9, 30)
        lost = rng.random(30) < truth
        rough = np.clip(truth + rng.normal(0, 0.2, 30), 0.05, 0.95)
        better.add_day(lost, np.ones(30), rough, truth)
        worse.add_day(lost, np.ones(30), truth, rough)
    assert better.proven
    assert not worse.proven


def test_a_small_advantage_is_no_improvement() -> None:
    found = duel(least=0.5)
    rng = np.random.default_rng(8)
    for _ in range(60):
        truth = rng.uniform(0.1, 0.9, 30)
        rough = np.clip(truth + rng.normal(0, 0.2, 30), 0.05, 0.95)
        found.add_day(rng.random(30) < truth, np.ones(30), rough, truth)
    assert found.gain > 0
    assert not found.proven
