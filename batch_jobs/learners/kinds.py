"""The kinds of models, each with the settings among which it is tuned.

All learn with weights that give both outcomes the same total, so that the rare one is not drowned; probabilities are
put right afterwards (`batch_jobs.learners.calibrating`). One thread each: a result must not depend on the machine.
"""

import warnings
from typing import Any, Final, NamedTuple

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier

from batch_jobs.learners.as_arrays import BASE_SCORE, margins_of
from domain.labels import Matrix
from online_model.learners.learner import Bools, Vector
from online_model.refitted.margins import Margins

DENSE: Final = frozenset({"logistic", "svm", "network"})
"""Kinds that need `Columns.dense`; the others are trees."""
HIDDEN: Final = (32, 16)
"""Of the network, before its one output."""
LEAVES: Final = 512
"""Of a tree of the forest, at most: some three megabytes, however many the examples."""

Chosen = dict[str, Any]


class Model(NamedTuple):
    """A fitted model as the library made it, and as arrays, which is how it is judged, tuned and served."""

    library: Any
    """For what only the library can say of it."""
    margins: Margins


def drawn(kind: str, rng: np.random.Generator) -> Chosen:
    """Settings by random search (Bergstra and Bengio 2012, JMLR 13)."""

    def size(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    match kind:
        case "logistic":
            return {"C": size(1e-3, 10)}
        case "random_forest":
            return {
                "min_samples_leaf": round(size(5, 100)),
                "max_features": float(rng.choice([0.1, 0.2, 0.4])),
            }
        case "xgboost" | "lightgbm":
            return {
                "n_estimators": round(size(50, 400)),
                "learning_rate": size(0.02, 0.2),
                "max_depth": int(rng.integers(2, 7)),
                "subsample": float(rng.uniform(0.5, 1.0)),
                "colsample_bytree": float(rng.uniform(0.3, 1.0)),
                "reg_lambda": size(0.3, 30),
            }
        case "svm":
            return {"C": size(1e-3, 1), "gamma": size(1e-3, 3e-2)}
        case _:
            return {
                "alpha": size(1e-4, 1),
                "learning_rate_init": size(5e-4, 1e-2),
                "max_iter": int(rng.integers(10, 60)),
            }


def usual(kind: str) -> Chosen:
    """What is tried first."""
    boosted: Chosen = {
        "n_estimators": 150, "learning_rate": 0.05, "max_depth": 4, "subsample": 0.8, "colsample_bytree": 0.6,
        "reg_lambda": 3.0,
    }  # fmt: skip
    known: dict[str, Chosen] = {
        "logistic": {"C": 0.05},
        "random_forest": {"min_samples_leaf": 20, "max_features": 0.2},
        "xgboost": boosted,
        "lightgbm": boosted,
        "svm": {"C": 0.05, "gamma": 0.01},
        "network": {"alpha": 0.1, "learning_rate_init": 1e-3, "max_iter": 20},
    }
    return known[kind]


def fit(kind: str, chosen: Chosen, z: Matrix, lost: Bools, seed: int) -> Model:
    """Learn encoded examples of both outcomes, in their order; the same input gives the same model."""
    weights = np.where(lost, 0.5 / max(lost.mean(), 1e-12), 0.5 / max(1 - lost.mean(), 1e-12))
    y = lost.astype(np.int64)
    with threadpool_limits(1):
        if kind == "svm":
            landmarks = Nystroem(gamma=chosen["gamma"], n_components=min(200, len(z)), random_state=seed)
            model = make_pipeline(landmarks, LinearSVC(C=chosen["C"], random_state=seed, max_iter=5_000))
            _quietly(model, z, y, linearsvc__sample_weight=weights)
        else:
            model = _made(kind, chosen, seed)
            _quietly(model, z, y, sample_weight=weights)
    return Model(model, margins_of(kind, model))


def _made(kind: str, chosen: Chosen, seed: int) -> Any:
    match kind:
        case "logistic":
            return LogisticRegression(max_iter=300, **chosen)
        case "random_forest":
            return RandomForestClassifier(
                n_estimators=150, n_jobs=1, random_state=seed, max_leaf_nodes=LEAVES, **chosen
            )
        case "xgboost":
            return XGBClassifier(
                tree_method="hist", n_jobs=1, random_state=seed, base_score=BASE_SCORE, **chosen
            )
        case "lightgbm":
            return LGBMClassifier(
                n_jobs=1, random_state=seed, subsample_freq=1, deterministic=True, force_row_wise=True,
                verbosity=-1, **chosen,
            )  # fmt: skip
        case _:
            return MLPClassifier(HIDDEN, random_state=seed, **chosen)


def _quietly(model: Any, z: Matrix, y: Any, **weights: Vector) -> None:
    with warnings.catch_warnings():
        # to stop early is a setting like others: what it is worth, cross-validation says
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(z, y, **weights)
