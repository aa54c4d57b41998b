"""How well predictions put the lost before the others; equal predictions are equal, whatever their order.

Sums are NumPy's own, not those of BLAS: with threads, these depend on the number of cores.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from online_model.quality.scored import Bools, Rows, Vector, Whole


class Ranked(NamedTuple):
    """Examples from the highest prediction down; those of equal prediction form a group."""

    rows: Whole
    """Where each stood in what was ranked."""
    predictions: Vector
    lost: Vector
    """1 or 0."""
    weights: Vector
    ends: Whole
    """Last row of each group."""
    mass: Vector
    """Weight of all down to the end of each group."""
    hits: Vector
    """Weight of the lost among them."""

    @property
    def total(self) -> float:
        """Weight of all."""
        return float(self.mass[-1]) if len(self.mass) else 0.0

    @property
    def positives(self) -> float:
        """Weight of the lost."""
        return float(self.hits[-1]) if len(self.hits) else 0.0

    def among(self, rows: Rows) -> "Ranked":
        """The same for some of them, named in the order of this ranking."""
        return _grouped(self.rows[rows], self.predictions[rows], self.lost[rows], self.weights[rows])

    def times(self, factors: Vector) -> "Ranked":
        """The same with weights multiplied by positive factors, in the order of this ranking."""
        return _grouped(self.rows, self.predictions, self.lost, self.weights * factors)


class Top(msgspec.Struct, frozen=True, kw_only=True):
    """Those ranked first."""

    share: float
    """Of all, by weight."""
    count: float
    """How many that is, by weight."""
    precision: float
    """Share of the lost among them."""
    recall: float | None
    """Share of all lost that is among them; None where nobody is lost."""
    lift: float | None
    """Precision over the share of the lost among all."""


def ranked(predictions: Vector, lost: Bools, weights: Vector | None = None) -> Ranked:
    """Sort them. Examples without a finite prediction or a positive weight do not count."""
    weight = np.ones(len(lost)) if weights is None else weights
    known = np.isfinite(predictions) & (weight > 0)
    rows = np.flatnonzero(known)
    rows = rows[np.argsort(-predictions[rows], kind="stable")]
    return _grouped(rows, predictions[rows], lost[rows].astype(np.float64), weight[rows].astype(np.float64))


def _grouped(rows: Whole, predictions: Vector, lost: Vector, weights: Vector) -> Ranked:
    last = np.ones(len(predictions), np.bool_)
    last[:-1] = predictions[1:] != predictions[:-1]
    ends = np.flatnonzero(last)
    mass, hits = np.cumsum(weights)[ends], np.cumsum(weights * lost)[ends]
    return Ranked(rows, predictions, lost, weights, ends, mass, hits)


def roc_auc(r: Ranked) -> float | None:
    """Chance that a lost one is ranked before another one, half for a tie; None with one class only."""
    others = r.mass - r.hits
    if r.positives <= 0 or r.total - r.positives <= 0:
        return None
    before = np.concatenate(([0.0], r.hits[:-1]))
    pairs = float((np.diff(others, prepend=0.0) * (before + r.hits) / 2).sum())
    return pairs / (r.positives * float(others[-1]))


def pr_auc(r: Ranked) -> float | None:
    """Average precision: precision at each group's end, by the share of the lost in it; None if nobody is lost."""
    if r.positives <= 0:
        return None
    return float((np.diff(r.hits, prepend=0.0) * r.hits / r.mass).sum()) / r.positives


def tops(r: Ranked, counts: Sequence[float] = (), shares: Sequence[float] = ()) -> list[Top]:
    """The first so many, and the first such shares; more than there are is left out.

    Where the cut goes through a group of equal predictions, it is what picking among them by lot gives on average.
    """
    if r.total <= 0:
        return []
    wanted = [c for c in counts if 0 < c <= r.total] + [s * r.total for s in shares if 0 < s <= 1]
    mass, hits = np.concatenate(([0.0], r.mass)), np.concatenate(([0.0], r.hits))
    base = r.positives / r.total
    found = []
    for count in wanted:
        hit = float(np.interp(count, mass, hits))
        recall, lift = (hit / r.positives, hit / count / base) if r.positives > 0 else (None, None)
        found.append(Top(share=count / r.total, count=count, precision=hit / count, recall=recall, lift=lift))
    return found
