"""Whether one of two is better horizon after horizon, whatever it gains in one of them.

Outcomes that are due within a horizon of each other share days, and what moves everybody in those days, a season or
an offer, moves all of them together. Two predictions that differ by a shift of the level are then told apart by that
one movement, however many users it is counted on. So a horizon is one observation, and only its sign counts: against
the claim "given all before, it is no likelier to be better than to be worse" the wealth

    K = Π (1 ± BET),    + for a horizon in which it was better

is a supermartingale that begins at 1 and exceeds 1/α at any time with probability at most α (Ville 1939).
Neighbouring horizons still have some days in common; a movement that lasts longer than a few of them is not covered.
"""

import math
from typing import Final

BET: Final = 0.9
"""Of the wealth, on each horizon: six in a row prove at alpha 0.025, one to the contrary takes back 3.6 of them."""


class Periods:
    """Constant memory; can be pickled."""

    def __init__(self, alpha: float, period_days: int) -> None:
        """
        Args:
            alpha: probability with which it may ever be proven for nothing.
            period_days: a horizon and what an outcome is late by.
        """
        self._alpha = alpha
        self._days = period_days
        self._period: int | None = None
        self._sum = 0.0
        self._log_wealth = 0.0
        self.observations = 0
        """Horizons that are over."""

    def add_day(self, day: int, gain: float) -> None:
        """Take a due day, later than the last one: the sum of gains over its examples."""
        period = day // self._days
        if self._period is not None and period != self._period and self._sum:
            self._log_wealth += math.log1p(math.copysign(BET, self._sum))
            self.observations += 1
        if period != self._period:
            self._period, self._sum = period, 0.0
        self._sum += gain

    @property
    def proven(self) -> bool:
        """Whether it is better more often than chance would have it."""
        return self._log_wealth >= -math.log(self._alpha)
