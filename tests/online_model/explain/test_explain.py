"""Parts add up to the score; sampling says its error; the population's figures are those of their definitions."""

import pickle

import numpy as np
import pytest

from domain.catalogue import INDEX
from domain.labels import FEATURES
from online_model.drift.features import start_of
from online_model.explain.attribution import log_odds
from online_model.explain.explain import explain
from online_model.explain.importance import importance, partial_dependence, theme_importance
from online_model.explain.recent import Recent
from online_model.explain.shapley import shapley
from tests.online_model.explain.scorers import Product, Sum, some_weights

RNG = np.random.default_rng


def people(seed: int, users: int) -> np.ndarray:
    x = RNG(seed).normal(0, 1, (users, FEATURES))
    x[RNG(seed + 1).random(x.shape) < 0.1] = np.nan
    return x


def test_parts_of_a_sum_are_its_own() -> None:
    scorer, x = Sum(some_weights(1)), people(1, 5)
    for row, found in zip(x, explain(scorer, x, x[:0], RNG(0)), strict=True):
        assert found.base + found.parts.sum() == pytest.approx(log_odds(scorer.score(row[None]))[0])
        assert not found.errors.any()
        assert found.parts == pytest.approx(np.nan_to_num(row) * scorer.weights)


def test_sampled_parts_add_up_to_the_score_exactly() -> None:
    scorer, x, background = Product(some_weights(2)), people(2, 3), people(3, 40)
    average = log_odds(scorer.score(background)).mean()
    for row, found in zip(x, explain(scorer, x, background, RNG(0)), strict=True):
        assert found.base == pytest.approx(average)
        assert found.base + found.parts.sum() == pytest.approx(log_odds(scorer.score(row[None]))[0])


def test_sampled_parts_of_a_sum_are_the_exact_ones() -> None:
    weights, background, x = some_weights(4), people(5, 30), people(6, 1)[0]
    found = shapley(Sum(weights), x, background, RNG(0))
    assert found.parts == pytest.approx((np.nan_to_num(x) - np.nan_to_num(background).mean(axis=0)) * weights)


def test_a_product_is_shared_by_its_factors_within_the_error() -> None:
    weights = np.zeros(FEATURES)
    x, background = np.zeros(FEATURES), np.zeros((30, FEATURES))
    x[:2] = 2.0
    background[:, 0] = RNG(7).normal(0, 1, 30)
    found = shapley(Product(weights), x, background, RNG(1), rounds=20)
    # two orders: the first factor changes alone (product stays 0), or after the second (2 · (2 − b)); likewise
    first = 0.5 * (2 * (2 - background[:, 0])).mean()
    second = (0.5 * 2 * background[:, 0] + 0.5 * 4).mean()
    assert found.parts[:2] == pytest.approx([first, second], abs=1e-9), "both orders are always gone"
    assert not found.parts[2:].any()


def test_the_error_is_that_of_repetitions() -> None:
    class Chain(Product):
        def score(self, x: np.ndarray) -> np.ndarray:
            known = np.nan_to_num(x)
            odds: np.ndarray = 1 / (1 + np.exp(-(known[:, 0] * known[:, 1] * known[:, 2] + self.base)))
            return odds

    scorer, background, x = Chain(some_weights(8)), people(9, 20), np.full(FEATURES, 1.5)
    runs = [shapley(scorer, x, background, RNG(seed), rounds=2) for seed in range(60)]
    spread = np.std([run.parts[0] for run in runs])
    said = np.mean([run.errors[0] for run in runs])
    # the background is the same in all runs, so its part of the error does not show in their spread
    assert 0 < spread < said


def test_one_seed_gives_one_result() -> None:
    scorer, background, x = Product(some_weights(10)), people(11, 200), people(12, 2)
    one, other = (explain(scorer, x, background, RNG(3)) for _ in range(2))
    assert all(np.array_equal(a.parts, b.parts) for a, b in zip(one, other, strict=True))


def test_what_cannot_be_explained_is_said() -> None:
    with pytest.raises(ValueError, match="1 background users"):
        explain(Product(some_weights(1)), people(1, 1), people(1, 1), RNG(0))
    with pytest.raises(ValueError, match=r"shape \(1, 3\), where rows of 114"):
        explain(Product(some_weights(1)), np.zeros((1, 3)), people(1, 9), RNG(0))


def test_importance_is_the_mean_size_around_the_mean() -> None:
    scorer, x = Sum(some_weights(13)), people(14, 300)
    parts = np.nan_to_num(x) * scorer.weights
    expected = np.abs(parts - parts.mean(axis=0)).mean(axis=0)
    found = importance(explain(scorer, x, x[:0], RNG(0)))
    assert found[0].weight == pytest.approx(expected.max())
    assert {i.name: i.weight for i in found} == pytest.approx(
        {name: expected[i] for name, i in INDEX.items()}
    )


def test_a_theme_counts_what_its_features_add_together() -> None:
    weights = np.zeros(FEATURES)
    weights[[INDEX["sessions_7d"], INDEX["sessions_30d"]]] = 1.0, -1.0
    x = np.zeros((100, FEATURES))
    x[:, [INDEX["sessions_7d"], INDEX["sessions_30d"]]] = RNG(1).normal(0, 1, (100, 1))
    found = explain(Sum(weights), x, x[:0], RNG(0))
    assert importance(found)[0].weight > 0.5
    assert all(i.weight == pytest.approx(0) for i in theme_importance(found))


def test_partial_dependence_is_the_mean_risk_with_everybody_changed() -> None:
    scorer, x = Sum(some_weights(15)), people(16, 200)
    found = partial_dependence(scorer, "days_since_last_session", x)
    assert sum(point.share for point in found) == pytest.approx(1)
    assert np.isnan(found[-1].value)
    for point in found:
        changed = x.copy()
        changed[:, INDEX["days_since_last_session"]] = point.value
        assert point.risk == pytest.approx(scorer.score(changed).mean())
    values = [point.value for point in found[:-1]]
    assert len(values) == 12
    assert values == sorted(values)


def test_partial_dependence_of_codes_shows_the_most_frequent() -> None:
    x = people(17, 300)
    x[:, INDEX["plan"]] = np.where(np.arange(300) % 3, 7.0, 2.0)
    points = partial_dependence(Sum(some_weights(1)), "plan", x)
    assert [point.value for point in points] == [2.0, 7.0]
    assert [point.share for point in points] == pytest.approx([1 / 3, 2 / 3])


def test_partial_dependence_refuses_what_it_cannot_show() -> None:
    with pytest.raises(ValueError, match="no feature 'age'"):
        partial_dependence(Sum(some_weights(1)), "age", people(1, 5))
    with pytest.raises(ValueError, match="nobody in the population"):
        partial_dependence(Sum(some_weights(1)), "plan", people(1, 0))


def test_the_sample_is_even_and_recent_and_does_not_depend_on_the_split() -> None:
    whole, parts = Recent(5, 200), Recent(5, 200)
    rows = 3_000
    for week in range(3):
        times = start_of(2_900 + week) + np.arange(rows) * 200_000
        x = np.tile((week * rows + np.arange(rows, dtype=np.float64))[:, None], (1, FEATURES))
        whole.add(times, x)
        for some in np.array_split(np.arange(rows), 11):
            parts.add(times[some], x[some])
        parts = pickle.loads(pickle.dumps(parts))
    kept = whole.population[:, 0] - rows
    assert np.array_equal(whole.population, parts.population)
    assert len(kept) == 200
    assert kept.min() >= 0
    assert kept.max() < rows
    assert kept.mean() == pytest.approx(rows / 2, rel=0.15)
    assert np.all(np.diff(kept) > 0)


def test_in_the_first_week_the_sample_is_of_that_week() -> None:
    recent = Recent(1)
    assert recent.population.shape == (0, FEATURES)
    recent.add(np.array([start_of(2_900)]), np.ones((1, FEATURES)))
    assert recent.population.shape == (1, FEATURES)
