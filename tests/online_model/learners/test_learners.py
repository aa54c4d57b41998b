"""What every learner of the line-up owes: exactness, purity, bounds, and scorers that say the same."""

import pickle
from typing import Any

import numpy as np
import pytest
from river.forest import AMFClassifier

from online_model.learners.learner import MIN_LEARNED, SMALLEST, Learner, NotAdditiveError
from online_model.learners.line_up import KINDS, LINEAR, REFERENCES, make
from online_model.learners.scorers import from_arrays
from tests.online_model.learners.rows import DAY_MS, HORIZON_MS, examples, hostile, taught

kinds = pytest.mark.parametrize("kind", KINDS)


def state(learner: Learner) -> object:
    """Everything that the learner remembers, to the bit."""
    return {name: plain(value) for name, value in vars(learner).items()}


def plain(value: Any) -> object:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    if isinstance(value, AMFClassifier):
        # what is shared between objects changes the bytes of a pickle: a round trip makes it alike
        return pickle.dumps(pickle.loads(pickle.dumps(value)))
    assert isinstance(value, int | float | list), value
    return value


@kinds
def test_a_batch_is_learned_to_the_bit_as_its_rows_one_by_one(kind: str) -> None:
    x, lost, weights = examples(300)
    batch, cut, single = (make(kind, 7, HORIZON_MS) for _ in range(3))
    batch.learn_many(x, lost, weights)
    for part in np.array_split(np.arange(300), [1, 40, 51, 52, 199, 260]):
        cut.learn_many(x[part], lost[part], weights[part])
    for i in range(300):
        single.learn_many(x[i : i + 1], lost[i : i + 1], weights[i : i + 1])
    assert batch.learned == np.count_nonzero(weights)
    assert state(batch) == state(cut) == state(single)


@kinds
def test_a_batch_is_predicted_to_the_bit_as_its_rows_one_by_one(kind: str) -> None:
    learner = taught(kind)
    scorer = learner.scorer()
    assert scorer is not None
    x = examples(97, seed=2).x
    for predict in (learner.predict_many, scorer.score):
        many = predict(x)
        assert many.tolist() == [float(predict(row[None])[0]) for row in x]
        assert many.shape == (97,)
        assert predict(x[:0]).shape == (0,)


@kinds
def test_predicting_and_scoring_leave_the_state_alone(kind: str) -> None:
    learner = taught(kind)
    before = state(learner)
    learner.predict_many(examples(50, seed=3).x)
    scorer = learner.scorer()
    assert scorer is not None
    scorer.score(hostile())
    assert state(learner) == before


@kinds
def test_a_scorer_says_what_the_learner_says_and_stays_as_it_is(kind: str) -> None:
    learner = taught(kind)
    scorer = learner.scorer()
    assert scorer is not None
    x = np.concatenate([examples(500, seed=2).x, hostile()])
    then = learner.predict_many(x)
    assert np.abs(scorer.score(x) - then).max() < 1e-9
    learner.learn_many(*examples(300, seed=4))
    assert np.abs(scorer.score(x) - then).max() < 1e-9
    if kind != "own_rhythm":  # which learns a mean gap alone
        assert np.abs(learner.predict_many(x) - then).max() > 1e-3


@kinds
def test_a_scorer_comes_back_from_its_arrays(kind: str) -> None:
    scorer = taught(kind).scorer()
    assert scorer is not None
    arrays = {
        name: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape) for name, a in scorer.to_arrays().items()
    }
    x = examples(100, seed=2).x
    assert from_arrays(scorer.kind, arrays).score(x).tolist() == scorer.score(x).tolist()
    missing = next(iter(arrays))
    del arrays[missing]
    with pytest.raises(ValueError, match=missing):
        from_arrays(scorer.kind, arrays)
    with pytest.raises(ValueError, match="no scorer of kind 'oracle'"):
        from_arrays("oracle", {})


@kinds
def test_no_value_brings_a_probability_out_of_bounds(kind: str) -> None:
    learner = taught(kind)
    rows = hostile()
    learner.learn_many(rows, np.arange(len(rows)) % 2 == 0, np.full(len(rows), 50.0))
    scorer = learner.scorer()
    assert scorer is not None
    for x in (rows, examples(200, seed=2).x):
        for found in (learner.predict_many(x), scorer.score(x)):
            assert np.all((found >= SMALLEST) & (found <= 1 - SMALLEST))
        assert np.abs(scorer.score(x) - learner.predict_many(x)).max() < 1e-9


@kinds
def test_the_same_seed_and_examples_give_the_same_learner(kind: str) -> None:
    assert state(taught(kind, seed=3)) == state(taught(kind, seed=3))
    other = state(taught(kind, seed=4)) != state(taught(kind, seed=3))
    assert other == (kind in ("forest", "network"))


@kinds
def test_it_goes_on_from_a_pickle_as_if_nothing_had_been(kind: str) -> None:
    learner = taught(kind)
    other: Learner = pickle.loads(pickle.dumps(learner))
    for each in (learner, other):
        each.learn_many(*examples(200, seed=8))
    assert state(learner) == state(other)


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "own_rhythm"])
def test_who_has_learned_little_says_the_base_rate(kind: str) -> None:
    learner = make(kind, 1, HORIZON_MS)
    x = examples(100).x
    assert learner.predict_many(x[:3]).tolist() == [0.5] * 3
    lost = np.zeros(100, np.bool_)
    lost[0] = True
    learner.learn_many(x[: MIN_LEARNED - 1], lost[: MIN_LEARNED - 1], np.ones(MIN_LEARNED - 1))
    assert learner.predict_many(x[:2]) == pytest.approx([2 / (MIN_LEARNED + 1)] * 2)
    assert learner.scorer() is None
    learner.learn_many(x[-1:], lost[-1:], np.ones(1))
    assert learner.scorer() is not None


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "own_rhythm"])
def test_it_learns(kind: str) -> None:
    x, lost, _ = examples(3000)
    learner = make(kind, 1, HORIZON_MS)
    learner.learn_many(x[:2500], lost[:2500], np.ones(2500))
    p, y = learner.predict_many(x[2500:]), lost[2500:]
    rate = lost[:2500].mean()
    loss = -np.log(np.where(y, p, 1 - p)).mean()
    plain = -np.log(np.where(y, rate, 1 - rate)).mean()
    assert loss < 0.97 * plain


@kinds
def test_weight_0_teaches_nothing(kind: str) -> None:
    learner = taught(kind)
    before = state(learner)
    x, lost, _ = examples(20, seed=6)
    learner.learn_many(x, lost, np.zeros(20))
    learner.learn_many(x[:0], lost[:0], np.zeros(0))
    assert state(learner) == before


@kinds
def test_memory_has_an_end(kind: str) -> None:
    learner = taught(kind, 6000)
    before = learner.size_bytes()
    learner.learn_many(*examples(1000, seed=2))
    assert learner.size_bytes() <= 1.3 * before
    assert learner.size_bytes() < 10_000_000


@kinds
def test_what_does_not_fit_is_refused(kind: str) -> None:
    learner = taught(kind)
    x, lost, weights = examples(10)
    with pytest.raises(ValueError, match="rows of 114 features"):
        learner.predict_many(x[:, 1:])
    with pytest.raises(ValueError, match="10 rows with"):
        learner.learn_many(x, lost[1:], weights)
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="weights must be finite"):
            learner.learn_many(x, lost, np.full(10, bad))


@kinds
def test_contributions_add_up_to_the_log_odds_or_are_refused(kind: str) -> None:
    scorer = taught(kind).scorer()
    assert scorer is not None
    x = examples(200, seed=2).x
    if kind not in LINEAR:
        with pytest.raises(NotAdditiveError):
            scorer.contributions(x)
        return
    parts, base = scorer.contributions(x)
    p = scorer.score(x)
    assert parts.shape == x.shape
    assert np.abs(parts.sum(axis=1) + base - np.log(p / (1 - p))).max() < 1e-9


def test_an_unknown_kind_is_refused_with_what_there_is() -> None:
    with pytest.raises(ValueError, match="no learner 'oracle'; there are logistic, ftrl"):
        make("oracle", 1, DAY_MS)
    assert [make(kind, 1, DAY_MS).kind for kind in (*KINDS, *REFERENCES)] == [*KINDS, *REFERENCES]
