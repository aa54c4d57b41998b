"""A small version, as tests publish it."""

from collections.abc import Callable

import numpy as np
from river import linear_model

from online_model.registry.manifest import Training
from online_model.registry.registry import Registry

KEY = b"a key of the tests, long enough"
ARRAYS = {
    "weights": np.array([0.1, -0.0, np.nan, 5e-324, 1 / 3]),
    "edges": np.arange(12, dtype=np.int16).reshape(3, 4),
    "names": np.array(["plan", "größe"]),
}
Trained = Callable[..., Training]


def learner(rows: int = 5) -> linear_model.LogisticRegression:
    """A model of River that has learned something."""
    model = linear_model.LogisticRegression()
    for row in range(rows):
        model.learn_one({"x": float(row)}, row % 2 == 0)
    return model


def publish(registry: Registry, training: Training) -> str:
    return registry.publish(training, ARRAYS, learner()).version
