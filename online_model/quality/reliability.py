"""Whether what is said to happen in 70 % of cases happens in 70 % of cases."""

from typing import Final

import msgspec
import numpy as np

from online_model.quality.intervals import wilson
from online_model.quality.ranking import Ranked
from online_model.quality.scored import Whole

BINS: Final = 15


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Examples of neighbouring predictions."""

    examples: int
    weight: float
    predicted: float
    """Mean prediction."""
    observed: float
    """Share of the lost."""
    low: float
    """95 % interval of it, as if examples were independent; with weights, for as many as these are worth."""
    high: float


def bins_of(r: Ranked, bins: int = BINS) -> list[Bin]:
    """Reliability curve over bins of equal weight, from the lowest prediction up.

    Equal predictions stay together, in the bin where their middle lies: else a constant prediction would be told
    apart by the order of the examples. So there may be fewer bins.
    """
    if r.total <= 0:
        return []
    of = _bin_of_rows(r, bins)
    examples = np.bincount(of, minlength=bins)
    weight, predicted, observed, squares = (
        np.bincount(of, w, bins)
        for w in (r.weights, r.weights * r.predictions, r.weights * r.lost, r.weights**2)
    )
    curve = []
    for i in np.flatnonzero(examples):
        share = float(observed[i] / weight[i])
        worth = float(weight[i] ** 2 / squares[i])  # Kish 1965: as many equal weights tell as much
        low, high = wilson(share * worth, worth)
        curve.append(
            Bin(
                examples=int(examples[i]),
                weight=float(weight[i]),
                predicted=float(predicted[i] / weight[i]),
                observed=share,
                low=low,
                high=high,
            )
        )
    return curve


def _bin_of_rows(r: Ranked, bins: int) -> Whole:
    middle = r.total - (np.concatenate(([0.0], r.mass[:-1])) + r.mass) / 2
    of_group = np.minimum(np.floor(bins * middle / r.total), bins - 1).astype(np.int64)
    sizes = np.diff(r.ends, prepend=-1)
    return np.repeat(of_group, sizes)


def expected_calibration_error(curve: list[Bin]) -> float | None:
    """Mean distance between predicted and observed, by the weight of the bins; None without examples."""
    total = sum(b.weight for b in curve)
    return sum(b.weight * abs(b.predicted - b.observed) for b in curve) / total if curve else None
