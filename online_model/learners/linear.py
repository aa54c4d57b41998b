"""The scorer of learners that are linear in the encoder's columns: encoding and weights folded into one sum."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from online_model.learners.compiled import compiled
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
    transformed,
)
from online_model.learners.learner import Arrays, Matrix, Vector, bounded
from online_model.learners.log_odds import probabilities

_BUCKETS = max(CODE_BUCKETS, MONTH_BUCKETS)


@compiled
def _part(value, way, mean, inverse, weight, known, unknown, buckets):  # type: ignore[no-untyped-def]
    """What one feature adds to the log-odds."""
    if way in (CODE, MONTH):
        return buckets[bucket_of(value, way)]
    t = transformed(value, way)
    if t != t:
        return unknown
    return weight * min(max((t - mean) * inverse, -CLIP), CLIP) + known


@compiled
def _log_odds(x, live, way, mean, inverse, weight, known, unknown, buckets, base, out):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        total = base
        for j in live:
            total += _part(x[i, j], way[j], mean[j], inverse[j], weight[j], known[j], unknown[j], buckets[j])
        out[i] = total


@compiled
def _parts(x, live, way, mean, inverse, weight, known, unknown, buckets, out):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        for j in live:
            out[i, j] = _part(
                x[i, j], way[j], mean[j], inverse[j], weight[j], known[j], unknown[j], buckets[j]
            )


@compiled
def _stacked(x, live, way, mean, inverse, weight, known, unknown, buckets, base, out):  # type: ignore[no-untyped-def]
    """As `_log_odds` for several scorers, into shape (scorers, n); logarithms are taken once for all."""
    for i in range(x.shape[0]):
        for m in range(base.shape[0]):
            out[m, i] = base[m]
        for j in live:
            kind = way[j]
            if kind in (CODE, MONTH):
                bucket = bucket_of(x[i, j], kind)
                for m in range(base.shape[0]):
                    out[m, i] += buckets[m, j, bucket]
                continue
            t = transformed(x[i, j], kind)
            for m in range(base.shape[0]):
                if t != t:
                    out[m, i] += unknown[m, j]
                else:
                    z = min(max((t - mean[m, j]) * inverse[m, j], -CLIP), CLIP)
                    out[m, i] += weight[m, j] * z + known[m, j]


class LinearScorer:
    """Log-odds are a sum over features, so each feature's part is known exactly."""

    kind: ClassVar[str] = "linear"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: as of `to_arrays`; by feature, but `live` (features that add anything) and `base`.
        """
        self._arrays = arrays
        a = arrays
        self._terms = (
            a["live"], a["way"], a["mean"], a["inverse"], a["weight"], a["known"], a["unknown"], a["buckets"],
        )  # fmt: skip
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


class LinearStack:
    """Several linear scorers of one encoding, asked at once for little more than the price of one."""

    def __init__(self, scorers: Sequence[LinearScorer]) -> None:
        """
        Args:
            scorers: at least one, all over the same features.
        """
        found = [s.to_arrays() for s in scorers]
        names = ("mean", "inverse", "weight", "known", "unknown", "buckets")
        live = np.unique(np.concatenate([a["live"] for a in found]))
        base = np.concatenate([a["base"] for a in found])
        self._terms = (live, found[0]["way"], *(np.stack([a[n] for a in found]) for n in names), base)

    def score(self, x: Matrix) -> list[Vector]:
        """By each scorer what its own `score` says, to the bit, shape (n,) each."""
        out = np.empty((len(self._terms[-1]), len(x)))
        _stacked(np.ascontiguousarray(x, np.float64), *self._terms, out)
        return [bounded(probabilities(row)) for row in out]


def folded(plan: Plan, moments: Moments, weights: Vector, intercept: float) -> LinearScorer:
    """The scorer of ``intercept + weights · columns``; it keeps nothing of its arguments.

    Args:
        weights: of the columns, shape (plan.columns,).
    """
    features = len(plan.way)
    zero = np.zeros(features)
    mean, inverse, weight, known, unknown = zero, zero.copy(), zero.copy(), zero.copy(), zero.copy()
    buckets = np.zeros((features, _BUCKETS + 1))  # the last one, index −1, is of no category
    off = weights * np.clip((0.0 - moments.mean) * moments.inverse, -CLIP, CLIP)
    on = weights * np.clip((1.0 - moments.mean) * moments.inverse, -CLIP, CLIP)
    for j, (way, k) in enumerate(zip(plan.way.tolist(), plan.first.tolist(), strict=True)):
        if way in (CODE, MONTH):
            width = CODE_BUCKETS if way == CODE else MONTH_BUCKETS
            columns = slice(k, k + width)
            buckets[j] = off[columns].sum()
            buckets[j, :width] += on[columns] - off[columns]
        elif way != IGNORED:
            mean[j], inverse[j], weight[j] = moments.mean[k], moments.inverse[k], weights[k]
            known[j], unknown[j] = off[k + 1], on[k + 1]
    adds = (weight * inverse != 0) | (known != 0) | (unknown != 0) | np.any(buckets != 0, axis=1)
    return LinearScorer({
        "live": np.flatnonzero(adds), "way": plan.way.copy(), "mean": mean, "inverse": inverse, "weight": weight,
        "known": known, "unknown": unknown, "buckets": buckets, "base": np.array([intercept]),
    })  # fmt: skip
