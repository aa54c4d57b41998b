"""Which examples say how good predictions are, and how much each counts.

A user whom somebody tried to keep does not show what would have happened by itself, so treated users do not
count. But who is treated is chosen by risk, so leaving them out alone would flatter or blame by the choice of users.
Those in the holdout were up for treatment and kept from it by lot: they stand for the treated too, and weigh the
inverse of their share. Assigned are the treated and the holdout together, so

    weight = (treated + holdout) / holdout,

counted over all examples up to and including the one that is weighed; at most `HEAVIEST`, so that the first user of
a holdout that comes after thousands of treated ones does not count for thousands. Users who are neither weigh 1. (If
a holdout is drawn among all users instead of those up for treatment, the treated are stood for by too little; nothing
is known here of who would have been treated.)
"""

from typing import Final

import numpy as np

from online_model.quality.scored import Scored, Vector

HEAVIEST: Final = 50.0


class Untreated:
    """Weighs examples in the order in which they are settled; how they are cut into runs changes nothing."""

    def __init__(self) -> None:
        self.treated = 0
        """Left out so far."""
        self.holdout = 0

    @property
    def share(self) -> float | None:
        """Of the holdout among the assigned; None before anybody is assigned."""
        assigned = self.treated + self.holdout
        return self.holdout / assigned if assigned else None

    def weights(self, scored: Scored) -> Vector:
        """What each of the next examples counts, shape (n,); 0 for the treated."""
        holdout = scored.holdout & ~scored.treated
        held = self.holdout + np.cumsum(holdout)
        out = self.treated + np.cumsum(scored.treated)
        inverse = np.minimum((held + out) / np.maximum(held, 1), HEAVIEST)
        if scored.examples:
            self.holdout, self.treated = int(held[-1]), int(out[-1])
        return np.asarray(scored.weights * np.where(scored.treated, 0.0, np.where(holdout, inverse, 1.0)))
