"""What a learner is, and what they have in common: checks, counting, and what to say before they know anything."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Final, Protocol

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
"""Raw features, shape (n, features), in the order of the catalogue; NaN is unknown."""
Vector = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Arrays = dict[str, npt.NDArray[Any]]

MIN_LEARNED: Final = 50
"""Below so many examples a learner knows but the base rate: it has no scorer, and as a contestant it says nothing."""
SMALLEST: Final = 1e-6
"""Probabilities stay within [SMALLEST, 1 - SMALLEST]: one sure mistake must not outweigh everything else."""


class NotAdditiveError(TypeError):
    """The learner's log-odds are no sum over features; ask for sampled Shapley values."""


class Scorer(Protocol):
    """What serves: the immutable, compiled form of a learner at one moment."""

    kind: ClassVar[str]

    def score(self, x: Matrix) -> Vector:
        """Probability of loss of each row, shape (n,), as `Learner.predict_many` said within 1e-9."""

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:
        """Log-odds that each feature adds, shape (n, features), and what they are added to, shape (n,).

        Raises:
            NotAdditiveError: the log-odds are no such sum.
        """

    def to_arrays(self) -> Arrays:
        """All that `scorers.from_arrays` needs."""


class Learner(Protocol):
    """Learns settled examples in their order. Can be pickled; deterministic, given its seed."""

    @property
    def kind(self) -> str:
        """One of `line_up.KINDS`, or of a refitted model."""

    @property
    def learned(self) -> int:
        """Examples learned so far."""

    def predict_many(self, x: Matrix) -> Vector:
        """Probability of loss of each row, shape (n,); changes nothing."""

    def learn_many(self, x: Matrix, lost: Bools, weights: Vector) -> None:
        """Learn rows, bit for bit as one after the other; those of weight 0 are passed over."""

    def size_bytes(self) -> int:
        """Memory of the state; each kind has an upper end."""

    def scorer(self) -> Scorer | None:
        """What serves from now on, untouched by further learning; None where it has learned too little."""


def bounded(probabilities: Vector) -> Vector:
    """Within [SMALLEST, 1 - SMALLEST]; what is no number becomes 0.5."""
    known = np.where(np.isnan(probabilities), 0.5, probabilities)
    return np.minimum(np.maximum(known, SMALLEST), 1.0 - SMALLEST)


class CountingLearner(ABC):
    """The common part of `Learner`: what is learned is checked and counted here."""

    def __init__(self, features: int) -> None:
        """
        Args:
            features: columns of the raw matrix.
        """
        self.learned = 0
        self._features = features
        self._weight = 0.0
        self._lost = 0.0

    def predict_many(self, x: Matrix) -> Vector:
        """See `Learner.predict_many`.

        Raises:
            ValueError: `x` has another number of columns.
        """
        x = self._checked(x)
        if self.learned < MIN_LEARNED:
            return np.full(len(x), self.base_rate())
        return bounded(self._probabilities(x))

    def learn_many(self, x: Matrix, lost: Bools, weights: Vector) -> None:
        """See `Learner.learn_many`.

        Raises:
            ValueError: lengths differ, `x` has another number of columns, or a weight is negative or no number.
        """
        x = self._checked(x)
        lost, weights = np.asarray(lost, np.bool_), np.asarray(weights, np.float64)
        if lost.shape != (len(x),) or weights.shape != (len(x),):
            raise ValueError(f"{len(x)} rows with {lost.shape} outcomes and {weights.shape} weights")
        if not np.all((weights >= 0) & np.isfinite(weights)):
            raise ValueError("weights must be finite and not negative")
        taken = weights > 0
        if not taken.any():
            return
        x, y, weights = x[taken], lost[taken].astype(np.float64), weights[taken]
        self._learn(x, y, weights)
        self.learned += len(x)
        for outcome, weight in zip(y.tolist(), weights.tolist(), strict=True):
            self._weight += weight  # one after the other: numpy sums a batch in another order
            self._lost += weight * outcome

    def base_rate(self) -> float:
        """Share of losses so far, of two more users of whom one was lost."""
        return (self._lost + 1.0) / (self._weight + 2.0)

    def size_bytes(self) -> int:
        """See `Learner.size_bytes`."""
        return arrays_size(vars(self))

    def _checked(self, x: Matrix) -> Matrix:
        x = np.ascontiguousarray(x, np.float64)
        if x.ndim != 2 or x.shape[1] != self._features:
            raise ValueError(
                f"a matrix of shape {x.shape}, where rows of {self._features} features are learned"
            )
        return x

    @abstractmethod
    def _probabilities(self, x: Matrix) -> Vector:
        """Of rows, once enough was learned."""

    @abstractmethod
    def _learn(self, x: Matrix, y: Vector, weights: Vector) -> None:
        """At least one row; `y` is 1 for the lost."""


def arrays_size(value: Any) -> int:
    """Bytes of all arrays in nested containers."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, dict):
        return sum(map(arrays_size, value.values()))
    if isinstance(value, tuple | list):
        return sum(map(arrays_size, value))
    return 0
