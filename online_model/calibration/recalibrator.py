"""Stretches and shifts log-odds, learning how much from settled outcomes one by one.

    log-odds calibrated = intercept + slope · log-odds predicted

(Platt 1999, on log-odds), by one Newton step an example with a normal prior around "as it is", as in a recursive
least squares whose weights are w p (1 − p) (Bishop 2006, "Pattern recognition and machine learning", 4.5). The slope
stays positive, so the ranking stays; and a sum of contributions in log-odds remains one, each times the slope.
"""

from typing import Final

import numpy as np

from online_model.calibration.compiled import compiled
from online_model.quality.recalibration import log_odds
from online_model.quality.scored import Bools, Vector

INTERCEPT_PRIOR: Final = 0.25
SLOPE_PRIOR: Final = 0.1
"""Variances before anything is known."""
TRUST: Final = 0.25
"""What an example counts: weekly snapshots of a user overlap in most of their horizon."""
KEPT: Final = 0.9999
"""What an example leaves of the former information: 10,000 later ones outweigh it, so that drift is followed."""
FLATTEST: Final = 0.1
STEEPEST: Final = 5.0
FARTHEST: Final = 7.0
"""Log-odds are cut there, 0.001 and 0.999: one certain and wrong prediction must not turn the line."""


class Recalibrator:
    """State is two numbers and their covariance; the same to the bit however examples are cut into runs."""

    def __init__(self) -> None:
        self._state = np.array([0.0, 1.0, INTERCEPT_PRIOR, 0.0, SLOPE_PRIOR])
        self.learned = 0

    @property
    def intercept(self) -> float:
        """Added to the log-odds."""
        return float(self._state[0])

    @property
    def slope(self) -> float:
        """What log-odds are multiplied by, first."""
        return float(self._state[1])

    def predict_many(self, predictions: Vector) -> Vector:
        """Calibrated probabilities, shape (n,); NaN stays NaN. Changes nothing."""
        return recalibrated(predictions, self.slope, self.intercept)

    def learn_many(self, predictions: Vector, lost: Bools, weights: Vector) -> None:
        """Learn from settled outcomes one after the other, shapes (n,).

        Args:
            predictions: as they were made at the snapshots, not calibrated; NaN does not count.
            weights: 0 does not count.
        """
        known = np.isfinite(predictions) & (weights > 0)
        _learn(self._state, _cut(predictions[known]), lost[known], weights[known])
        self.learned += int(np.count_nonzero(known))


def recalibrated(predictions: Vector, slope: float, intercept: float) -> Vector:
    """The line, applied: all that serving needs."""
    return np.asarray(1 / (1 + np.exp(-(intercept + slope * _cut(predictions)))))


def _cut(predictions: Vector) -> Vector:
    return np.asarray(np.clip(log_odds(predictions), -FARTHEST, FARTHEST))


@compiled
def _learn(state, x, lost, weights):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        a, b, p00, p01, p11 = state[0], state[1], state[2], state[3], state[4]
        chance = 1.0 / (1.0 + np.exp(-(a + b * x[i])))
        trusted = TRUST * weights[i]
        information = trusted * chance * (1.0 - chance)
        k0, k1 = p00 + p01 * x[i], p01 + p11 * x[i]
        shrink = 1.0 / (1.0 + information * (k0 + k1 * x[i]))
        error = trusted * ((1.0 if lost[i] else 0.0) - chance) * shrink
        state[0] = a + k0 * error
        state[1] = min(max(b + k1 * error, FLATTEST), STEEPEST)
        information *= shrink
        p00 -= k0 * k0 * information
        p01 -= k0 * k1 * information
        p11 -= k1 * k1 * information
        # forgetting, but never to less than was known at first
        if p00 < INTERCEPT_PRIOR * KEPT and p11 < SLOPE_PRIOR * KEPT:
            p00, p01, p11 = p00 / KEPT, p01 / KEPT, p11 / KEPT
        state[2], state[3], state[4] = p00, p01, p11
