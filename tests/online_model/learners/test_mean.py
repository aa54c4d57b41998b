"""The mean of probabilities, and shares of its log-odds that add up."""

import numpy as np
import pytest

from online_model.learners.learner import NotAdditiveError
from online_model.learners.line_up import make
from online_model.learners.linear import LinearScorer, LinearStack
from online_model.learners.mean import Mean, MeanScorer
from online_model.learners.scorers import from_arrays
from online_model.learners.wide import WideScorer, WideStack
from tests.online_model.learners.rows import HORIZON_MS, examples, hostile, taught

NEW = examples(300, seed=2).x


def scorer_of(*kinds: str) -> MeanScorer:
    scorer = Mean([taught(kind) for kind in kinds]).scorer()
    assert scorer is not None
    return scorer


def test_it_is_the_plain_mean() -> None:
    members = [taught("logistic"), taught("forest"), taught("recursive")]
    mean = Mean(members)
    expected = np.mean([m.predict_many(NEW) for m in members], axis=0)
    assert mean.predict_many(NEW) == pytest.approx(expected, rel=1e-12)
    scorer = mean.scorer()
    assert scorer is not None
    assert np.abs(scorer.score(NEW) - expected).max() < 1e-9
    assert mean.learned == members[0].learned


def test_linear_members_asked_at_once_say_what_each_says() -> None:
    found = [taught("logistic", 60).scorer(), taught("logistic", 200).scorer(), taught("logistic").scorer()]
    linear = [s for s in found if isinstance(s, LinearScorer)]
    x = np.concatenate([NEW, hostile()])
    assert [p.tolist() for p in LinearStack(linear).score(x)] == [s.score(x).tolist() for s in linear]
    assert len(linear) == 3


def test_wide_members_asked_at_once_say_what_each_says() -> None:
    found = [taught("recursive", 60).scorer(), taught("agile").scorer(), taught("recursive").scorer()]
    wide = [s for s in found if isinstance(s, WideScorer)]
    x = np.concatenate([NEW, hostile()])
    said = [s.score(x) for s in wide]
    assert [p.tolist() for p in WideStack(wide).score(x)] == [p.tolist() for p in said]
    assert MeanScorer(wide).score(x) == pytest.approx(np.mean(said, axis=0), rel=1e-12)
    assert len(wide) == 3


def test_contributions_add_up_to_the_log_odds_of_the_mean() -> None:
    scorer = scorer_of("logistic", "recursive", "ftrl")
    parts, base = scorer.contributions(NEW)
    p = scorer.score(NEW)
    assert np.abs(parts.sum(axis=1) + base - np.log(p / (1 - p))).max() < 1e-9
    members = np.stack([taught(k).scorer().contributions(NEW)[0] for k in ("logistic", "recursive", "ftrl")])  # type: ignore[union-attr]
    agree = np.all(members > 0, axis=0)
    assert np.all(parts[agree] > 0)


def test_equal_members_keep_their_parts() -> None:
    single = taught("recursive").scorer()
    assert single is not None
    parts, base = MeanScorer([single, single]).contributions(NEW)
    own, own_base = single.contributions(NEW)
    assert np.abs(parts - own).max() < 1e-9
    assert base == pytest.approx(own_base, rel=1e-12)


def test_what_is_no_sum_is_refused() -> None:
    with pytest.raises(NotAdditiveError):
        scorer_of("logistic", "network").contributions(NEW)


def test_it_comes_back_from_its_arrays() -> None:
    scorer = scorer_of("logistic", "forest", "network")
    again = from_arrays("mean", scorer.to_arrays())
    assert again.score(NEW).tolist() == scorer.score(NEW).tolist()


def test_it_does_not_learn_and_waits_for_its_members() -> None:
    young = make("logistic", 1, HORIZON_MS)
    mean = Mean([taught("recursive"), young])
    assert mean.scorer() is None
    assert mean.learned == 0
    with pytest.raises(TypeError, match="its members do"):
        mean.learn_many(*examples(3))
    with pytest.raises(ValueError, match="no learners"):
        Mean([])
    with pytest.raises(ValueError, match="no scorers"):
        MeanScorer([])
