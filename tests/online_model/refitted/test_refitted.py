"""What a refitted model is outside of the tournament."""

import pickle

import numpy as np
import pytest

from domain.catalogue import INDEX
from domain.settings import FactSettings
from online_model.learners.learner import NotAdditiveError
from online_model.learners.scorers import from_arrays
from online_model.refitted.frozen import Frozen, is_refitted, kind_of
from online_model.refitted.probabilities import Isotonic
from online_model.refitted.scorer import RefittedScorer, refitted
from online_model.training.outdated import COMPARED_DAYS, MOST, outdated
from tests.online_model.learners.rows import examples
from tests.online_model.refitted.models import knowing, record

DAY_MS = 86_400_000
DELAY_DAYS = 31
X = np.abs(np.nan_to_num(examples(200).x, nan=1.0))


def test_parts_of_a_logistic_regression_add_up_to_its_log_odds() -> None:
    scorer = knowing("tenure_days", -0.01, 0.5)
    said = scorer.score(X)
    parts, base = scorer.contributions(X)
    np.testing.assert_allclose(parts.sum(axis=1) + base, np.log(said / (1 - said)), rtol=0, atol=1e-9)
    assert set(np.flatnonzero(parts.any(axis=0))) == {INDEX["tenure_days"]}
    steps = refitted(scorer.columns, scorer.margins, Isotonic(np.array([-2.0, 2.0]), np.array([0.2, 0.9])))
    with pytest.raises(NotAdditiveError):
        steps.contributions(X)
    assert set(np.round(steps.score(np.where(X, 1e6, 1e6)), 9)) == {0.2}


def test_arrays_that_lack_something_are_refused() -> None:
    arrays = knowing("tenure_days", -0.01, 0.5).to_arrays()
    assert from_arrays("refitted", arrays).score(X).tolist() == RefittedScorer(arrays).score(X).tolist()
    for name in arrays:
        with pytest.raises(ValueError, match="lacks the array"):
            from_arrays("refitted", {other: array for other, array in arrays.items() if other != name})
    with pytest.raises(ValueError, match="no refitted model of form"):
        from_arrays("refitted", arrays | {"form": np.array("oracle")})


def entered(kind: str, day: int) -> Frozen:
    training = record("0" * 16, FactSettings(), day * DAY_MS - 1, kind)
    return Frozen(knowing("tenure_days", 1.0, 0.0), f"{day}-{kind}", training, day * DAY_MS)


def test_a_frozen_contestant_learns_nothing() -> None:
    frozen = entered("svm", 20_000)
    before = pickle.dumps(frozen)
    said = frozen.predict_many(X)
    frozen.learn_many(X, np.ones(len(X), np.bool_), np.ones(len(X)))
    assert pickle.dumps(frozen) == before
    assert (pickle.loads(before).predict_many(X) == said).all()
    assert (frozen.learned, frozen.training.name) == (900, "svm~2024-10-03")
    assert is_refitted(frozen.training.name)
    assert kind_of(frozen.training.name) == "svm"
    assert not is_refitted("svm@2024-10-03")


def test_who_has_had_its_time_makes_room_for_the_next_of_its_kind() -> None:
    patience = DELAY_DAYS + COMPARED_DAYS
    for age, gone in ((patience - 1, []), (patience, ["old"])):
        newest = entered("svm", 20_000)
        found = {"old": entered("svm", 20_000 - age), "other": entered("network", 10_000), "newest": newest}
        found[newest.training.name] = found.pop("newest")
        assert outdated(found, newest, {"own_rhythm"}, newest.entered_ms, DELAY_DAYS) == gone
        assert outdated(found, newest, {"old"}, newest.entered_ms, DELAY_DAYS) == []


def test_so_many_wait_at_most() -> None:
    newest = entered("svm", 20_000)
    found = {str(day): entered("svm", day) for day in range(20_000 - 2 * MOST, 20_000)}
    found[newest.training.name] = newest
    gone = outdated(found, newest, {"19990"}, newest.entered_ms, DELAY_DAYS)
    assert len(found) - len(gone) == MOST + 1  # with the one that is needed
    assert gone == [name for name in found if name not in {"19990", newest.training.name}][: len(gone)]
