"""Follow the regularised leader, proximal, over quantile bins.

McMahan et al. 2013, "Ad click prediction: a view from the trenches", KDD: per-coordinate steps and sparse weights. A
feature's bins have weights of their own, so that its effect may bend.
"""

import math
from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np

from domain.catalogue import CATALOGUE, Feature
from online_model.learners.bins import FREEZE_AT, MILESTONES, Bins, bin_of, bins_of, bins_of_block
from online_model.learners.blocks import ROWS, take
from online_model.learners.compiled import compiled
from online_model.learners.encoder import IGNORED, plan_of
from online_model.learners.learner import MIN_LEARNED, Arrays, CountingLearner, Matrix, Vector, bounded
from online_model.learners.log_odds import probabilities, sigmoid

ALPHA: Final = 0.02
BETA: Final = 1.0
L1: Final = 0.5
L2: Final = 2.0


@compiled
def _weight(z, n, alpha, l1, l2):  # type: ignore[no-untyped-def]
    """The closed form of a coordinate's weight."""
    if abs(z) <= l1:
        return 0.0
    sign = 1.0 if z > 0.0 else -1.0
    return -(z - sign * l1) / ((BETA + math.sqrt(n)) / alpha + l2)


@compiled
def _move(z, n, at, g, w, alpha):  # type: ignore[no-untyped-def]
    sigma = (math.sqrt(n[at] + g * g) - math.sqrt(n[at])) / alpha
    z[at] += g - sigma * w
    n[at] += g * g


@compiled
def _learn(x, y, importance, way, first, edges, z, n, seen, alpha, l1, l2, at, w):  # type: ignore[no-untyped-def]
    """`z`, `n` have one place more than there are bins: the intercept, which is not regularised."""
    last = z.shape[0] - 1
    for i in range(x.shape[0]):
        intercept = _weight(z[last], n[last], alpha, 0.0, 0.0)
        log_odds = intercept
        for j in range(way.shape[0]):
            if way[j] == IGNORED:
                continue
            k = first[j] + bin_of(x[i, j], way[j], edges[j], first[j + 1] - first[j])
            at[j], w[j] = k, _weight(z[k], n[k], alpha, l1, l2)
            seen[k] += 1.0
            log_odds += w[j]
        g = (sigmoid(log_odds) - y[i]) * importance[i]
        _move(z, n, last, g, intercept, alpha)
        for j in range(way.shape[0]):
            if way[j] != IGNORED:
                _move(z, n, at[j], g, w[j], alpha)


@compiled
def _weights(z, n, alpha, l1, l2, out):  # type: ignore[no-untyped-def]
    last = z.shape[0] - 1
    for k in range(last):
        out[k] = _weight(z[k], n[k], alpha, l1, l2)
    out[last] = _weight(z[last], n[last], alpha, 0.0, 0.0)


@compiled
def _log_odds(x, live, way, first, edges, weights, base, out):  # type: ignore[no-untyped-def]
    raw, which = np.empty(ROWS), np.empty(ROWS, np.int64)
    for start in range(0, x.shape[0], ROWS):
        rows = min(ROWS, x.shape[0] - start)
        out[start : start + rows] = base
        for j in live:
            take(x, start, j, raw[:rows])
            bins_of_block(raw[:rows], way[j], edges[j], first[j + 1] - first[j], which[:rows])
            for r in range(rows):
                out[start + r] += weights[first[j] + which[r]]


@compiled
def _parts(x, live, way, first, edges, weights, out):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        for j in live:
            out[i, j] = weights[first[j] + bin_of(x[i, j], way[j], edges[j], first[j + 1] - first[j])]


class BinnedScorer:
    """Log-odds are a sum of one weight for each feature."""

    kind: ClassVar[str] = "binned"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: as of `to_arrays`; the weights stand around each feature's average so far.
        """
        self._arrays = arrays
        a = arrays
        self._terms = (a["live"], a["way"], a["first"], a["edges"], a["weights"])
        self._base = float(a["base"][0])

    def score(self, x: Matrix) -> Vector:
        """See `Scorer.score`."""
        return bounded(probabilities(self.log_odds(x)))

    def log_odds(self, x: Matrix) -> Vector:
        """Before they are bounded, shape (n,)."""
        out = np.empty(len(x))
        _log_odds(np.ascontiguousarray(x, np.float64), *self._terms, self._base, out)
        return out

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:
        """See `Scorer.contributions`. A part is relative to what the feature adds on average so far."""
        out = np.zeros(x.shape)
        _parts(np.ascontiguousarray(x, np.float64), *self._terms, out)
        return out, np.full(len(x), self._base)

    def to_arrays(self) -> Arrays:
        """See `Scorer.to_arrays`."""
        return self._arrays


class Ftrl(CountingLearner):
    """Implements `Learner`; until the bins are frozen it keeps 5,000 examples (5 MB), then some 30 kB."""

    kind: Final = "ftrl"

    def __init__(
        self,
        features: Sequence[Feature] = CATALOGUE,
        alpha: float = ALPHA,
        l1: float = L1,
        l2: float = L2,
    ) -> None:
        super().__init__(len(features))
        self._way = plan_of(features).way
        self._rates = (alpha, l1, l2)
        self._kept = np.zeros((FREEZE_AT, len(features) + 2))
        self._restart(bins_of(np.empty((0, len(features))), self._way))

    def scorer(self) -> BinnedScorer | None:
        """See `Learner.scorer`."""
        if self.learned < MIN_LEARNED:
            return None
        b, weights = self._bins, self._current()
        base = float(weights[-1])
        centred = weights[:-1].copy()
        live = []
        for j, kind in enumerate(b.way.tolist()):
            mine = slice(int(b.first[j]), int(b.first[j + 1]))
            if kind != IGNORED and np.any(centred[mine] != 0):
                average = float(centred[mine] @ self._seen[mine] / max(self._seen[mine].sum(), 1.0))
                centred[mine] -= average
                base += average
                live.append(j)
        return BinnedScorer({
            "live": np.array(live, np.int64), "way": b.way, "first": b.first, "edges": b.edges, "weights": centred,
            "base": np.array([base]),
        })  # fmt: skip

    def _restart(self, bins: Bins) -> None:
        self._bins = bins
        self._z = np.zeros(bins.total + 1)
        self._n = np.zeros(bins.total + 1)
        self._seen = np.zeros(bins.total)

    def _current(self) -> Vector:
        out = np.empty(len(self._z))
        _weights(self._z, self._n, *self._rates, out)
        return out

    def _probabilities(self, x: Matrix) -> Vector:
        b, weights = self._bins, self._current()
        live = np.flatnonzero(b.way != IGNORED)
        out = np.empty(len(x))
        _log_odds(x, live, b.way, b.first, b.edges, weights[:-1], float(weights[-1]), out)
        return probabilities(out)

    def _learn(self, x: Matrix, y: Vector, weights: Vector) -> None:
        at = 0
        while at < len(x):
            known = self.learned + at
            milestone = next((m for m in MILESTONES if m > known), None)
            if milestone is None:
                self._follow(x[at:], y[at:], weights[at:])
                return
            count = min(len(x) - at, milestone - known)
            part = slice(at, at + count)
            self._kept[known : known + count] = np.column_stack([x[part], y[part], weights[part]])
            if known + count < milestone:
                self._follow(x[part], y[part], weights[part])
            else:
                self._again(milestone)
            at += count

    def _again(self, milestone: int) -> None:
        """Learn all examples so far with bins made of them."""
        kept = self._kept[:milestone]
        x = np.ascontiguousarray(kept[:, :-2])
        self._restart(bins_of(x, self._way))
        self._follow(x, kept[:, -2].copy(), kept[:, -1].copy())
        if milestone == FREEZE_AT:
            self._kept = self._kept[:0].copy()

    def _follow(self, x: Matrix, y: Vector, weights: Vector) -> None:
        b = self._bins
        _learn(
            x, y, weights, b.way, b.first, b.edges, self._z, self._n, self._seen, *self._rates,
            np.empty(self._features, np.int64), np.empty(self._features),
        )  # fmt: skip
