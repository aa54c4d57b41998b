"""A small neural network: one hidden layer of tanh units over the encoder's columns, each weight with AdaGrad's step.

The first layer starts at random values (Glorot, Bengio 2010), the second at 0, so that it begins by saying the base
rate. Columns that are 0 move nothing, so those that never vary cost nothing.
"""

import math
from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np

from domain.catalogue import CATALOGUE, Feature
from online_model.learners.blocks import ROWS, take, transform, workspace
from online_model.learners.compiled import compiled
from online_model.learners.elementary import tanhs
from online_model.learners.encoder import (
    CLIP,
    CODE,
    CODE_BUCKETS,
    IGNORED,
    MONTH,
    MONTH_BUCKETS,
    Moments,
    Plan,
    bucket_of,
    encode,
    learn_row,
    no_moments,
    plan_of,
)
from online_model.learners.learner import (
    MIN_LEARNED,
    Arrays,
    CountingLearner,
    Matrix,
    NotAdditiveError,
    Vector,
    bounded,
)
from online_model.learners.log_odds import sigmoid

HIDDEN: Final = 16
RATE: Final = 0.02
L2: Final = 1e-5

_EPSILON: Final = 1e-8


@compiled
def _activate(z, inner, hidden):  # type: ignore[no-untyped-def]
    """Outputs of the hidden units; the last row of `inner` is their bias."""
    columns = z.shape[0]
    for h in range(hidden.shape[0]):
        hidden[h] = inner[columns, h]
    for c in range(columns):
        if z[c] != 0.0:
            for h in range(hidden.shape[0]):
                hidden[h] += z[c] * inner[c, h]
    for h in range(hidden.shape[0]):
        hidden[h] = math.tanh(hidden[h])


@compiled
def _out(hidden, outer):  # type: ignore[no-untyped-def]
    total = outer[hidden.shape[0]]
    for h in range(hidden.shape[0]):
        total += hidden[h] * outer[h]
    return total


@compiled
def _learn(  # type: ignore[no-untyped-def]
    x, y, importance, way, first, moments, inner, inner_squares, outer, outer_squares, rate, l2, z, hidden, back
):  # fmt: skip
    units, columns = hidden.shape[0], z.shape[0]
    for i in range(x.shape[0]):
        learn_row(x[i], way, first, moments, z)
        _activate(z, inner, hidden)
        gradient = (sigmoid(_out(hidden, outer)) - y[i]) * importance[i]
        for h in range(units):
            back[h] = gradient * outer[h] * (1.0 - hidden[h] * hidden[h])
            g = gradient * hidden[h] + l2 * outer[h]
            outer_squares[h] += g * g
            outer[h] -= rate / math.sqrt(outer_squares[h] + _EPSILON) * g
        outer_squares[units] += gradient * gradient
        outer[units] -= rate / math.sqrt(outer_squares[units] + _EPSILON) * gradient
        for c in range(columns + 1):
            value = 1.0 if c == columns else z[c]
            if value == 0.0:
                continue
            for h in range(units):
                g = back[h] * value + l2 * inner[c, h]
                inner_squares[c, h] += g * g
                inner[c, h] -= rate / math.sqrt(inner_squares[c, h] + _EPSILON) * g


@compiled
def _predict(z, inner, outer, hidden, out):  # type: ignore[no-untyped-def]
    for i in range(z.shape[0]):
        _activate(z[i], inner, hidden)
        out[i] = sigmoid(_out(hidden, outer))


@compiled
def _score(x, live, way, mean, inverse, weight, unknown, buckets, bias, outer, work, bits, out):  # type: ignore[no-untyped-def]
    units = bias.shape[0]
    hidden = np.empty((units, ROWS))
    for start in range(0, x.shape[0], ROWS):
        rows = min(ROWS, x.shape[0] - start)
        for h in range(units):
            hidden[h, :rows] = bias[h]
        for a in range(live.shape[0]):
            j = live[a]
            take(x, start, j, work[0, :rows])
            if way[j] in (CODE, MONTH):
                for r in range(rows):
                    bucket = bucket_of(work[0, r], way[j])
                    for h in range(units):
                        hidden[h, r] += buckets[a, bucket, h]
                continue
            transform(way[j], work, bits, rows)
            _standardised(work[1, :rows], mean[a], inverse[a], work[2, :rows], work[3, :rows])
            for h in range(units):
                _add(work[2, :rows], work[3, :rows], weight[a, h], unknown[a, h], hidden[h, :rows])
        for r in range(rows):
            out[start + r] = outer[units]
        for h in range(units):
            tanhs(hidden[h, :rows], work[2, :rows], bits[2, :rows], work[3, :rows])
            for r in range(rows):
                out[start + r] += work[3, r] * outer[h]
        for r in range(rows):
            out[start + r] = sigmoid(out[start + r])


@compiled
def _standardised(t, mean, inverse, value, missing):  # type: ignore[no-untyped-def]
    for r in range(t.shape[0]):
        known = t[r] == t[r]
        value[r] = min(max((t[r] - mean) * inverse, -CLIP), CLIP) if known else 0.0
        missing[r] = 0.0 if known else 1.0


@compiled
def _add(value, missing, weight, unknown, hidden):  # type: ignore[no-untyped-def]
    for r in range(value.shape[0]):
        hidden[r] += value[r] * weight + missing[r] * unknown


class NetworkScorer:
    """The network with the encoding folded into its first layer."""

    kind: ClassVar[str] = "network"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: as of `to_arrays`; `way` by feature, the others by live feature.
        """
        self._arrays = arrays
        names = ("live", "way", "mean", "inverse", "weight", "unknown", "buckets", "bias", "outer")
        self._terms = tuple(arrays[name] for name in names)

    def score(self, x: Matrix) -> Vector:
        """See `Scorer.score`."""
        out = np.empty(len(x))
        _score(np.ascontiguousarray(x, np.float64), *self._terms, *workspace(), out)
        return bounded(out)

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:  # noqa: ARG002 the protocol's
        """See `Scorer.contributions`."""
        raise NotAdditiveError("a network's log-odds are no sum over features")

    def to_arrays(self) -> Arrays:
        """See `Scorer.to_arrays`."""
        return self._arrays


def _folded(plan: Plan, moments: Moments, inner: Matrix, outer: Vector) -> NetworkScorer:
    off = np.clip((0.0 - moments.mean) * moments.inverse, -CLIP, CLIP)[:, None] * inner[:-1]
    on = np.clip((1.0 - moments.mean) * moments.inverse, -CLIP, CLIP)[:, None] * inner[:-1]
    varies = moments.inverse > 0
    bias = inner[-1].copy()
    rows: list[tuple[int, float, float, Vector, Vector, Matrix]] = []
    units = inner.shape[1]
    for j, (way, k) in enumerate(zip(plan.way.tolist(), plan.first.tolist(), strict=True)):
        zero = np.zeros(units)
        buckets = np.zeros((MONTH_BUCKETS + 1, units))
        if way in (CODE, MONTH):
            width = CODE_BUCKETS if way == CODE else MONTH_BUCKETS
            columns = slice(k, k + width)
            if varies[columns].any():
                bias += off[columns].sum(axis=0)
                buckets[:width] = on[columns] - off[columns]
                rows.append((j, 0.0, 0.0, zero, zero, buckets))
        elif way != IGNORED and varies[k : k + 2].any():
            bias += off[k + 1]
            live = inner[k] if varies[k] else zero
            rows.append((j, moments.mean[k], moments.inverse[k], live, on[k + 1] - off[k + 1], buckets))
    names = ("live", "mean", "inverse", "weight", "unknown", "buckets")
    shapes = ((0,), (0,), (0,), (0, units), (0, units), (0, MONTH_BUCKETS + 1, units))
    arrays: Arrays = {
        name: np.array(column) if rows else np.empty(shape)
        for name, column, shape in zip(
            names, zip(*rows, strict=True) if rows else [()] * 6, shapes, strict=True
        )
    }
    arrays["live"] = arrays["live"].astype(np.int64)
    return NetworkScorer(arrays | {"way": plan.way.copy(), "bias": bias, "outer": outer.copy()})


class Network(CountingLearner):
    """Implements `Learner`; some 60 kB."""

    kind: Final = "network"

    def __init__(
        self,
        features: Sequence[Feature] = CATALOGUE,
        seed: int = 0,
        hidden: int = HIDDEN,
        rate: float = RATE,
        l2: float = L2,
    ) -> None:
        super().__init__(len(features))
        self._rate, self._l2 = rate, l2
        self._plan = plan_of(features)
        columns = self._plan.columns
        self._moments = no_moments(columns)
        bound = math.sqrt(6.0 / (columns + hidden))
        self._inner = np.random.default_rng(seed).uniform(-bound, bound, (columns + 1, hidden))
        self._inner[-1] = 0.0
        self._inner_squares = np.zeros_like(self._inner)
        self._outer = np.zeros(hidden + 1)
        self._outer_squares = np.zeros(hidden + 1)

    def scorer(self) -> NetworkScorer | None:
        """See `Learner.scorer`."""
        if self.learned < MIN_LEARNED:
            return None
        return _folded(self._plan, self._moments, self._inner, self._outer)

    def _probabilities(self, x: Matrix) -> Vector:
        out = np.empty(len(x))
        hidden = np.empty(self._inner.shape[1])
        _predict(encode(x, self._plan, self._moments), self._inner, self._outer, hidden, out)
        return out

    def _learn(self, x: Matrix, y: Vector, weights: Vector) -> None:
        units = self._inner.shape[1]
        _learn(
            x, y, weights, self._plan.way, self._plan.first, self._moments, self._inner, self._inner_squares,
            self._outer, self._outer_squares, self._rate, self._l2, np.empty(self._plan.columns),
            np.empty(units), np.empty(units),
        )  # fmt: skip
