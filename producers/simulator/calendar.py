"""What days are like for everybody: seasons, weekends, hours."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from producers.simulator.records import DAY

DAY_MS: Final = 86_400_000

ACTIVITY: Final = (1.05, 1.04, 1.02, 1.00, 0.98, 0.93, 0.88, 0.86, 0.98, 1.03, 1.04, 0.96)
"""Factor on the session rate, by month."""
SHOPPING: Final = (0.80, 0.85, 0.95, 1.00, 1.00, 0.95, 0.90, 0.90, 1.00, 1.05, 1.45, 1.65)
"""Factor on the probability of a purchase, by month."""
SUMMER: Final = (7, 8)

OFFICE, EVENING, ANY = range(3)
DAYTIMES: Final = (
    (0, 0, 0, 0, 0, 1, 2, 5, 10, 13, 13, 10, 7, 9, 11, 10, 8, 5, 3, 2, 1, 1, 0, 0),
    (1, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 7, 12, 17, 18, 14, 9, 4),
    (3, 2, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7, 7, 6, 5, 4, 3),
)
"""Weights of the local hours at which sessions begin: office people, evening people, others."""


def midnight_ms(day: date) -> int:
    """The day's begin in UTC, milliseconds since 1970-01-01."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def days_of(start: date, days: int) -> NDArray[Any]:
    """The span's days, one `DAY` each."""
    table = np.zeros(days, dtype=DAY)
    for index in range(days):
        day = start + timedelta(days=index)
        season, shopping = ACTIVITY[day.month - 1], SHOPPING[day.month - 1]
        table[index] = (midnight_ms(day), season, shopping, day.weekday() >= 5, day.month in SUMMER)
    return table


def hour_shares() -> NDArray[np.float64]:
    """`DAYTIMES` as probabilities, shape (3, 24)."""
    weights = np.array(DAYTIMES, dtype=np.float64)
    shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return shares
