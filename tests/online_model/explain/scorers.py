"""Two small scorers: one whose log-odds are a sum over features, one whose are not."""

from typing import ClassVar

import numpy as np

from domain.labels import FEATURES
from online_model.learners.learner import Arrays, Matrix, NotAdditiveError, Vector


class Sum:
    """Log-odds are ``base + weights · x``, unknown counting as 0."""

    kind: ClassVar[str] = "sum"

    def __init__(self, weights: Vector, base: float = -0.5) -> None:
        self.weights = weights
        self.base = base

    def score(self, x: Matrix) -> Vector:
        z = self.base + np.nan_to_num(x) @ self.weights
        odds: Vector = 1 / (1 + np.exp(-z))
        return odds

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:
        return np.nan_to_num(x) * self.weights, np.full(len(x), self.base)

    def to_arrays(self) -> Arrays:
        return {"weights": self.weights}


class Product(Sum):
    """A sum, and a product of the first two features on top."""

    kind: ClassVar[str] = "product"

    def score(self, x: Matrix) -> Vector:
        known = np.nan_to_num(x)
        z = self.base + known @ self.weights + known[:, 0] * known[:, 1]
        odds: Vector = 1 / (1 + np.exp(-z))
        return odds

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:
        raise NotAdditiveError("a product is no sum")


def some_weights(seed: int) -> Vector:
    """Of all features."""
    return np.random.default_rng(seed).normal(0, 0.1, FEATURES)
