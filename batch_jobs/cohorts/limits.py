"""How much is told: the number of rows depends on these, not on the number of users."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from batch_jobs.cohorts.days import GrainName


@dataclass(frozen=True)
class GrainLimits:
    """Of one grain."""

    cohorts: int
    """The latest so many days, weeks or months of origin, to that of the day before the as-of."""
    sliced: int
    """So many of them by slices of the users."""
    periods: int
    """The last period."""
    marked: tuple[int, ...]
    """Periods told where not all are."""
    whole: int
    """Slices with all periods: 0 all users, 1 single dimensions too, 2 pairs too."""
    some: int
    """Slices with marked periods, likewise."""


def _default() -> Mapping[GrainName, GrainLimits]:
    return {
        "day": GrainLimits(400, 180, 90, (1, 7, 14, 30, 60, 90), whole=0, some=1),
        "week": GrainLimits(104, 53, 52, (1, 2, 4, 8, 12, 26, 52), whole=0, some=2),
        "month": GrainLimits(60, 25, 24, (1, 2, 3, 6, 12, 24), whole=1, some=2),
    }


@dataclass(frozen=True)
class Limits:
    """Of the job."""

    grains: Mapping[GrainName, GrainLimits] = field(default_factory=_default)
    values: int = 20
    """Most frequent values of a dimension that are told apart; the others are `other`."""
    paired: int = 5
    """The same within pairs."""


DEFAULT: Final = Limits()
