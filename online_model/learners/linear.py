"""The scorer of learners that are linear in the encoder's columns: encoding and weights folded into one sum."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from online_model.learners.blocks import ROWS, take, transform, workspace
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
def _parts(x, live, way, mean, inverse, weight, known, unknown, buckets, out):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        for j in live:
            out[i, j] = _part(
                x[i, j], way[j], mean[j], inverse[j], weight[j], known[j], unknown[j], buckets[j]
            )


@compiled
def _log_odds(x, live, way, mean, inverse, weight, known, unknown, buckets, base, work, bits, out):  # type: ignore[no-untyped-def]
    """Of one or more scorers, into shape (scorers, n); logarithms are taken once for all."""
    for start in range(0, x.shape[0], ROWS):
        rows = min(ROWS, x.shape[0] - start)
        for m in range(base.shape[0]):
            out[m, start : start + rows] = base[m]
        for j in live:
            raw = work[0, :rows]
            take(x, start, j, raw)
            if way[j] in (CODE, MONTH):
                for r in range(rows):
                    bucket = bucket_of(raw[r], way[j])
                    for m in range(base.shape[0]):
                        out[m, start + r] += buckets[m, j, bucket]
                continue
            transform(way[j], work, bits, rows)
            for m in range(base.shape[0]):
                _add(
                    work[1, :rows], mean[m, j], inverse[m, j], weight[m, j], known[m, j], unknown[m, j],
                    out[m, start : start + rows],
                )  # fmt: skip


@compiled
def _add(t, mean, inverse, weight, known, unknown, out):  # type: ignore[no-untyped-def]
    """As `_part` of a number, of a block."""
    for r in range(t.shape[0]):
        z = min(max((t[r] - mean) * inverse, -CLIP), CLIP)
        out[r] += unknown if t[r] != t[r] else weight * z + known


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
        self._alone = LinearStack([self])

    def __reduce__(self) -> tuple[type["LinearScorer"], tuple[Arrays]]:
        return LinearScorer, (self._arrays,)

    def score(self, x: Matrix) -> Vector:
        """See `Scorer.score`."""
        return bounded(probabilities(self.log_odds(x)))

    def log_odds(self, x: Matrix) -> Vector:
        """Before they are bounded, shape (n,)."""
        return np.asarray(self._alone.log_odds(x)[0])

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
        return [bounded(probabilities(row)) for row in self.log_odds(x)]

    def log_odds(self, x: Matrix) -> Matrix:
        """Before they are bounded, shape (scorers, n)."""
        out = np.empty((len(self._terms[-1]), len(x)))
        _log_odds(np.ascontiguousarray(x, np.float64), *self._terms, *workspace(), out)
        return out


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
