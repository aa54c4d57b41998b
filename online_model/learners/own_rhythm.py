"""The baseline from the feature vector: the formula of `online_model.own_rhythm`, with a mean gap that is learned."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from domain.catalogue import CATALOGUE, INDEX, Feature
from domain.compiled import compiler
from online_model.learners.compiled import compiled
from online_model.learners.learner import Arrays, CountingLearner, Matrix, NotAdditiveError, Vector, bounded
from online_model.own_rhythm import risk_of

# the cache must notice a changed formula too, which lies in the folder above
_compiled = compiler(Path(__file__).parent.parent, error_model="numpy")

_PRIOR_GAPS: Final = 10.0
_PRIOR_GAP_DAYS: Final = 3.0
_SHORTEST_DAYS: Final = 0.01
_DAY_MS: Final = 86_400_000.0
_NEEDED: Final = ("sessions_total", "gap_mean_days", "days_since_last_session")


@_compiled
def _risks(x, at, mean_gap, horizon, fallback, out):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        sessions, gap, silence = x[i, at[0]], x[i, at[1]], x[i, at[2]]
        if not (1.0 <= sessions < 1e9 and 0.0 <= silence < 1e9):
            out[i] = fallback
            continue
        last = (sessions - 1.0) * gap if 0.0 <= gap < 1e9 else 0.0
        out[i] = risk_of(sessions - 1.0, last, last + silence, mean_gap, horizon)


@compiled
def _learn(x, at, importance, sums):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        gaps, gap = x[i, at[0]] - 1.0, x[i, at[1]]
        if 1.0 <= gaps < 1e9 and 0.0 <= gap < 1e9:
            sums[0] += importance[i] * gaps
            sums[1] += importance[i] * gaps * gap


class OwnRhythmScorer:
    """The formula with the mean gap of one moment."""

    kind: ClassVar[str] = "own_rhythm"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: `at`, the columns of sessions, mean gap and silence; `numbers`, the population's mean gap (days),
                the horizon (days), and the risk of users of whom nothing is known.
        """
        self._arrays = arrays
        self._at = arrays["at"]
        self._mean_gap, self._horizon, self._fallback = arrays["numbers"].tolist()

    def score(self, x: Matrix) -> Vector:
        """See `Scorer.score`."""
        out = np.empty(len(x))
        x = np.ascontiguousarray(x, np.float64)
        _risks(x, self._at, self._mean_gap, self._horizon, self._fallback, out)
        return bounded(out)

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:  # noqa: ARG002 the protocol's
        """See `Scorer.contributions`."""
        raise NotAdditiveError("the own rhythm's log-odds are no sum over features")

    def to_arrays(self) -> Arrays:
        """See `Scorer.to_arrays`."""
        return self._arrays


def formula(mean_gap_days: float, horizon_ms: int) -> Arrays:
    """The baseline's own: arrays of a scorer for the catalogue's features; 0.5 of whom nothing is known."""
    at = np.array([INDEX[name] for name in _NEEDED], np.int64)
    return {"at": at, "numbers": np.array([mean_gap_days, horizon_ms / _DAY_MS, 0.5])}


class OwnRhythm(CountingLearner):
    """Implements `Learner`; a few numbers. It has a scorer from the beginning."""

    kind: Final = "own_rhythm"

    def __init__(self, horizon_ms: int, features: Sequence[Feature] = CATALOGUE) -> None:
        """
        Args:
            horizon_ms: as in the settings of facts.
        """
        super().__init__(len(features))
        self._horizon = horizon_ms / _DAY_MS
        names = [f.name for f in features]
        self._at: npt.NDArray[np.int64] = np.array([names.index(n) for n in _NEEDED], np.int64)
        self._sums = np.array([_PRIOR_GAPS, _PRIOR_GAPS * _PRIOR_GAP_DAYS])

    def predict_many(self, x: Matrix) -> Vector:
        """See `Learner.predict_many`: the formula needs no examples."""
        return self._probabilities(self._checked(x))

    def scorer(self) -> OwnRhythmScorer:
        """See `Learner.scorer`."""
        gaps, days = self._sums.tolist()
        numbers = np.array([max(days / gaps, _SHORTEST_DAYS), self._horizon, self.base_rate()])
        return OwnRhythmScorer({"at": self._at, "numbers": numbers})

    def _probabilities(self, x: Matrix) -> Vector:
        return self.scorer().score(x)

    def _learn(self, x: Matrix, y: Vector, weights: Vector) -> None:  # noqa: ARG002 the gaps alone are learned
        _learn(x, self._at, weights, self._sums)
