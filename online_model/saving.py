"""What share of those who would be lost a contact keeps, measured by the users who were kept from it by lot.

    chance = 1 − (share lost of the treated) / (share lost of the holdout)

The interval is that of a ratio of two shares on the logarithmic scale, with half an event added to each count so
that it exists for small ones too (Gart and Nam 1988, "Approximate interval estimation of the ratio of binomial
parameters", Biometrics 44). The estimate is as good as the lot: where users are treated only once they have been
silent for longer than the holdout, they are lost more often anyway, which makes the chance look smaller.
"""

import math
from typing import Final

import msgspec
import numpy as np

from online_model.quality.intervals import Z95
from online_model.quality.scored import Scored
from online_model.thresholds import Contact

WIDEST: Final = 0.3
"""An interval wider than this measures nothing yet: the guess stays."""


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """The estimate, and what it rests on."""

    treated: int
    treated_lost: int
    holdout: int
    holdout_lost: int
    chance: float | None
    """Below 0: contacts drive users away; None while a group is empty or nobody of the holdout is lost."""
    low: float | None
    """95 % interval; None if nothing is known."""
    high: float

    @property
    def measured(self) -> bool:
        """Whether it is sure enough to replace the guess."""
        return self.low is not None and self.high - self.low <= WIDEST

    def applied(self, guess: Contact) -> Contact:
        """The rule with the measured chance, cut to [0, 1], or the guess as long as there is none."""
        if self.chance is None or not self.measured:
            return guess
        return msgspec.structs.replace(guess, chance_of_saving=min(max(self.chance, 0.0), 1.0))


class SavingCounts:
    """Counts over chosen examples: those of one user that overlap are not independent."""

    def __init__(self) -> None:
        self._counts = np.zeros((2, 2), np.int64)
        """By group (treated, holdout): examples, lost."""

    def add(self, scored: Scored) -> None:
        """Count the next settled examples."""
        for group, members in enumerate((scored.treated, scored.holdout & ~scored.treated)):
            counted = members & scored.chosen
            self._counts[group] += (np.count_nonzero(counted), np.count_nonzero(counted & scored.lost))

    def saving(self) -> Saving:
        """What they say."""
        (treated, treated_lost), (holdout, holdout_lost) = self._counts.tolist()
        chance, low, high = None, None, 1.0
        if treated and holdout_lost:
            chance = 1 - treated_lost / treated * holdout / holdout_lost
            a, n, c, m = treated_lost + 0.5, treated + 0.5, holdout_lost + 0.5, holdout + 0.5
            half = Z95 * math.sqrt(1 / a - 1 / n + 1 / c - 1 / m)
            ratio = a / n * m / c
            low, high = 1 - ratio * math.exp(half), 1 - ratio * math.exp(-half)
        return Saving(
            treated=treated,
            treated_lost=treated_lost,
            holdout=holdout,
            holdout_lost=holdout_lost,
            chance=chance,
            low=low,
            high=high,
        )
