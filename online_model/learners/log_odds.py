"""Between log-odds and probabilities."""

import math

import numpy as np
import numpy.typing as npt

from online_model.learners.compiled import compiled

Vector = npt.NDArray[np.float64]


@compiled
def sigmoid(log_odds):  # type: ignore[no-untyped-def]
    """1 / (1 + e⁻ˣ) without overflow."""
    return 1.0 / (1.0 + math.exp(-min(max(log_odds, -700.0), 700.0)))


@compiled
def _probabilities(log_odds, out):  # type: ignore[no-untyped-def]
    for i in range(log_odds.shape[0]):
        out[i] = sigmoid(log_odds[i])


def probabilities(log_odds: Vector) -> Vector:
    """Of each, the same bits in any batch, shape (n,)."""
    out = np.empty(len(log_odds))
    _probabilities(log_odds, out)
    return out
