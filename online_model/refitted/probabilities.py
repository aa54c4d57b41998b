"""From margins to probabilities, as calibration has found them."""

from typing import NamedTuple

import numpy as np

from online_model.learners.learner import Arrays, Vector, bounded
from online_model.learners.log_odds import probabilities


class Platt(NamedTuple):
    """A logistic curve (Platt 1999, "Probabilistic outputs for support vector machines")."""

    slope: float
    intercept: float
    name: str = "platt"

    def __call__(self, margins: Vector) -> Vector:
        """Probabilities."""
        return bounded(probabilities(self.slope * margins + self.intercept))

    def to_arrays(self) -> Arrays:
        """Inverse of `calibration_of`."""
        return {"line": np.array([self.slope, self.intercept])}


class Isotonic(NamedTuple):
    """Steps that only rise, straight between them (Zadrozny and Elkan 2002)."""

    margins: Vector
    shares: Vector
    name: str = "isotonic"

    def __call__(self, margins: Vector) -> Vector:
        """Probabilities."""
        return bounded(np.interp(margins, self.margins, self.shares))

    def to_arrays(self) -> Arrays:
        """Inverse of `calibration_of`."""
        return {"knots": np.array([self.margins, self.shares])}


Calibration = Platt | Isotonic


def calibration_of(arrays: Arrays) -> Calibration:
    """From `to_arrays` of either.

    Raises:
        KeyError: neither is there.
    """
    if "knots" in arrays:
        return Isotonic(*arrays["knots"])
    slope, intercept = arrays["line"].tolist()
    return Platt(slope, intercept)
