"""A reference, not a contestant: who has been silent longer is more at risk, and nothing else counts."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from domain.catalogue import CATALOGUE, Feature
from online_model.learners.learner import CountingLearner, Matrix, Vector


class Recency(CountingLearner):
    """Ranks by silence; its probabilities mean no more than that."""

    kind: Final = "recency"

    def __init__(self, features: Sequence[Feature] = CATALOGUE) -> None:
        super().__init__(len(features))
        self._silence = [f.name for f in features].index("days_since_last_session")

    def predict_many(self, x: Matrix) -> Vector:
        """d / (d + 30) of d days of silence, shape (n,)."""
        return self._probabilities(self._checked(x))

    def scorer(self) -> None:
        """None: it never serves."""

    def _probabilities(self, x: Matrix) -> Vector:
        days = np.clip(np.nan_to_num(x[:, self._silence], nan=0.0), 0.0, 1e9)
        return np.asarray(days / (days + 30.0))

    def _learn(self, x: Matrix, y: Vector, weights: Vector) -> None:
        """Nothing."""
