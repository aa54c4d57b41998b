"""Tiers of risk, and what they have been worth."""

from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np

from online_model.quality.intervals import wilson
from online_model.quality.scored import Bools, Vector

Tier = Literal["high", "medium", "low", "gone"]
RANKED: Final[tuple[Tier, ...]] = ("high", "medium", "low")
"""Tiers of users at risk."""


class Thresholds(NamedTuple):
    """Risks from which a tier begins."""

    medium: float = 0.4
    high: float = 0.7


class TierShares(NamedTuple):
    """How many of the users at risk are to be in a tier."""

    medium: float
    high: float


class TierPrecision(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the users of a tier."""

    examples: int
    share: float
    """Of all examples, by weight."""
    precision: float | None
    """Share of the lost, by weight; None if nobody was in the tier."""
    low: float
    """95 % Wilson interval, as if examples were independent."""
    high: float


def tier_of(risk: float, thresholds: Thresholds) -> Tier:
    """Tier of a user at risk."""
    if risk >= thresholds.high:
        return "high"
    return "medium" if risk >= thresholds.medium else "low"


def by_quantile(risks: Vector, shares: TierShares) -> Thresholds:
    """Thresholds so that about such shares of the users at risk are in the tiers.

    Users of equal risk share a tier, so a tier is smaller where the cut goes through a group of them.

    Args:
        risks: of the users at risk, shape (n,); unknown ones (NaN) do not count.
        shares: of the users, for each tier.

    Raises:
        ValueError: the shares leave nothing for a tier, or nobody has a risk.
    """
    if not (shares.high > 0 and shares.medium > 0 and sum(shares) < 1):
        raise ValueError(
            f"shares of the tiers must be positive and below 1 in sum: high {shares.high}, medium {shares.medium}"
        )
    known = np.sort(risks[np.isfinite(risks)])[::-1]
    if not len(known):
        raise ValueError("no user at risk has a known risk, so there are no quantiles")
    return Thresholds(_from(known, sum(shares)), _from(known, shares.high))


def _from(descending: Vector, share: float) -> float:
    """Least risk from which on at most such a share lies."""
    count = int(share * len(descending) + 1e-9)
    within = descending[:count]
    if count < len(descending):
        within = within[within > descending[count]]
    return float(within[-1]) if len(within) else float(np.nextafter(descending[0], np.inf))


def precision_of_tiers(
    lost: Bools, risks: Vector, thresholds: Thresholds, weights: Vector | None = None
) -> dict[Tier, TierPrecision]:
    """What became of the users of each tier, shapes (n,); unknown risks (NaN) and weights of 0 do not count."""
    weight = np.ones(len(lost)) if weights is None else weights
    known = np.isfinite(risks) & (weight > 0)
    total = float(weight[known].sum())
    high, medium = risks >= thresholds.high, risks >= thresholds.medium
    members: dict[Tier, Bools] = {"high": high, "medium": medium & ~high, "low": ~medium & ~high}
    return {tier: _precision(weight[m & known], lost[m & known], total) for tier, m in members.items()}


def _precision(weight: Vector, lost: Bools, total: float) -> TierPrecision:
    mass = float(weight.sum())
    if mass <= 0:
        return TierPrecision(examples=0, share=0.0, precision=None, low=0.0, high=1.0)
    precision = float(weight[lost].sum()) / mass
    worth = mass * mass / float((weight * weight).sum())  # Kish 1965: as many equal weights tell as much
    low, up = wilson(precision * worth, worth)
    return TierPrecision(examples=len(weight), share=mass / total, precision=precision, low=low, high=up)
