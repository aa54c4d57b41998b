"""What a user is worth over the horizon, from what the user has spent so far."""

from typing import Final

import numpy as np
import numpy.typing as npt

from domain.catalogue import INDEX

_SPENT: Final = INDEX["spend_26w"]
_REFUNDED: Final = INDEX["refunded_26w"]
_TENURE: Final = INDEX["tenure_days"]

_WEEK_DAYS: Final = 7.0
_MOST_WEEKS: Final = 26.0  # the window of the two sums
_FEWEST_WEEKS: Final = 4.0  # one purchase on the first day is no weekly habit


def expected_spend(features: npt.NDArray[np.float64], horizon_days: float) -> npt.NDArray[np.float64]:
    """Money that a user who stays will spend within the horizon, if the user goes on as in the last half year.

        max(spend_26w − refunded_26w, 0) / min(max(tenure_days / 7, 4), 26) · horizon_days / 7

    Args:
        features: raw feature vectors in the catalogue's order, shape (users, features); NaN is unknown.
        horizon_days: how far to look ahead.

    Returns:
        Major units of money, shape (users,); 0 for users of whom no purchase is known.
    """
    net = np.maximum(np.nan_to_num(features[:, _SPENT]) - np.nan_to_num(features[:, _REFUNDED]), 0.0)
    weeks = np.clip(np.nan_to_num(features[:, _TENURE]) / _WEEK_DAYS, _FEWEST_WEEKS, _MOST_WEEKS)
    spend: npt.NDArray[np.float64] = net / weeks * (horizon_days / _WEEK_DAYS)
    return spend


def value_at_risk(
    risk: npt.NDArray[np.float64], features: npt.NDArray[np.float64], horizon_days: float
) -> npt.NDArray[np.float64]:
    """Money that is expected to be lost within the horizon: risk times `expected_spend`, shape (users,)."""
    return risk * expected_spend(features, horizon_days)
