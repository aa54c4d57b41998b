"""What is asked of an experiment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.treatments import EXPERIMENT as ALERTS

ALPHA: Final = 0.05
"""Of all intervals and decisions: 95 %."""
RATIO_ALPHA: Final = 0.001
"""Below it, the shares of the variants are not those of the lot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentSettings:
    """Days count from the UTC day of the assignment, which is day 0."""

    follow_up_days: int = 30
    """Every user is looked at for so many days; younger assignments wait."""
    window_days: int = 14
    """Retained is who is active in the last so many of them."""
    before_days: int = 28
    """Before day 0, for segments and CUPED."""
    planned: int = 2_000
    """Users of two variants at which the anytime-valid interval is to be narrowest; fixed in advance."""
    least: int = 50
    """Users in each variant below which nothing is said: all intervals are asymptotic."""
    values: int = 8
    """Platforms, and plans, that are segments of their own, the most frequent first; others are `other`."""
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Planned share of each variant by experiment; equal shares are assumed where it is not said."""

    def __post_init__(self) -> None:
        """Refuse what cannot be computed.

        Raises:
            ValueError: a number of days is not positive, or the window is longer than the follow-up.
        """
        if not 1 <= self.window_days <= self.follow_up_days:
            raise ValueError(
                f"a window of {self.window_days} days does not fit into {self.follow_up_days} days of follow-up"
            )
        if self.before_days < 1 or self.planned < 1 or self.least < 2 or self.values < 1:
            raise ValueError("before_days, planned and values must be at least 1, least at least 2")
        for name, shares in self.shares.items():
            if not shares or min(shares.values()) <= 0:
                raise ValueError(f"planned shares of {name!r} must be positive: {dict(shares)}")


def with_alerts(holdout: float) -> dict[str, dict[str, float]]:
    """Planned shares of the alerts' own experiment; of a holdout of 0, none."""
    return {ALERTS: {"alerted": 1 - holdout, "holdout": holdout}} if 0 < holdout < 1 else {}
