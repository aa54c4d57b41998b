"""Logistic regression with AdaGrad: every weight has a step of its own, which shrinks with what it has moved.

Duchi, Hazan, Singer 2011, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12.
As River's ``LogisticRegression(AdaGrad(rate), l2=l2)`` over the encoder's columns, its intercept by plain descent.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from domain.catalogue import CATALOGUE, Feature
from online_model.learners.compiled import compiled
from online_model.learners.encoder import encode, learn_row, no_moments, plan_of
from online_model.learners.learner import MIN_LEARNED, CountingLearner, Matrix, Vector
from online_model.learners.linear import LinearScorer, folded
from online_model.learners.log_odds import sigmoid

RATE: Final = 0.02
L2: Final = 0.0
INTERCEPT_RATE: Final = 0.01

_EPSILON: Final = 1e-8


@compiled
def dot(a, b):  # type: ignore[no-untyped-def]
    """Sum of products, from left to right."""
    total = 0.0
    for k in range(a.shape[0]):
        total += a[k] * b[k]
    return total


@compiled
def _learn(x, y, importance, way, first, moments, w, squares, intercept, rate, l2, z):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        learn_row(x[i], way, first, moments, z)
        gradient = (sigmoid(dot(w, z) + intercept[0]) - y[i]) * importance[i]
        intercept[0] -= INTERCEPT_RATE * gradient
        for k in range(w.shape[0]):
            g = gradient * z[k] + l2 * w[k]
            squares[k] += g * g
            w[k] -= rate / math.sqrt(squares[k] + _EPSILON) * g


@compiled
def predict(z, w, intercept, out):  # type: ignore[no-untyped-def]
    """Probabilities of encoded rows; `intercept` is the first of an array."""
    for i in range(z.shape[0]):
        out[i] = sigmoid(dot(w, z[i]) + intercept[0])


class Logistic(CountingLearner):
    """Implements `Learner`; a few kilobytes."""

    kind: Final = "logistic"

    def __init__(self, features: Sequence[Feature] = CATALOGUE, rate: float = RATE, l2: float = L2) -> None:
        super().__init__(len(features))
        self._rate, self._l2 = rate, l2
        self._plan = plan_of(features)
        self._moments = no_moments(self._plan.columns)
        self._weights = np.zeros(self._plan.columns)
        self._squares = np.zeros(self._plan.columns)
        self._intercept = np.zeros(1)

    def scorer(self) -> LinearScorer | None:
        """See `Learner.scorer`."""
        if self.learned < MIN_LEARNED:
            return None
        return folded(self._plan, self._moments, self._weights, float(self._intercept[0]))

    def _probabilities(self, x: Matrix) -> Vector:
        out = np.empty(len(x))
        predict(encode(x, self._plan, self._moments), self._weights, self._intercept, out)
        return out

    def _learn(self, x: Matrix, y: Vector, weights: Vector) -> None:
        _learn(
            x, y, weights, self._plan.way, self._plan.first, self._moments, self._weights, self._squares,
            self._intercept, self._rate, self._l2, np.empty(self._plan.columns),
        )  # fmt: skip
