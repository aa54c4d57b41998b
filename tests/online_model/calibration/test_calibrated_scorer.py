"""A calibrated scorer says what the recalibrator would, and its contributions still add up to it."""

import numpy as np
import pytest

from online_model.calibration.recalibrator import FARTHEST, recalibrated
from online_model.calibration.scorer import AS_IT_IS, CalibratedScorer, Line, calibrated
from online_model.learners.learner import NotAdditiveError, Scorer
from online_model.learners.line_up import make
from online_model.learners.linear import LinearScorer

N = 400
RNG = np.random.default_rng(3)
X = RNG.exponential(5.0, (N, 114))
LINE = Line(0.6, -0.4)


def scorer(kind: str) -> Scorer:
    learner = make(kind, 1, 86_400_000 * 30)
    lost = RNG.random(N) < 1 / (1 + np.exp(5 - X[:, 0]))
    for _ in range(3):
        learner.learn_many(X, lost, np.ones(N))
    found = learner.scorer()
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["logistic", "recursive", "ftrl"])
def test_contributions_add_up_to_what_is_served(kind: str) -> None:
    below = scorer(kind)
    above = CalibratedScorer(below, LINE)
    p = above.score(X)
    np.testing.assert_array_equal(p, recalibrated(below.score(X), *LINE))
    parts, base = above.contributions(X)
    np.testing.assert_allclose(base + parts.sum(axis=1), np.log(p) - np.log1p(-p), atol=1e-6)
    plain, _ = below.contributions(X)
    np.testing.assert_allclose(np.abs(parts), LINE.slope * np.abs(plain), rtol=1e-12)


def test_they_do_so_where_log_odds_are_cut() -> None:
    arrays = scorer("logistic").to_arrays()
    below = LinearScorer(arrays | {"weight": 100.0 * arrays["weight"]})
    parts, base = below.contributions(X)
    assert (np.abs(base + parts.sum(axis=1)) > FARTHEST).sum() > 10
    above = CalibratedScorer(below, LINE)
    parts, base = above.contributions(X)
    p = above.score(X)
    np.testing.assert_allclose(base + parts.sum(axis=1), np.log(p) - np.log1p(-p), atol=1e-6)


def test_what_is_right_stays_the_same_object() -> None:
    below = scorer("logistic")
    assert calibrated(below, AS_IT_IS) is below


def test_a_forest_has_no_sum_calibrated_or_not() -> None:
    with pytest.raises(NotAdditiveError):
        CalibratedScorer(scorer("forest"), LINE).contributions(X[:2])
