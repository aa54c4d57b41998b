"""What a score is made of, feature by feature, in log-odds."""

import math
from typing import Final, NamedTuple

import numpy as np

from domain.labels import FEATURES
from online_model.learners.learner import Matrix, Vector

_LEAST: Final = 2.0**-53


class Attribution(NamedTuple):
    """``base + parts.sum()`` is the user's log-odds."""

    parts: Vector
    """By feature of the catalogue, shape (features,); positive raises the risk."""
    base: float
    """Log-odds that the parts are added to: of a user like the average."""
    errors: Vector
    """Standard error of each part; 0 where the parts are exact."""


def exact(parts: Vector, base: float) -> Attribution:
    """Of a scorer that says its parts: one row of `Scorer.contributions`."""
    return Attribution(parts, base, np.zeros(FEATURES))


def odds_of(probability: float) -> float:
    """Log-odds of one probability; 0 and 1, which sums of many small terms may reach, count as the nearest double."""
    kept = min(max(probability, _LEAST), 1.0 - _LEAST)
    return math.log(kept) - math.log1p(-kept)


def log_odds(probabilities: Vector) -> Vector:
    """Of probabilities within (0, 1)."""
    return np.log(probabilities) - np.log1p(-probabilities)


def checked(x: Matrix) -> Matrix:
    """Raw features as doubles in rows.

    Raises:
        ValueError: not as many columns as the catalogue has features.
    """
    x = np.atleast_2d(np.asarray(x, np.float64))
    if x.shape[1] != FEATURES:
        raise ValueError(f"a matrix of shape {x.shape}, where rows of {FEATURES} features are explained")
    return x
