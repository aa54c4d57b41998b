"""What can be varied in the job `survival`."""

from dataclasses import dataclass
from typing import Literal

Prevalent = Literal["exclude", "late"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Defaults are what the schedule runs; days are UTC days since the origin's."""

    groups: tuple[str, ...] = ("channel", "plan", "geography", "platform")
    """Dimensions, as known at the origin; of other columns, see `batch_jobs.survival.covariates`."""
    landmarks: tuple[int, ...] = (7, 30)
    landmark_covariates: tuple[str, ...] = ("sessions", "active_days", "orders")
    prevalent: Prevalent = "exclude"
    """Users without a signup who are seen in the log's first inactivity period: left out, or at risk from its
    end.
    """
    alpha: float = 0.05
    milestones: tuple[int, ...] = (30, 60, 90, 180, 365)
    most_days: int = 730
    """Longest grid of `curves`."""
    most_values: int = 8
    """Values of a dimension that are groups of their own."""
    most_patterns: int = 1_000
    """Combinations of values in a Cox model; dimensions keep fewer values until there are no more."""
    least_users: int = 30
    """Smaller groups are flagged, and stand in no log-rank test."""
    least_events: int = 10
    """Levels of a Cox model with fewer losses join `other`, or the reference where that has too few as well."""

    def __post_init__(self) -> None:
        """Raises ValueError: an option is out of its bounds."""
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must lie between 0 and 1, not {self.alpha}")
        for name in ("most_days", "most_values", "most_patterns", "least_users", "least_events"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if any(day < 1 for day in (*self.landmarks, *self.milestones)):
            raise ValueError("landmarks and milestones are days from 1 on")
