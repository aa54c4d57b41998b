"""How predictions would have to be stretched and shifted to be right."""

import math
from typing import Final

import msgspec
import numpy as np

from online_model.quality.compiled import compiled
from online_model.quality.ranking import Ranked
from online_model.quality.scored import Vector

_CLIP: Final = 1e-12
_STEEPEST: Final = 100.0


class Recalibration(msgspec.Struct, frozen=True, kw_only=True):
    """``log-odds of loss = intercept + slope · log-odds predicted``, by maximum likelihood."""

    slope: float
    """Below 1: predictions are too extreme."""
    intercept: float


def log_odds(predictions: Vector) -> Vector:
    """Natural log-odds, shape as given; certainty is cut at 1e-12."""
    cut = np.clip(predictions, _CLIP, 1 - _CLIP)
    return np.asarray(np.log(cut) - np.log1p(-cut))


def recalibration(r: Ranked) -> Recalibration | None:
    """Cox's recalibration (Cox 1958, Biometrika 45), fitted by Newton's method with halved steps.

    None where no single answer exists: one class only, one prediction only, or predictions that part the classes.
    """
    if not 0 < r.positives < r.total or len(r.ends) < 2:
        return None
    x, share = log_odds(r.predictions), r.positives / r.total
    centre = float((r.weights * x).sum()) / r.total
    x -= centre  # else slope and intercept are nearly the same direction when losses are rare
    a, b = math.log(share / (1 - share)), 0.0
    loss, g0, g1, h00, h01, h11 = _look(x, r.lost, r.weights, a, b)
    for _ in range(50):
        det = h00 * h11 - h01 * h01
        if not det > 1e-14 * h00 * h11:
            return None
        da, db = (h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det
        there = _look(x, r.lost, r.weights, a + da, b + db)
        while there[0] > loss + 1e-12 * r.total:  # ends: a step of nothing leaves the loss as it is
            da, db = da / 2, db / 2
            there = _look(x, r.lost, r.weights, a + da, b + db)
        a, b = a + da, b + db
        loss, g0, g1, h00, h01, h11 = there
        if abs(b) > _STEEPEST:
            return None
        if abs(da) + abs(db) < 1e-6:  # the next step would be the square of it
            return Recalibration(slope=b, intercept=a - b * centre)
    return None


@compiled
def _look(x, lost, weights, a, b):  # type: ignore[no-untyped-def]
    """Log loss, its downward slopes and its curvatures at (a, b), summed."""
    loss = g0 = g1 = h00 = h01 = h11 = 0.0
    for i in range(x.shape[0]):
        z = a + b * x[i]
        small = math.exp(-abs(z))
        chance = (1.0 if z >= 0 else small) / (1.0 + small)
        loss += weights[i] * (max(z, 0.0) - lost[i] * z + math.log1p(small))
        error, bent = weights[i] * (lost[i] - chance), weights[i] * chance * (1.0 - chance)
        g0 += error
        g1 += error * x[i]
        h00 += bent
        h01 += bent * x[i]
        h11 += bent * x[i] * x[i]
    return loss, g0, g1, h00, h01, h11
