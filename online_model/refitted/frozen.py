"""A refitted model as a contestant: it is scored like the others, and learns nothing."""

from typing import Final

import numpy as np

from online_model.learners.learner import Bools, Matrix, Vector, arrays_size
from online_model.refitted.scorer import RefittedScorer
from online_model.registry.manifest import Training

_MARK: Final = "~"


def name_of(kind: str, trained_until_ms: int) -> str:
    """Of the contestant: ``lightgbm~2024-05-01``, by the day of the last outcome that it knows."""
    return f"{kind}{_MARK}{np.datetime64(trained_until_ms, 'ms').astype('datetime64[D]')}"


def is_refitted(name: str) -> bool:
    """Whether a contestant of that name is a refitted model."""
    return _MARK in name


def kind_of(name: str) -> str:
    """Inverse of `name_of`, as far as the kind goes."""
    return name.partition(_MARK)[0]


class Frozen:
    """Implements `online_model.learners.learner.Learner`; a checkpoint holds all of it."""

    def __init__(self, scorer: RefittedScorer, candidate: str, training: Training, entered_ms: int) -> None:
        """
        Args:
            candidate: id of the version that it entered by.
            training: what that says of itself.
            entered_ms: event time from which on it is scored.
        """
        self._scorer = scorer
        self.candidate: Final = candidate
        self.training: Final = training
        self.entered_ms: Final = entered_ms

    @property
    def kind(self) -> str:
        """Of the model that was fitted."""
        return self.training.kind

    @property
    def learned(self) -> int:
        """Examples that it was fitted to."""
        return self.training.examples

    def predict_many(self, x: Matrix) -> Vector:
        """See `Learner.predict_many`."""
        return self._scorer.score(x)

    def learn_many(self, x: Matrix, lost: Bools, weights: Vector) -> None:
        """Nothing: what it is was settled when it was fitted."""

    def size_bytes(self) -> int:
        """See `Learner.size_bytes`."""
        return arrays_size(self._scorer.to_arrays())

    def scorer(self) -> RefittedScorer:
        """See `Learner.scorer`."""
        return self._scorer
