"""Models as arrays say what the libraries that made them say."""

from typing import Any

import numpy as np
import pytest

from batch_jobs.learners.encoding import encoding
from batch_jobs.learners.kinds import DENSE, drawn, fit
from batch_jobs.learners.settings import KINDS
from domain.labels import Matrix
from online_model.learners.learner import Vector
from online_model.refitted.columns import signed_log
from tests.batch_jobs.learners.crowd import crowd

EXAMPLES = crowd(900)
NEVER_UNKNOWN = np.nan_to_num(EXAMPLES.features, nan=1.0)


def strangers(count: int) -> Matrix:
    """Users unlike those that were learned: a fifth is unknown, a tenth large and negative."""
    rng = np.random.default_rng(5)
    x = crowd(count, seed=9).features
    x *= np.where(rng.random(x.shape) < 0.1, -50.0, 1.0)
    x[rng.random(x.shape) < 0.2] = np.nan
    return x


def log_odds(shares: Vector) -> Vector:
    return np.asarray(np.log(shares / (1 - shares)))


def said_by(kind: str, library: Any, z: Matrix) -> Vector:
    match kind:
        case "logistic" | "svm":
            return np.asarray(library.decision_function(z))
        case "xgboost":
            return np.asarray(library.predict(z, output_margin=True), np.float64)
        case "lightgbm":
            return np.asarray(library.predict(z, raw_score=True))
        case _:
            return log_odds(library.predict_proba(z)[:, 1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("learned", [EXAMPLES.features, NEVER_UNKNOWN], ids=["unknown", "all known"])
def test_margins_are_those_of_the_library(kind: str, learned: Matrix) -> None:
    columns = encoding(learned, dense=kind in DENSE)
    setting = drawn(kind, np.random.default_rng(3)) | (
        {"n_estimators": 40} if kind in ("xgboost", "lightgbm") else {}
    )
    model = fit(kind, setting, columns(learned), EXAMPLES.lost, 2)
    z = columns(strangers(500))
    found = model.margins(z)
    np.testing.assert_allclose(found, said_by(kind, model.library, z), rtol=0, atol=1e-9)
    one_by_one = np.concatenate([model.margins(z[row : row + 1]) for row in range(100)])
    assert (one_by_one == found[:100]).all()


@pytest.mark.parametrize("dense", [False, True])
def test_columns_are_what_numpy_makes_of_the_features(dense: bool) -> None:
    columns, x = encoding(EXAMPLES.features, dense=dense), strangers(200)
    numbers = x[:, columns.numbers]
    parts = [numbers]
    if dense:
        scaled = (signed_log(numbers) - columns.mean) / columns.deviation
        filler = (signed_log(columns.median) - columns.mean) / columns.deviation
        parts = [np.where(np.isnan(scaled), filler, scaled), np.isnan(numbers[:, columns.unknown])]
    parts.append(x[:, columns.categories] == columns.values)
    np.testing.assert_allclose(
        columns(x), np.concatenate(parts, axis=1, dtype=np.float64), rtol=0, atol=1e-12
    )
