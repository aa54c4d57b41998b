"""What a fitted model goes by: SHAP values in log-odds, summed by the feature behind each column."""

import warnings
from typing import Any, Final

import numpy as np
import shap

from batch_jobs.learners.fitted import Fitted
from domain.labels import FEATURES, Matrix
from online_model.explain.importance import Dependence, partial_dependence
from online_model.learners.learner import Vector
from online_model.refitted.margins import Margins

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
    z = model.scorer.columns(x)
    with warnings.catch_warnings():
        # it tells of its own ways with each kind of model; what it returns is what is documented
        warnings.simplefilter("ignore")
        values = _values(model, z, seed)
    by_feature = np.zeros((len(values), FEATURES))
    np.add.at(by_feature.T, model.scorer.columns.sources, values.T)
    return np.asarray(np.abs(by_feature).mean(axis=0))


def dependence(model: Fitted, feature: str, x: Matrix) -> list[Dependence]:
    """Mean risk over users at values of one feature, after calibration."""
    return partial_dependence(model.scorer, feature, x)


def _values(model: Fitted, z: Matrix, seed: int) -> Matrix:
    if model.kind in _TREES:
        return _of_trees(model.library, z)
    if model.kind == "logistic":
        return np.asarray(shap.LinearExplainer(model.library, z).shap_values(z))
    return _permuted(model.scorer.margins, z, seed)


def _of_trees(library: Any, z: Matrix) -> Matrix:
    values = np.asarray(shap.TreeExplainer(library).shap_values(z, check_additivity=False))
    return values[:, :, 1] if values.ndim == 3 else values


def _permuted(margins: Margins, z: Matrix, seed: int) -> Matrix:
    rng = np.random.default_rng(seed)
    some = z[np.sort(rng.permutation(len(z))[:_BACKGROUND])]
    rows = z[np.sort(rng.permutation(len(z))[:_ROWS])]
    explainer: Any = shap.explainers.Permutation(margins, some, seed=seed)
    values = explainer(rows, max_evals=2 * z.shape[1] + 1, silent=True).values
    return np.asarray(values)
