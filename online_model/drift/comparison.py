"""How far apart two weeks of users are in one feature.

The population stability index (PSI) is Σ (p − q) ln(p / q) over bins. Where both weeks are samples of one and the
same population, it is not zero: with B bins and n and m users its mean is about (B − 1)(1/n + 1/m), and divided
by (1/n + 1/m) it follows a chi-square distribution with B − 1 degrees of freedom (Yurdakul, Naranjo 2020,
"Statistical properties of the population stability index", J. of Risk Model Validation 14). The mean is taken off,
so that 0.2 means the same with 300 users as with 300,000, and the distribution says how likely the rest is by
chance. Users of two weeks are mostly the same, which makes chance smaller, never larger.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, xlogy

from online_model.drift.grid import Counts, FeatureCounts

BINS: Final = 10

Amounts = npt.NDArray[np.float64] | Counts


class Comparison(NamedTuple):
    """One feature in one week, held against the reference."""

    feature: str
    psi: float
    """Without what chance adds on average; never below 0."""
    chance: float
    """Probability of so large a PSI without any change."""
    ks: float
    """Kolmogorov-Smirnov: largest difference of the two distribution functions over what is known."""
    js: float
    """Jensen-Shannon divergence over the bins in bits, 0 to 1."""
    mean_before: float
    mean_now: float
    mean_shift: float
    """(now − before) / |before|; NaN where unknown or the mean was 0."""


def compare(feature: str, before: Sequence[FeatureCounts], now: FeatureCounts) -> Comparison:
    """One feature now against the weeks of the reference.

    The reference's weeks hold mostly the same users, so together they count as the smallest of them.
    """
    old = np.sum([week.cells for week in before], axis=0)
    new = now.cells
    bins = quantile_bins(old)
    psi, chance = stability(
        np.bincount(bins, old) / len(before),
        np.bincount(bins, new),
        min(week.users for week in before),
        now.users,
    )
    mean_before = sum(week.mean for week in before) / len(before)
    return Comparison(
        feature=feature,
        psi=psi,
        chance=chance,
        ks=_largest_difference(old[:-1], new[:-1]),
        js=_divergence(np.bincount(bins, old), np.bincount(bins, new)),
        mean_before=mean_before,
        mean_now=now.mean,
        mean_shift=(now.mean - mean_before) / abs(mean_before) if mean_before else float("nan"),
    )


def quantile_bins(cells: Counts) -> Counts:
    """Bin of each cell: runs of cells with about a tenth of `cells` each; what is unknown has a bin of its own.

    A value that many share fills a bin by itself, so there may be fewer than ten.
    """
    known = cells[:-1]
    middle = np.cumsum(known) - known / 2
    bins = np.minimum((middle * BINS / max(int(known.sum()), 1)).astype(np.int64), BINS - 1)
    _, bins = np.unique(bins, return_inverse=True)
    return np.append(bins, bins[-1] + 1)


def stability(
    before: Amounts,
    now: Amounts,
    users_before: int,
    users_now: int,
) -> tuple[float, float]:
    """PSI without its mean under no change, and the probability of so large a one then.

    Args:
        before: users by bin; half a user is added to each, so that an empty bin does not make it infinite.
        now: likewise.
    """
    p, q = _shares(before), _shares(now)
    unit = 1 / max(users_before, 1) + 1 / max(users_now, 1)
    raw = float(np.sum((q - p) * np.log(q / p)))
    freedom = int(np.sum((before > 0) | (now > 0))) - 1
    return max(raw - freedom * unit, 0.0), float(chdtrc(freedom, raw / unit)) if freedom else 1.0


def _shares(counts: Amounts) -> npt.NDArray[np.float64]:
    shares: npt.NDArray[np.float64] = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
    return shares


def _largest_difference(before: Counts, now: Counts) -> float:
    if not before.any() or not now.any():
        return float("nan")
    return float(np.abs(np.cumsum(before) / before.sum() - np.cumsum(now) / now.sum()).max())


def _divergence(before: Amounts, now: Amounts) -> float:
    p, q = before / max(before.sum(), 1), now / max(now.sum(), 1)
    middle = (p + q) / 2
    safe = np.where(middle > 0, middle, 1.0)
    return float((xlogy(p, p / safe) + xlogy(q, q / safe)).sum() / (2 * np.log(2)))
