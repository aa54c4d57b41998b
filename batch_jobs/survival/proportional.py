"""Do hazard ratios hold all the time? The test of Grambsch & Therneau (1994, Biometrika 81) on weighted counts.

Schoenfeld residuals are the same for all users of one cell, so the residuals of one row a user follow from the
cells exactly, and nothing need be sampled. Time is transformed by Kaplan-Meier, as in R's `cox.zph`. lifelines'
`proportional_hazard_test` gives the same on one row a user; its weights count a cell as one loss.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from batch_jobs.survival.curve import DayTable

Matrix = npt.NDArray[np.float64]


class Cells(NamedTuple):
    """One row a cell; shapes (cells,), of `covariates` (cells, columns)."""

    covariates: Matrix
    entry: npt.NDArray[np.int64]
    duration: npt.NDArray[np.int64]
    event: npt.NDArray[np.bool_]
    users: npt.NDArray[np.int64]


def check(cells: Cells, coefficients: Matrix, covariance: Matrix, table: DayTable) -> tuple[Matrix, Matrix]:
    """Statistics (chi squared, one degree of freedom) and p, one a column.

    Args:
        coefficients: of the fitted model, shape (columns,).
        covariance: of the coefficients.
        table: of all cells together, for the transform of time.
    """
    risk = cells.users * np.exp(cells.covariates @ coefficients)
    lost = cells.event
    size = int(cells.duration.max()) + 1
    days = np.unique(cells.duration[lost])
    deaths = np.bincount(cells.duration[lost], cells.users[lost], size)[days]
    observed = _by_day(cells.duration[lost], cells.users[lost], cells.covariates[lost], size)[days]
    tied = _by_day(cells.duration[lost], risk[lost], cells.covariates[lost], size)[days]
    # at risk: whose last day is this one or later, less those who enter on it or later
    leaving = _by_day(cells.duration, risk, cells.covariates, size)
    entering = _by_day(np.maximum(cells.entry, -1) + 1, risk, cells.covariates, size + 1)[1:]
    staying = (leaving - entering)[::-1].cumsum(axis=0)[::-1][days]
    residuals = np.empty((len(days), len(coefficients)))
    for number, count in enumerate(deaths):
        out = np.arange(count)[:, None] / count  # Efron: the shares of the tied that have left the risk set
        sums = staying[number] - out * tied[number]
        residuals[number] = observed[number, 1:] - count * (sums[:, 1:] / sums[:, :1]).mean(axis=0)
    total = deaths.sum()
    time = _transformed(table)[days]
    centred = time - (time * deaths).sum() / total
    scaled = total * residuals @ covariance
    spread = total * np.diag(covariance) * (centred**2 * deaths).sum()
    with np.errstate(all="ignore"):
        statistics = (centred @ scaled) ** 2 / spread
    return statistics, chi2.sf(statistics, 1)


def _by_day(day: npt.NDArray[np.int64], weights: npt.NDArray[Any], covariates: Matrix, size: int) -> Matrix:
    """Sums of the weights and of each weighted covariate, shape (size, 1 + columns)."""
    columns = [np.bincount(day, weights, size)]
    columns += [np.bincount(day, weights * column, size) for column in covariates.T]
    return np.stack(columns, axis=1)


def _transformed(table: DayTable) -> Matrix:
    """1 - Kaplan-Meier at the end of each day, as if all had been there from the beginning."""
    removed = table.events + table.censored
    at_risk = removed.sum() - np.concatenate([[0], removed.cumsum()[:-1]])
    lost: Matrix = 1.0 - np.cumprod(1.0 - table.events / np.maximum(at_risk, 1))
    return lost
