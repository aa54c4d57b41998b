"""Tiers of risk."""

from typing import Literal, NamedTuple

Tier = Literal["high", "medium", "low", "gone"]


class Thresholds(NamedTuple):
    """Risks from which a tier begins."""

    medium: float = 0.4
    high: float = 0.7


def tier_of(risk: float, thresholds: Thresholds) -> Tier:
    """Tier of a user at risk."""
    if risk >= thresholds.high:
        return "high"
    return "medium" if risk >= thresholds.medium else "low"
