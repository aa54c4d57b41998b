"""How much is told: the number of rows depends on these, not on the number of users."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Limits:
    """Of the job."""

    days: int = 400
    """The last so many days by dimension; of all users together all days are told."""
    weeks: int = 53
    """Of the history of the churn rate, and cohorts of the funnels by week."""
    months: int = 60
    """Cohorts of the funnels by month."""
    features: int = 20
    """Most used features of each period."""
    values: int = 20
    """Most frequent values of a dimension that are told apart; the others are `other`."""
    paired: int = 5
    """The same within pairs."""


DEFAULT: Final = Limits()
