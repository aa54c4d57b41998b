"""River's own checks of an estimator."""

import pytest
from river import checks

from online_model.learners.line_up import KINDS
from online_model.learners.river_classifier import RiverClassifier


@pytest.mark.parametrize("kind", KINDS)
def test_river_accepts_it(kind: str) -> None:
    pytest.importorskip("sklearn", reason="River's checks take their data sets from scikit-learn")
    checks.check_estimator(RiverClassifier(kind))


def test_features_of_any_name_are_learned() -> None:
    model = RiverClassifier("recursive")
    for i in range(8000):
        model.learn_one({"hot": float(i % 2), 7: 1.0}, i % 2 == 1)
    assert model.predict_proba_one({"hot": 1.0})[True] > 0.7
    assert model.predict_proba_one({"hot": 0.0, "unheard": 3.0})[True] < 0.3


def test_more_names_than_columns_are_passed_over() -> None:
    model = RiverClassifier("logistic")
    for i in range(100):
        model.learn_one({f"name {i}-{k}": 1.0 for k in range(3)}, i % 2 == 0)
    assert 0 < model.predict_proba_one({"name 99-2": 1.0})[True] < 1
