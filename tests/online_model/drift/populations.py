"""Made-up weeks of users who stay the same people."""

import numpy as np
import numpy.typing as npt

from domain.labels import FEATURES, Matrix, Times
from online_model.drift.features import start_of
from online_model.drift.grid import COLUMNS

FIRST = 2_900
"""A week."""


class People:
    """Users, each with habits and an instant of the week of their own; every feature is a count around the habit."""

    def __init__(self, users: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._habits = self._rng.gamma(1.0, 2.0, users)
        self._instants = np.sort(self._rng.integers(0, 7 * 86_400_000, users))

    def week(self, week: int, factor: float = 1.0) -> tuple[Times, Matrix]:
        """One snapshot of each, in order of time."""
        x = np.full((len(self._habits), FEATURES), np.nan)
        x[:, COLUMNS] = self._rng.poisson(self._habits[:, None] * factor, (len(x), len(COLUMNS)))
        return start_of(week) + self._instants, x


def losses(
    seed: int, days: int, a_day: int, worse_from: int | None = None
) -> tuple[Times, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Times (ms), and log losses of a good champion and of a reference, of independent examples.

    Args:
        worse_from: day from which the champion is no better than the reference.
    """
    rng = np.random.default_rng(seed)
    times = start_of(FIRST) + np.sort(rng.integers(0, days * 86_400_000, days * a_day))
    truth = rng.beta(1.5, 1.5, len(times))
    lost = rng.random(len(times)) < truth
    champion = np.clip(truth + rng.normal(0, 0.05, len(times)), 0.02, 0.98)
    if worse_from is not None:
        changed = times >= start_of(FIRST) + worse_from * 86_400_000
        champion = np.where(changed, 1 - champion, champion)
    reference = np.full(len(times), 0.5)
    first, second = (-np.log(np.where(lost, p, 1 - p)) for p in (champion, reference))
    return times, first, second
