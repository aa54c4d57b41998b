"""Ways to continue a monthly series, from plain to less plain."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.float64]
Method = Callable[[Series, int], Series | None]
"""From the months that are known and a number of steps to what follows; None where the months are too few."""

NAIVE: Final = "naive"
YEAR: Final = 12
_FEWEST: Final = 5
_ALPHAS: Final = np.linspace(0.05, 1.0, 20)


def naive(known: Series, steps: int) -> Series:
    """As the last month."""
    return np.full(steps, known[-1])


def seasonal(known: Series, steps: int) -> Series | None:
    """As the same month of the year before."""
    return known[len(known) - YEAR + np.arange(steps) % YEAR] if len(known) >= YEAR else None


def theta(known: Series, steps: int) -> Series | None:
    """Simple exponential smoothing with half the slope of the least-squares line as drift.

        level_n + slope / 2 · (h − 1 + 1 / α − (1 − α)^n / α), h = 1 … steps

    Assimakopoulos and Nikolopoulos 2000, "The theta model", Int. J. Forecasting 16, in the form of Hyndman and Billah
    2003, "Unmasking the Theta method", ibid. 19. The smoothing α has the least squared one-step errors on a grid;
    statsmodels' `ThetaModel`, which the tests compare, takes a quarter of a second for each origin of a back-test.
    """
    count = len(known)
    if count < _FEWEST:
        return None
    months = np.arange(count) - (count - 1) / 2
    slope = float((months * known).sum() / (months**2).sum())
    level, errors = np.full(len(_ALPHAS), known[0]), np.zeros(len(_ALPHAS))
    for value in known[1:]:
        errors += (value - level) ** 2
        level += _ALPHAS * (value - level)
    best = int(errors.argmin())
    alpha = _ALPHAS[best]
    ahead = np.arange(steps) + 1 / alpha - (1 - alpha) ** count / alpha
    return np.asarray(level[best] + slope / 2 * ahead)


def smoothed(known: Series, steps: int) -> Series:
    """As the mean of the last three months."""
    return np.full(steps, known[-3:].mean())


def combined(known: Series, steps: int) -> Series | None:
    """Mean of naive, smoothed and theta: combinations beat their parts (Makridakis et al. 2020, M4)."""
    trend = theta(known, steps)
    return None if trend is None else np.mean([naive(known, steps), smoothed(known, steps), trend], axis=0)


METHODS: Final[Mapping[str, Method]] = {
    NAIVE: naive,
    "seasonal": seasonal,
    "smoothed": smoothed,
    "theta": theta,
    "combined": combined,
}
