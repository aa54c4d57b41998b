"""Fitted models of the libraries as arrays, which say the same within rounding."""

import json
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from online_model.learners.learner import Arrays
from online_model.refitted.margins import Landmarks, Layers, Linear, Margins
from online_model.refitted.trees import LEAF, Trees

BASE_SCORE: Final = 0.5
"""With which boosting by XGBoost has to begin: log-odds of 0, so that the trees are all there is."""


def margins_of(kind: str, model: Any) -> Margins:
    """A fitted model of `batch_jobs.learners.kinds` as arrays."""
    return _FORMS[kind](model)


def _logistic(model: Any) -> Linear:
    return Linear({"weights": model.coef_[0].copy(), "intercept": np.array(model.intercept_[0])})


def _svm(model: Any) -> Landmarks:
    landmarks, machine = model.named_steps["nystroem"], model.named_steps["linearsvc"]
    return Landmarks({
        "landmarks": np.ascontiguousarray(landmarks.components_.T),
        "weights": landmarks.normalization_.T @ machine.coef_[0],
        "gamma": np.array(landmarks.gamma),
        "intercept": np.array(machine.intercept_[0]),
    })  # fmt: skip


def _network(model: Any) -> Layers:
    weights = {f"weights{layer}": w for layer, w in enumerate(model.coefs_)}
    return Layers(weights | {f"biases{layer}": b for layer, b in enumerate(model.intercepts_)})


def _forest(model: Any) -> Trees:
    trees = []
    for member in model.estimators_:
        nodes = member.tree_.__getstate__()["nodes"]
        leaf = nodes["left_child"] < 0
        shares = member.tree_.value[:, 0, 1]  # of the lost, already divided by the node's weight
        trees.append({
            "column": np.where(leaf, LEAF, nodes["feature"]),
            "threshold": np.where(leaf, shares, nodes["threshold"]),
            "left": nodes["left_child"], "right": nodes["right_child"],
            "unknown_left": nodes["missing_go_to_left"].astype(np.bool_),
        })  # fmt: skip
    return _joined(trees, mean=True, single_columns=True, single_sums=False)


def _xgboost(model: Any) -> Trees:
    document = json.loads(model.get_booster().save_raw("json"))
    trees = []
    for tree in document["learner"]["gradient_booster"]["model"]["trees"]:
        left = np.array(tree["left_children"])
        said = np.array(tree["split_conditions"], np.float32)
        # it goes left below the threshold: at most the next smaller number, then
        at_most = np.nextafter(said, np.float32(-np.inf))
        trees.append({
            "column": np.where(left < 0, LEAF, tree["split_indices"]),
            "threshold": np.where(left < 0, said, at_most).astype(np.float64),
            "left": left, "right": np.array(tree["right_children"]),
            "unknown_left": np.array(tree["default_left"], np.bool_),
        })  # fmt: skip
    return _joined(trees, mean=False, single_columns=True, single_sums=True)


def _lightgbm(model: Any) -> Trees:
    trees = []
    for tree in model.booster_.dump_model()["tree_info"]:
        nodes: list[dict[str, Any]] = []
        _listed(tree["tree_structure"], nodes)
        trees.append({name: np.array([node[name] for node in nodes]) for name in nodes[0]})
    return _joined(trees, mean=False, single_columns=False, single_sums=False)


def _listed(tree: dict[str, Any], nodes: list[dict[str, Any]]) -> int:
    """Append a node and all below it; returns its place."""
    place = len(nodes)
    if "leaf_value" in tree:
        nodes.append(
            {"column": LEAF, "threshold": tree["leaf_value"], "left": -1, "right": -1, "unknown_left": False}
        )
        return place
    threshold = tree["threshold"]
    # where nothing was unknown when it learned, the library takes unknown for 0
    unknown_left = tree["default_left"] if tree["missing_type"] == "NaN" else threshold >= 0.0
    node = {"column": tree["split_feature"], "threshold": threshold, "unknown_left": unknown_left}
    nodes.append(node)
    node["left"], node["right"] = _listed(tree["left_child"], nodes), _listed(tree["right_child"], nodes)
    return place


def _joined(trees: list[Arrays], *, mean: bool, single_columns: bool, single_sums: bool) -> Trees:
    """All trees one after the other; children are counted within their tree until here."""
    roots = np.cumsum([0, *(len(tree["column"]) for tree in trees[:-1])])
    kinds = {
        "column": np.int16,
        "threshold": np.float64,
        "left": np.int32,
        "right": np.int32,
        "unknown_left": np.bool_,
    }
    found: Arrays = {
        name: np.concatenate([
            np.asarray(tree[name]) + (root if name in ("left", "right") else 0)
            for tree, root in zip(trees, roots.tolist(), strict=True)
        ]).astype(kind)
        for name, kind in kinds.items()
    }  # fmt: skip
    flags = {"mean": mean, "single_columns": single_columns, "single_sums": single_sums}
    return Trees(
        found | {"roots": roots.astype(np.int64)} | {name: np.array(on) for name, on in flags.items()}
    )


_FORMS: Final[dict[str, Callable[[Any], Margins]]] = {
    "logistic": _logistic,
    "svm": _svm,
    "network": _network,
    "random_forest": _forest,
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
}
