"""Encoding, kinds, calibration, tuning and the score."""

from itertools import count

import numpy as np
import pytest

from batch_jobs.learners.calibrating import calibration
from batch_jobs.learners.encoding import CATEGORIES, NUMBERS, encoding
from batch_jobs.learners.explaining import importance
from batch_jobs.learners.fitted import fitted
from batch_jobs.learners.kinds import drawn, usual
from batch_jobs.learners.score import roi, score, stability
from batch_jobs.learners.settings import KINDS, LearnerSettings
from batch_jobs.learners.splits import folds, parts
from batch_jobs.learners.training import chosen
from batch_jobs.learners.tuning import judged, tuned
from domain.catalogue import CATALOGUE, INDEX, NAMES
from online_model.learners.scorers import from_arrays
from online_model.quality.decided import decided
from online_model.quality.metrics import metrics
from online_model.quality.ranking import ranked
from online_model.registry.payload import pack_arrays, unpack_arrays
from online_model.thresholds import Contact
from tests.batch_jobs.learners.crowd import crowd

EXAMPLES = crowd(3_000)


def test_only_what_learners_may_see_is_encoded() -> None:
    for dense in (False, True):
        found = encoding(EXAMPLES.features, dense=dense)
        columns = found(EXAMPLES.features)
        assert columns.shape == (EXAMPLES.size, len(found.sources))
        assert set(found.sources) <= {*NUMBERS, *CATEGORIES}
        assert not any("treated" in NAMES[place] or "holdout" in NAMES[place] for place in found.sources)
        assert bool(np.isfinite(columns).all()) == dense
        plan = columns[:, found.sources == INDEX["plan"]]
        assert (plan.sum(axis=1) == 1).all()
    assert {CATALOGUE[place].kind for place in CATEGORIES} == {"category"}


def test_what_was_never_known_and_what_is_new_can_be_encoded() -> None:
    x = EXAMPLES.features.copy()
    x[:, NUMBERS[0]] = np.nan
    x[:, INDEX["plan"]] = np.nan
    columns = encoding(x, dense=True)(EXAMPLES.features)
    assert np.isfinite(columns).all()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_learns_tells_probabilities_and_why(kind: str) -> None:
    found = parts(EXAMPLES, 0.15, 0.2)
    model = fitted(kind, usual(kind), EXAMPLES, found.train, found.calibrate, 3)
    x = EXAMPLES.features[found.test]
    said = model.score(x)
    told = metrics(EXAMPLES.lost[found.test], said)
    assert told.roc_auc is not None
    assert told.roc_auc > 0.6
    assert told.mean_prediction == pytest.approx(told.base_rate, abs=0.1)  # although learned with weights
    stored = unpack_arrays(pack_arrays(model.scorer.to_arrays()))
    assert (from_arrays(model.scorer.kind, stored).score(x) == said).all()
    again = fitted(kind, usual(kind), EXAMPLES, found.train, found.calibrate, 3)
    assert (again.score(x) == said).all()
    weights = importance(model, x[-40:], 1)
    assert NAMES[int(weights.argmax())] == "days_since_last_session"
    assert model.trained_until == EXAMPLES.dues[found.calibrate].max()


@pytest.mark.parametrize("users", [600, 8_000])
def test_calibration_puts_probabilities_right(users: int) -> None:
    rng = np.random.default_rng(2)
    margins = rng.normal(0, 2, users)
    lost = rng.random(users) < 1 / (1 + np.exp(-(0.5 * margins - 1)))
    found = calibration(margins, lost)
    assert found.name == ("platt" if users == 600 else "isotonic")
    at = np.array([-2.0, 0.0, 2.0])
    assert found(at) == pytest.approx(1 / (1 + np.exp(-(0.5 * at - 1))), abs=0.08)
    assert (np.diff(found(np.linspace(-9, 9, 50))) >= 0).all()


def test_tuning_keeps_to_its_budget_and_takes_the_best() -> None:
    blocks = folds(EXAMPLES, parts(EXAMPLES, 0.15, 0.2).train, 2, 5)
    late = tuned("logistic", EXAMPLES, blocks, 1, 9, 0.0, lambda: 1.0)
    assert (late.trials, late.chosen) == (1, usual("logistic"))
    seconds = count(1.0)
    some = tuned("logistic", EXAMPLES, blocks, 1, 9, 4.0, lambda: next(seconds))
    assert some.trials == 4
    rng = np.random.default_rng([1, *b"logistic"])
    tried = [usual("logistic"), *(drawn("logistic", rng) for _ in range(3))]
    losses = [
        np.mean([judged("logistic", setting, EXAMPLES, block, 1).log_loss for block in blocks])
        for setting in tried
    ]
    assert some.chosen == tried[int(np.argmin(losses))]


def test_the_score_of_flagging_everybody_is_good_and_means_nothing() -> None:
    contact = Contact(cost=10, value=200, chance_of_saving=0.35)
    lost = np.arange(100) < 60
    everybody = decided(ranked(np.full(100, 0.9), lost, None), contact)
    perfect = decided(ranked(np.where(lost, 0.9, 0.1), lost, None), contact)
    assert everybody is not None
    assert perfect is not None
    assert roi(perfect, contact, 0.6) == pytest.approx(1)
    # 6,000 lost contacts' worth less 40 needless contacts
    assert roi(everybody, contact, 0.6) == pytest.approx((60 * 60 - 40 * 10) / (60 * 60))
    assert everybody.f1 == everybody.f1_of_all == pytest.approx(0.75)
    assert roi(perfect, Contact(cost=100), 0.6) is None
    assert stability([0.7, 0.7]) == 1
    assert stability([0.0, 1.0]) == 0
    assert stability([0.7, None]) is None
    assert score(0.5, 0.6, 0.7, 0.8) == pytest.approx(0.2 + 0.18 + 0.14 + 0.08)
    assert score(0.5, 0.6, None, 0.8) is None


def test_settings_that_cannot_be_trained_are_refused() -> None:
    with pytest.raises(ValueError, match="no kinds"):
        LearnerSettings(kinds=("oracle",))
    with pytest.raises(ValueError, match="must leave"):
        LearnerSettings(calibrate=0.5, test=0.4)
    with pytest.raises(ValueError, match="not all are trained"):
        LearnerSettings(kinds=("svm",), candidates=("lightgbm",))


def test_the_best_enter_and_the_best_of_all_is_published_anyway() -> None:
    losses = {"svm": 0.3, "logistic": 0.2, "network": 0.25}
    assert chosen(losses, 2) == [("logistic", True), ("network", True)]
    assert chosen(losses, 0) == [("logistic", False)]
    assert chosen(losses, ("svm",)) == [("logistic", False), ("svm", True)]
