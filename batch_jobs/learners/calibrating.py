"""From margins to probabilities, by examples that are later than those that were learned."""

from typing import Final

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from online_model.learners.learner import Bools, Vector
from online_model.refitted.probabilities import Calibration, Isotonic, Platt

ENOUGH: Final = 1_000
"""Examples of the rarer outcome from which on isotonic regression is not overfitted (Niculescu-Mizil and Caruana
2005, "Predicting good probabilities with supervised learning", ICML)."""


def calibration(margins: Vector, lost: Bools) -> Calibration:
    """Fit on examples of both outcomes."""
    if min(lost.sum(), (~lost).sum()) >= ENOUGH:
        fitted = IsotonicRegression(out_of_bounds="clip").fit(margins, lost.astype(np.float64))
        return Isotonic(np.asarray(fitted.X_thresholds_), np.asarray(fitted.y_thresholds_))
    scale = float(margins.std()) or 1.0
    # targets are drawn in a little, as Platt does against overfitting: here by weak regularisation
    line = LogisticRegression(C=100.0).fit(margins[:, None] / scale, lost.astype(np.int64))
    return Platt(float(line.coef_[0, 0]) / scale, float(line.intercept_[0]))
