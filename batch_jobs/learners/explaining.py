"""What a fitted model goes by: SHAP values in log-odds, summed by the feature behind each column."""

import warnings
from typing import Any, ClassVar, Final

import numpy as np
import shap

from batch_jobs.learners.fitted import Fitted
from batch_jobs.learners.kinds import Margin, Probable
from domain.labels import FEATURES, Matrix
from online_model.explain.importance import Dependence, partial_dependence
from online_model.learners.learner import Vector

_TREES: Final = frozenset({"random_forest", "xgboost", "lightgbm"})
_BACKGROUND: Final = 10
_ROWS: Final = 25
"""Snapshots explained by permutations, which take two scores for each column and background user."""


def importance(model: Fitted, x: Matrix, seed: int) -> Vector:
    """Mean size of the SHAP values by feature of the catalogue, before calibration, shape (FEATURES,).

    Of trees exactly, along their paths (Lundberg et al. 2020, "From local explanations to global understanding with
    explainable AI for trees"; of the random forest on the scale of probabilities, for which paths are additive); of
    the logistic regression as coefficient times distance from the mean; of all others by permutations of the columns
    on some of the rows.

    Args:
        x: raw features of recent users, shape (n, FEATURES), n at least 2.
    """
    z = model.encoding(x)
    with warnings.catch_warnings():
        # it tells of its own ways with each kind of model; what it returns is what is documented
        warnings.simplefilter("ignore")
        values = _values(model, z, seed)
    by_feature = np.zeros((len(values), FEATURES))
    np.add.at(by_feature.T, model.encoding.sources, values.T)
    return np.asarray(np.abs(by_feature).mean(axis=0))


def dependence(model: Fitted, feature: str, x: Matrix) -> list[Dependence]:
    """Mean risk over users at values of one feature, after calibration."""
    return partial_dependence(_Served(model), feature, x)


def _values(model: Fitted, z: Matrix, seed: int) -> Matrix:
    if model.kind in _TREES:
        return _of_trees(model.model, z)
    if model.kind == "logistic":
        assert isinstance(model.model, Probable)
        return np.asarray(shap.LinearExplainer(model.model.model, z).shap_values(z))
    return _permuted(model.model, z, seed)


def _of_trees(model: Margin, z: Matrix) -> Matrix:
    assert isinstance(model, Probable)
    values = np.asarray(shap.TreeExplainer(model.model).shap_values(z, check_additivity=False))
    return values[:, :, 1] if values.ndim == 3 else values


def _permuted(model: Margin, z: Matrix, seed: int) -> Matrix:
    rng = np.random.default_rng(seed)
    some = z[np.sort(rng.permutation(len(z))[:_BACKGROUND])]
    rows = z[np.sort(rng.permutation(len(z))[:_ROWS])]
    explainer: Any = shap.explainers.Permutation(model.margin, some, seed=seed)
    values = explainer(rows, max_evals=2 * z.shape[1] + 1, silent=True).values
    return np.asarray(values)


class _Served:
    """A fitted model as a scorer."""

    kind: ClassVar[str] = "fitted"

    def __init__(self, model: Fitted) -> None:
        self._model = model

    def score(self, x: Matrix) -> Vector:
        return self._model.score(x)

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:
        raise NotImplementedError(f"{self._model.kind} for {len(x)} rows: `importance` tells what matters")

    def to_arrays(self) -> dict[str, Any]:
        raise NotImplementedError("a refitted model is stored as its payload")
