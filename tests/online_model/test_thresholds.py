"""When contacting pays, and what a holdout says about it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from online_model.quality.scored import Scored
from online_model.saving import SavingCounts
from online_model.thresholds import Contact


def test_the_threshold_is_where_the_gain_is_nothing() -> None:
    assert Contact().threshold == pytest.approx(50 / (0.35 * 200))
    assert Contact(chance_of_saving=1).threshold == 0.25
    assert Contact(cost=500).threshold == 1
    assert Contact(chance_of_saving=0).threshold == 1


@given(st.floats(0, 1), st.floats(0.01, 1), st.floats(1, 300))
def test_contact_pays_above_the_threshold(risk: float, chance: float, cost: float) -> None:
    rule = Contact(cost=cost, chance_of_saving=chance)
    pays = bool(rule.pays(np.array([risk]))[0])
    assert pays == (risk > rule.threshold) or math.isclose(risk, rule.threshold)


def test_users_have_values_of_their_own() -> None:
    rule = Contact(chance_of_saving=0.5)
    risks, values = np.array([0.4, 0.4, 0.6, math.nan]), np.array([1000.0, 10.0, math.nan, 1000.0])
    assert rule.gains(risks, values)[:3] == pytest.approx([150, -48, 10])
    assert rule.pays(risks, values).tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    "wrong", [{"cost": 0.0}, {"value": -1.0}, {"cost": math.inf}, {"chance_of_saving": 1.1}]
)
def test_rules_without_a_meaning_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        Contact(**wrong)


def settled(treated_lost: int, treated: int, holdout_lost: int, holdout: int) -> Scored:
    """A treated group, a holdout, and as many who are neither."""
    n = treated + holdout
    lost = np.zeros(2 * n, np.bool_)
    lost[:treated_lost] = lost[treated : treated + holdout_lost] = lost[n : n + n // 2] = True
    number = np.arange(2 * n)
    numbers, none = np.ones(2 * n), np.zeros(2 * n, np.int64)
    return Scored(
        due_day=none,
        lost=lost,
        weights=numbers,
        chosen=np.ones(2 * n, np.bool_),
        predictions={},
        silence_days=numbers,
        tenure_days=numbers,
        plan=none,
        month=none,
        treated=number < treated,
        holdout=(number >= treated) & (number < n),
    )


def test_the_holdout_measures_the_chance() -> None:
    counts = SavingCounts()
    counts.add(settled(900, 3000, 250, 500))  # 30 % against 50 %
    found = counts.saving()
    assert (found.treated, found.treated_lost, found.holdout, found.holdout_lost) == (3000, 900, 500, 250)
    assert found.chance == pytest.approx(0.4)
    assert found.low is not None
    assert found.low < 0.4 < found.high
    # se of the log ratio: sqrt(1/900 − 1/3000 + 1/250 − 1/500) = 0.0527
    assert (found.low, found.high) == pytest.approx((1 - 0.6 * 1.1088, 1 - 0.6 / 1.1088), abs=0.003)
    assert found.applied(Contact()).chance_of_saving == pytest.approx(0.4)


def test_until_it_is_measured_the_guess_stays() -> None:
    counts = SavingCounts()
    guess = Contact(chance_of_saving=0.2)
    assert counts.saving().applied(guess) == guess
    assert (counts.saving().low, counts.saving().high) == (None, 1.0)
    counts.add(settled(3, 10, 5, 10))
    assert counts.saving().chance == pytest.approx(0.4)
    assert not counts.saving().measured
    assert counts.saving().applied(guess) == guess


def test_contacts_that_drive_users_away_never_pay() -> None:
    counts = SavingCounts()
    counts.add(settled(2200, 4000, 2000, 4000))
    rule = counts.saving().applied(Contact())
    assert counts.saving().high < 0
    assert rule.chance_of_saving == 0
    assert not rule.pays(np.array([1.0])).any()


def test_only_chosen_examples_count() -> None:
    counts = SavingCounts()
    made = settled(10, 20, 10, 20)
    counts.add(made._replace(chosen=np.arange(80) % 2 == 0))
    assert (counts.saving().treated, counts.saving().holdout) == (10, 10)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng, inside = np.random.default_rng(1), 0
    for _ in range(400):
        counts = SavingCounts()
        counts.add(settled(int(rng.binomial(300, 0.3)), 300, int(rng.binomial(100, 0.5)), 100))
        found = counts.saving()
        inside += found.low is not None and found.low <= 0.4 <= found.high
    assert 0.92 <= inside / 400 <= 0.98
