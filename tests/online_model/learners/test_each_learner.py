"""What each kind is: the published algorithm, checked against River, a plain Newton fit, or the formula itself."""

from typing import Any

import numpy as np
import pytest
from river import linear_model, optim

from domain.catalogue import CATALOGUE, INDEX
from domain.state import empty
from online_model.learners.bins import FREEZE_AT, MILESTONES
from online_model.learners.derived import places_of, widened
from online_model.learners.encoder import encode, learn_row, no_moments, plan_of
from online_model.learners.forest import NODES, TREES, Forest
from online_model.learners.ftrl import Ftrl
from online_model.learners.logistic import INTERCEPT_RATE, L2, RATE, Logistic
from online_model.learners.own_rhythm import OwnRhythm
from online_model.learners.recency import Recency
from online_model.learners.recursive import INTERCEPT_PRIOR, Agile, Recursive, shares, wide_plan
from online_model.own_rhythm import Population, risks
from tests.online_model.learners.rows import DAY_MS, HORIZON_MS, examples

PLAN = plan_of()
WIDE = wide_plan(CATALOGUE)
PLACES = places_of(CATALOGUE)


@pytest.mark.parametrize("l2", [L2, 0.01])
def test_the_logistic_one_is_rivers_over_the_same_columns(l2: float) -> None:
    x, lost, weights = examples(400)
    ours = Logistic(l2=l2)
    ours.learn_many(x, lost, weights)
    river: Any = linear_model.LogisticRegression(optim.AdaGrad(RATE), l2=l2, intercept_lr=INTERCEPT_RATE)
    moments, z = no_moments(PLAN.columns), np.empty(PLAN.columns)
    for row, y, w in zip(x, lost.tolist(), weights.tolist(), strict=True):
        if w > 0:
            learn_row(row, PLAN.way, PLAN.first, moments, z)
            river.learn_one(dict(enumerate(z.tolist())), y, w)
    new = examples(200, seed=2).x
    theirs = [river.predict_proba_one(dict(enumerate(r)))[True] for r in encode(new, PLAN, moments).tolist()]
    assert np.abs(ours.predict_many(new) - theirs).max() < 1e-9


def test_the_recursive_one_is_its_formula() -> None:
    x, lost, weights = examples(150)
    ours = Recursive(prior=0.05, trust=0.5, kept=1.0)
    ours.learn_many(x, lost, weights)
    moments, z = no_moments(WIDE.columns), np.ones(WIDE.columns + 1)
    covariance = np.diag([INTERCEPT_PRIOR, *0.05 * shares(WIDE)])
    fitted = np.zeros(WIDE.columns + 1)
    for row, y, weight in zip(widened(x, PLACES), lost.tolist(), weights.tolist(), strict=True):
        if weight > 0:
            learn_row(row, WIDE.way, WIDE.first, moments, z[1:])
            p = 1 / (1 + np.exp(-z @ fitted))
            gain, h = covariance @ z, 0.5 * weight * p * (1 - p)
            fitted += gain * 0.5 * weight * (y - p) / (1 + h * z @ gain)
            covariance -= np.outer(gain, gain) * h / (1 + h * z @ gain)
    new = examples(200, seed=2).x
    log_odds = fitted[0] + encode(widened(new, PLACES), WIDE, moments) @ fitted[1:]
    assert np.abs(ours.predict_many(new) - 1 / (1 + np.exp(-log_odds))).max() < 1e-9


def test_the_recursive_one_comes_to_the_fit_of_all_examples_at_once() -> None:
    x, lost, _ = examples(12_000)
    ours = Recursive(prior=0.05, trust=1.0, kept=1.0)
    ours.learn_many(x, lost, np.ones(len(x)))
    moments = no_moments(WIDE.columns)
    wide = widened(x, PLACES)
    for row in wide:
        learn_row(row, WIDE.way, WIDE.first, moments, np.empty(WIDE.columns))
    z = np.column_stack([np.ones(len(x)), encode(wide, WIDE, moments)])
    prior = np.array([INTERCEPT_PRIOR, *0.05 * shares(WIDE)])
    z, prior = z[:, prior > 0], prior[prior > 0]
    precision = np.diag(1 / prior)
    w = np.zeros(z.shape[1])
    for _ in range(20):
        p = 1 / (1 + np.exp(-z @ w))
        w -= np.linalg.solve(z.T * (p * (1 - p)) @ z + precision, z.T @ (p - lost) + precision @ w)
    fitted = 1 / (1 + np.exp(-z @ w))
    found = ours.predict_many(x)
    assert np.corrcoef(found, fitted)[0, 1] > 0.999
    assert np.abs(found - fitted).mean() < 0.02


@pytest.mark.parametrize("kept", [1.0, 0.9999])
def test_the_covariance_stays_symmetric_and_positive_over_200_000_examples(kept: float) -> None:
    names = [
        INDEX[n]
        for n in ("spend_total", "spend_26w", "orders_total", "days_since_last_session", "tenure_days")
    ]
    rng = np.random.default_rng(1)
    x = np.full((200_000, len(INDEX)), np.nan)
    x[:, names[0]] = rng.exponential(50, len(x))
    x[:, names[1]] = x[:, names[0]] * (1 + 1e-9 * rng.random(len(x)))  # one column twice, but for rounding
    for j in names[2:]:
        x[:, j] = rng.exponential(20, len(x))
    lost = rng.random(len(x)) < 1 / (1 + np.exp(2 - np.log1p(x[:, names[3]])))
    learner = Recursive(kept=kept)
    learner.learn_many(x, lost, np.ones(len(x)))
    n = int(learner._count[0])
    covariance = learner._covariance[:n, :n]
    assert np.array_equal(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 0
    prior = learner._prior[learner._column_of[1:n]]
    assert np.all(prior > 0)
    assert np.all(np.diag(covariance)[1:] <= prior * (1 + 1e-9))
    p = learner.predict_many(x[-5000:])
    assert lost[-5000:].sum() / p.sum() == pytest.approx(1, abs=0.1)


def test_forgetting_follows_a_change_sooner() -> None:
    x, lost, _ = examples(6000)
    losses = {}
    for kept in (1.0, 0.995):
        learner = Recursive(prior=0.05, kept=kept)
        learner.learn_many(x[:4000], lost[:4000], np.ones(4000))
        learner.learn_many(x[4000:5000], ~lost[4000:5000], np.ones(1000))
        p = learner.predict_many(x[5000:])
        losses[kept] = -np.log(np.where(~lost[5000:], p, 1 - p)).mean()
    assert losses[0.995] < 0.95 * losses[1.0]


def test_the_agile_one_follows_a_change_sooner_than_the_other() -> None:
    x, lost, _ = examples(12_000)
    losses = []
    for learner in (Agile(), Recursive()):
        learner.learn_many(x[:9000], lost[:9000], np.ones(9000))
        learner.learn_many(x[9000:11_000], ~lost[9000:11_000], np.ones(2000))
        p = learner.predict_many(x[11_000:])
        losses.append(-np.log(np.where(~lost[11_000:], p, 1 - p)).mean())
    assert losses[0] < 0.95 * losses[1]


def test_bins_freeze_and_what_was_learned_before_is_learned_with_them() -> None:
    x, lost, weights = examples(7000)
    weights[:] = 1.0
    learner = Ftrl()
    learner.learn_many(x[: FREEZE_AT - 1], lost[: FREEZE_AT - 1], weights[: FREEZE_AT - 1])
    provisional = learner._bins
    assert len(learner._kept)
    learner.learn_many(x[FREEZE_AT - 1 :], lost[FREEZE_AT - 1 :], weights[FREEZE_AT - 1 :])
    frozen = learner._bins
    assert not np.array_equal(frozen.edges, provisional.edges)
    assert len(learner._kept) == 0
    at_once = Ftrl()
    at_once._restart(frozen)
    at_once._follow(x, lost.astype(np.float64), weights)
    assert learner._z.tolist() == at_once._z.tolist()
    assert MILESTONES[-1] == FREEZE_AT


def test_ftrl_leaves_out_what_says_little() -> None:
    x, lost, weights = examples(3000)
    dense, sparse = Ftrl(l1=0.0), Ftrl(l1=5.0)
    for learner in (dense, sparse):
        learner.learn_many(x, lost, weights)
    assert np.count_nonzero(sparse._current()) < 0.7 * np.count_nonzero(dense._current())


def test_the_forest_serves_what_rivers_trees_say() -> None:
    x, lost, weights = examples(1500)
    learner = Forest(seed=2)
    learner.learn_many(x, lost, weights)
    scorer = learner.scorer()
    assert scorer is not None
    new = examples(300, seed=2).x
    z = encode(new, learner._plan, learner._moments)
    river = [learner._forest.predict_proba_one(dict(enumerate(row)))[True] for row in z.tolist()]
    assert np.abs(scorer.score(new) - river).max() < 1e-9
    assert len(scorer.to_arrays()["roots"]) == TREES
    assert all(1 < tree._n_nodes <= NODES + 1 for tree in learner._forest.data)


def test_the_forest_learns_an_example_as_often_as_it_weighs() -> None:
    x, lost, _ = examples(60)
    heavy, repeated = Forest(), Forest()
    heavy.learn_many(x, lost, np.full(60, 2.5))
    assert sum(heavy._forest.data[0]._root.counts) == 150
    for i in range(60):
        for _ in range(2 + i % 2):
            repeated._forest.learn_one({}, True)
    assert sum(repeated._forest.data[0]._root.counts) == 150


def test_the_own_rhythm_is_the_baseline_of_the_user() -> None:
    learner = OwnRhythm(HORIZON_MS)
    x = np.full((3, len(INDEX)), np.nan)
    x[:, INDEX["sessions_total"]] = [1, 5, np.nan]
    x[:, INDEX["gap_mean_days"]] = [np.nan, 4.0, np.nan]
    x[:, INDEX["days_since_last_session"]] = [6.0, 11.0, np.nan]
    states = empty(2)
    states["sessions"] = [1, 5]
    states["first_session_ms"] = 10**12
    states["last_active_ms"] = [10**12, 10**12 + 16 * DAY_MS]
    nows = states["last_active_ms"] + np.array([6, 11]) * DAY_MS
    expected = risks(states, np.arange(2), nows, Population(), HORIZON_MS)
    assert learner.predict_many(x)[:2] == pytest.approx(expected, rel=1e-9)
    assert learner.predict_many(x)[2] == 0.5
    learner.learn_many(x, np.array([True, False, True]), np.ones(3))
    learned = Population(gaps=4, seconds=4 * 4 * 86_400)
    expected = risks(states, np.arange(2), nows, learned, HORIZON_MS)
    assert learner.predict_many(x)[:2] == pytest.approx(expected, rel=1e-9)


def test_recency_ranks_by_silence_alone() -> None:
    x = examples(50).x
    found = Recency().predict_many(x)
    order = np.argsort(x[:, INDEX["days_since_last_session"]])
    assert np.all(np.diff(found[order]) >= 0)
