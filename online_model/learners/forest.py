"""River's Aggregated Mondrian Forest, with few trees of few nodes, over the features that say most.

Mourtada, Gaïffas, Scornet 2021, "AMF: Aggregated Mondrian forests for online learning", JRSS B 83. Without a cap its
nodes grow with the examples, into hundreds of megabytes. River's trees learn and are asked while learning; what
serves is a flat copy of them (`online_model.learners.forest_scorer`).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from river.forest import AMFClassifier

from domain.catalogue import CATALOGUE, Feature
from online_model.learners.admitted import SPARES
from online_model.learners.compiled import compiled
from online_model.learners.encoder import (
    IGNORED,
    Plan,
    encode,
    learn_row,
    no_moments,
    plan_of,
)
from online_model.learners.forest_scorer import ForestScorer
from online_model.learners.learner import (
    MIN_LEARNED,
    Arrays,
    CountingLearner,
    Matrix,
    Vector,
)

TREES: Final = 8
NODES: Final = 300
"""Of one tree at most."""
REPEATS: Final = 20
"""Most times that one example is learned."""

_MOST_TELLING: Final = """
days_since_last_session silence_over_gap gap_mean_days gap_sd_days gap_last_days gap_longest_days
sessions_30d sessions_13w sessions_total active_days_30d active_days_26w active_weeks consistency tenure_days
events_13w minutes_13w session_minutes_mean sessions_trend_30d sessions_trend_13w
orders_26w spend_26w basket_mean purchase_gap_mean_days features_used
"""

FEATURES: Final = frozenset(_MOST_TELLING.split())
"""A tree's cost grows with the features that it looks at, and chance splits on idle ones dilute it."""

_NODE_BYTES: Final = 3000
"""Of one node of River's, with the ranges of its features; measured."""


@compiled
def _learn_row(row, way, first, moments, z):  # type: ignore[no-untyped-def]
    learn_row(row, way, first, moments, z)


class Forest(CountingLearner):
    """Implements `Learner`; at most `NODES` nodes a tree, and one that River adds, some 8 MB."""

    kind: Final = "forest"

    def __init__(
        self,
        features: Sequence[Feature] = CATALOGUE,
        seed: int = 0,
        trees: int = TREES,
        nodes: int = NODES,
        step: float = 1.0,
    ) -> None:
        super().__init__(len(features))
        self._plan = plan_of(features, _chosen)
        self._moments = no_moments(self._plan.columns)
        entering = self._plan.way != IGNORED
        self._columns = self._plan.first[entering].tolist()
        self._forest: Any = AMFClassifier(n_estimators=trees, max_nodes=nodes, step=step, seed=seed)
        self._owed = 0.0

    def size_bytes(self) -> int:
        """See `Learner.size_bytes`; nodes are counted, and taken to weigh what they were measured to."""
        trees = getattr(self._forest, "data", [])
        return super().size_bytes() + _NODE_BYTES * sum(int(tree._n_nodes) for tree in trees)  # noqa: SLF001 River tells it nowhere else

    def scorer(self) -> ForestScorer | None:
        """See `Learner.scorer`."""
        if self.learned < MIN_LEARNED:
            return None
        return _flattened(self._forest, self._plan, self._moments.mean, self._moments.inverse)

    def _probabilities(self, x: Matrix) -> Vector:
        z = encode(x, self._plan, self._moments)[:, self._columns]
        ask = self._forest.predict_proba_one
        found = [ask(dict(zip(self._columns, row, strict=True))) for row in z.tolist()]
        return np.array([p.get(True, 0.0) for p in found])

    def _learn(self, x: Matrix, y: Vector, weights: Vector) -> None:
        """River's trees know no weights: an example is learned as often as its weight, and what is owed, say."""
        z = np.empty(self._plan.columns)
        for row, lost, weight in zip(x, y.tolist(), weights.tolist(), strict=True):
            _learn_row(row, self._plan.way, self._plan.first, self._moments, z)
            columns = dict(zip(self._columns, z[self._columns].tolist(), strict=True))
            self._owed += weight
            times = min(int(self._owed), REPEATS)
            self._owed = min(self._owed - times, 1.0)
            for _ in range(times):
                self._forest.learn_one(columns, lost > 0)


def _chosen(feature: Feature) -> bool:
    return feature.name in FEATURES or feature in SPARES


def _flattened(forest: Any, plan: Plan, mean: Vector, inverse: Vector) -> ForestScorer:
    rows: list[tuple[int, float, int, int, float, float]] = []
    roots = []
    for tree in getattr(forest, "data", []):
        roots.append(len(rows))
        index = {label: i for i, label in enumerate(tree._idx_to_class)}  # noqa: SLF001
        lost, classes = index.get(True, -1), len(index)
        waiting = [tree._root]  # noqa: SLF001
        while waiting:
            node = waiting.pop(0)
            p = node.predict(tree.dirichlet, classes)[lost] if lost >= 0 else 0.0
            if node.is_leaf:
                rows.append((-1, 0.0, -1, -1, 1.0, p))
                continue
            share = 0.5 * float(np.exp(node.weight - node.log_weight_tree))
            ahead = len(rows) + len(waiting) + 1
            rows.append((node.feature, node.threshold, ahead, ahead + 1, share, p))
            waiting += node.children
    names = ("column", "threshold", "left", "right", "share", "lost")
    whole = {"column", "left", "right"}
    arrays: Arrays = {
        name: np.array(values, np.int64 if name in whole else np.float64)
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    }
    return ForestScorer(arrays | {
        "way": plan.way.copy(), "first": plan.first.copy(), "mean": mean.copy(), "inverse": inverse.copy(),
        "roots": np.array(roots, np.int64),
    })  # fmt: skip
