"""Questions about users: features in, score out; what moves a score adds up, and nothing moves nothing."""

import math

import numpy as np
import pytest

from domain.catalogue import INDEX
from domain.columns import code_of
from domain.features import features
from domain.settings import FactSettings
from feature_store.lookup import Facts
from online_model.learners.line_up import make
from online_model.own_rhythm import Population
from online_model.risk import Part, Risk
from online_model.tiers import Thresholds
from profiles.answers import Judge
from profiles.questions import UnfitFeatureError, predicted, vector, what_if, with_words
from profiles.views import Basis, Judged, judged
from tests.ebbwatch.test_model_explained import CLOCK, facts

FACTS = FactSettings()
LIMIT = FACTS.inactivity_ms


def here(kind: str | None, found: Facts) -> tuple[Judged, Judge]:
    """Users as judged by a learner of that kind, or by the baseline."""
    risk = Risk()
    if kind is not None:
        rng = np.random.default_rng(3)
        slots = np.arange(len(found.users))
        x = features(found.states, slots, np.full(len(slots), CLOCK))
        x = x[rng.integers(0, len(x), 500)] * rng.uniform(0.5, 1.5, (500, x.shape[1]))
        learner = make(kind, 0, FACTS.horizon_ms)
        learner.learn_many(x, rng.random(500) < 0.3, np.ones(500))
        scorer = learner.scorer()
        assert scorer is not None
        risk = Risk([Part("1700000000000-0123456789ab", kind, scorer, 1.0, x[:8])])
    by = Basis(risk, Population(100, 300 * 86_400), FACTS.horizon_ms, Thresholds())
    return judged(found, by), Judge(by, (False,), (kind != "own_rhythm",))


@pytest.mark.parametrize("kind", [None, "recursive", "own_rhythm"])
def test_nothing_changes_nothing_and_silence_adds_up(kind: str | None) -> None:
    found = facts()
    seen, judge = here(kind, found)
    slot = found.users.index("often")
    same = what_if(seen, slot, judge, {}, 0.0, {}, LIMIT)
    assert same.before == same.after
    assert (same.moved, same.features, same.gone) == ([], [], False)
    assert same.before.score == float(seen.risk[slot])

    later = what_if(seen, slot, judge, {}, 20.0, {}, LIMIT)
    assert later.gone
    assert later.after != later.before
    by_name = {part.name: part for part in later.features}
    assert by_name["days_since_last_session"].before == pytest.approx(12)
    assert by_name["days_since_last_session"].after == pytest.approx(32)
    if kind is not None:
        change = math.fsum(part.contribution or 0.0 for part in later.features)
        assert change == pytest.approx(later.after.log_odds - later.before.log_odds, abs=1e-9)


@pytest.mark.parametrize("kind", [None, "recursive"])
def test_a_changed_feature_moves_the_score_and_is_named(kind: str | None) -> None:
    found = facts()
    seen, judge = here(kind, found)
    slot = found.users.index("often")
    moved = what_if(seen, slot, judge, {}, 0.0, {"gap_mean_days": 30.0, "plan": "pro"}, LIMIT)
    assert moved.after.score != moved.before.score
    shown = {part.name: (part.before, part.after) for part in moved.features}
    assert shown["plan"] == (None, "pro")
    assert shown["gap_mean_days"][1] == 30


def test_predictions_are_those_of_the_stream() -> None:
    found = facts()
    seen, judge = here("recursive", found)
    slots = np.arange(len(found.users))
    x = features(found.states, slots, seen.nows)
    scores = [one.score for one in predicted(x, [int(h) for h in seen.hashes], judge)]
    assert scores == pytest.approx(seen.risk.tolist(), abs=1e-12)
    one = with_words(predicted(x[:1], [None], judge)[0], x[0], None, {}, judge)
    assert (one.score, len(one.reasons)) == (scores[0], 3)
    _, baseline = here(None, found)
    assert 0 < predicted(vector({})[None], [None], baseline)[0].score < 1


def test_features_are_given_by_name() -> None:
    x = vector({"plan": "pro", "sessions_total": 3, "paid": None})
    assert x[INDEX["plan"]] == code_of("pro")
    assert x[INDEX["sessions_total"]] == 3
    assert np.isnan(x).sum() == len(x) - 2
    for wrong in ({"nothing": 1.0}, {"sessions_total": "three"}, {"sessions_total": -1.0}):
        with pytest.raises(UnfitFeatureError) as fault:
            vector(wrong)
        assert fault.value.feature == next(iter(wrong))
