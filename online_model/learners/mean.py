"""The plain mean of several learners' probabilities, and how its log-odds divide among the features.

The mean of sums is a sum in probabilities, not in log-odds. Let member m have the base b_m and parts c_mj, and let

    g(t) = log-odds of the mean over m of sigmoid(b_m + t · Σ_j c_mj),    t from 0 to 1,

then g(0) is the base, and feature j gets ∫ Σ_m ∂g/∂s_m · c_mj dt. These add up to g(1) − g(0): the Aumann–Shapley
shares (Aumann, Shapley 1974, "Values of non-atomic games"; as attributions: Sundararajan, Taly, Yan 2017, "Axiomatic
attribution for deep networks"). One member, or equal members, get their own parts back. The integral is a Gauss sum,
whose tiny remainder is spread by size, so that the sum is exact. Log-odds are those before probabilities are bounded.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np
from scipy.special import log_expit, logsumexp

from online_model.learners.learner import (
    Arrays,
    Bools,
    Learner,
    Matrix,
    Scorer,
    Vector,
    bounded,
)
from online_model.learners.wide import WideScorer, WideStack

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_TIMES: Final = (_NODES + 1.0) / 2.0
_SHARES: Final = _WEIGHTS / 2.0


class MeanScorer:
    """Scores with all members."""

    kind: ClassVar[str] = "mean"

    def __init__(self, members: Sequence[Scorer]) -> None:
        """
        Raises:
            ValueError: there are none.
        """
        if not members:
            raise ValueError("a mean of no scorers")
        self._members = tuple(members)
        wide = [m for m in members if isinstance(m, WideScorer)]
        self._stack = WideStack(wide) if len(wide) > 1 else None
        self._others = [m for m in members if self._stack is None or not isinstance(m, WideScorer)]

    def score(self, x: Matrix) -> Vector:
        """See `Scorer.score`."""
        found = [] if self._stack is None else self._stack.score(x)
        return _mean([*found, *(m.score(x) for m in self._others)])

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:
        """See `Scorer.contributions`.

        Raises:
            NotAdditiveError: a member's log-odds are no sum over features.
        """
        parts, bases = zip(*(m.contributions(x) for m in self._members), strict=True)
        base = np.stack(bases)  # (members, n)
        total = np.stack([p.sum(axis=1) for p in parts])
        pulls = np.zeros_like(base)
        for time, share in zip(_TIMES, _SHARES, strict=True):
            pulls += share * _slopes(base + time * total)
        found = sum(pull[:, None] * part for pull, part in zip(pulls, parts, strict=True))
        start, end = _together(base), _together(base + total)
        return _exact(np.asarray(found), end - start), start

    def to_arrays(self) -> Arrays:
        """See `Scorer.to_arrays`; members' arrays are named ``<number>/<name>``."""
        found: Arrays = {"members": np.array([m.kind for m in self._members])}
        for i, member in enumerate(self._members):
            found |= {f"{i}/{name}": array for name, array in member.to_arrays().items()}
        return found


class Mean:
    """Implements `Learner` as a view on members that learn by themselves."""

    kind: Final = "mean"

    def __init__(self, members: Sequence[Learner]) -> None:
        """
        Raises:
            ValueError: there are no members.
        """
        if not members:
            raise ValueError("a mean of no learners")
        self._members = tuple(members)

    @property
    def learned(self) -> int:
        """By the member that has learned least."""
        return min(m.learned for m in self._members)

    def predict_many(self, x: Matrix) -> Vector:
        """See `Learner.predict_many`."""
        return _mean([m.predict_many(x) for m in self._members])

    def learn_many(self, x: Matrix, lost: Bools, weights: Vector) -> None:  # noqa: ARG002 the protocol's
        """Never to be called.

        Raises:
            TypeError: always, since members would learn twice.
        """
        raise TypeError("a mean does not learn: its members do, each once")

    def size_bytes(self) -> int:
        """Nothing beyond its members, which count themselves."""
        return 0

    def scorer(self) -> MeanScorer | None:
        """See `Learner.scorer`; None as long as a member has none."""
        found = [s for m in self._members if (s := m.scorer()) is not None]
        return MeanScorer(found) if len(found) == len(self._members) else None


def _mean(found: Sequence[Vector]) -> Vector:
    total = found[0].copy()
    for probabilities in found[1:]:
        total += probabilities
    return bounded(total / len(found))


def _log_mean(log_odds: Matrix) -> Vector:
    """Logarithm of the mean over members of sigmoid(log_odds), shape (members, n) to (n,)."""
    return np.asarray(logsumexp(log_expit(log_odds), axis=0) - np.log(len(log_odds)))


def _together(log_odds: Matrix) -> Vector:
    """Log-odds of the mean probability, without rounding near 0 and 1."""
    return _log_mean(log_odds) - _log_mean(-log_odds)


def _slopes(log_odds: Matrix) -> Matrix:
    """Derivative of `_together` in each member's log-odds, shape (members, n)."""
    own = log_expit(log_odds) + log_expit(-log_odds) - np.log(len(log_odds))
    return np.asarray(np.exp(own - _log_mean(log_odds) - _log_mean(-log_odds)))


def _exact(parts: Matrix, sums: Vector) -> Matrix:
    """Parts whose rows add up to `sums`; what is missing is spread by size."""
    sizes = np.abs(parts)
    whole = np.maximum(sizes.sum(axis=1), np.finfo(np.float64).tiny)
    missing = sums - parts.sum(axis=1)
    return np.asarray(parts + sizes / whole[:, None] * missing[:, None])
