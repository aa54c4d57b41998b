"""The guard: every feature has been decided on, and none names the outcome or the treatment."""

import numpy as np

from domain.catalogue import CATALOGUE, NAMES, Feature
from online_model.learners import admitted as module
from online_model.learners.admitted import ADMITTED, admitted
from online_model.learners.line_up import KINDS, make
from tests.online_model.learners.rows import HORIZON_MS, examples


def feature(name: str) -> Feature:
    return Feature(name, "1", "", "ratio", "")


def test_the_list_is_the_catalogue() -> None:
    assert set(NAMES) == ADMITTED
    assert admitted(CATALOGUE).all()


def test_what_nobody_let_in_stays_out() -> None:
    assert not admitted([feature("days_until_next_session")]).any()


def test_outcome_and_treatment_stay_out_even_if_listed(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    names = [
        "lost_within_30d",
        "treated_total",
        "holdout",
        "next_session_days",
        "promotion_count",
        "tenure_days",
    ]
    monkeypatch.setattr(module, "ADMITTED", ADMITTED | set(names))
    assert admitted([feature(n) for n in names]).tolist() == [False] * 5 + [True]


def test_a_feature_that_is_the_future_teaches_nothing() -> None:
    x, lost, _ = examples(600)
    leak = np.column_stack([x, lost.astype(np.float64)])
    features = (*CATALOGUE, feature("lost_within_30d"))
    other = leak.copy()
    other[:, -1] = 1 - other[:, -1]
    for kind in KINDS:
        learner = make(kind, 1, HORIZON_MS, features)
        learner.learn_many(leak, lost, np.ones(len(x)))
        assert learner.predict_many(leak).tolist() == learner.predict_many(other).tolist(), kind
