"""Survival of a variant at the end of the follow-up, out of counts by day."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]


class Survival(NamedTuple):
    """At the end of the follow-up; variances are of the estimates."""

    users: int
    """Whose first day is known."""
    share: float
    """Not lost in the follow-up."""
    variance: float
    days: float
    """Restricted mean: whole days until the loss, at most those of the follow-up."""
    days_variance: float


def survival(lost: Whole, censored: Whole) -> Survival | None:
    """Product-limit estimate on days (Kaplan and Meier 1958), with Greenwood's variance.

    The restricted mean is the sum of the curve; its variance is the sum over days of the squared curve from that
    day on, times d / (r (r − d)) (Klein and Moeschberger, "Survival Analysis", 2003, formula 4.5.2, on days).

    Args:
        lost: users lost on day 0, 1, … of the follow-up, shape (days,).
        censored: users without a loss by the number of days for which that is known, shape (days + 1,).

    Returns:
        None where some day has nobody at risk: the curve does not reach the end.
    """
    risk = lost[::-1].cumsum()[::-1] + censored[::-1].cumsum()[::-1][1:]
    if not len(risk) or risk.min() <= 0:
        # all lost before: the curve has come to 0, and stays there
        if not len(risk) or lost.sum() < 1 or censored[1:].any():
            return None
        risk = np.maximum(risk, 1)
    hazard = lost / risk
    curve = np.cumprod(1 - hazard)
    left = risk - lost
    term = np.where(left > 0, lost / (risk * np.maximum(left, 1)), 0.0)
    area = curve[::-1].cumsum()[::-1]
    return Survival(
        users=int(lost.sum() + censored[1:].sum()),
        share=float(curve[-1]),
        variance=float(curve[-1] ** 2 * term.sum()),
        days=float(curve.sum()),
        days_variance=float((area**2 * term).sum()),
    )
