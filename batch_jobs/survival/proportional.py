"""Do hazard ratios hold all the time? The test of Grambsch & Therneau (1994, Biometrika 81) on weighted counts.

Schoenfeld residuals are the same for all users of one cell, so the residuals of one row a user follow from the
cells exactly, and nothing need be sampled. Time is transformed by Kaplan-Meier, as in R's `cox.zph`. lifelines'
`proportional_hazard_test` gives the same on one row a user; its weights count a cell as one loss.
"""

from typing import NamedTuple

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
    days = np.unique(cells.duration[cells.event])
    residuals = np.empty((len(days), len(coefficients)))
    deaths = np.empty(len(days))
    for number, day in enumerate(days):
        lost = cells.event & (cells.duration == day)
        staying = (cells.duration >= day) & (cells.entry < day)
        deaths[number] = count = cells.users[lost].sum()
        tied = np.arange(count) / count  # Efron: the shares of the tied that are out of the risk set
        numerator = (risk[staying] @ cells.covariates[staying]) - np.outer(
            tied, risk[lost] @ cells.covariates[lost]
        )
        denominator = risk[staying].sum() - tied * risk[lost].sum()
        mean = (numerator / denominator[:, None]).mean(axis=0)
        residuals[number] = cells.users[lost] @ cells.covariates[lost] - count * mean
    total = deaths.sum()
    time = _transformed(table)[days]
    centred = time - (time * deaths).sum() / total
    scaled = total * residuals @ covariance
    spread = total * np.diag(covariance) * (centred**2 * deaths).sum()
    with np.errstate(all="ignore"):
        statistics = (centred @ scaled) ** 2 / spread
    return statistics, chi2.sf(statistics, 1)


def _transformed(table: DayTable) -> Matrix:
    """1 - Kaplan-Meier at the end of each day, as if all had been there from the beginning."""
    removed = table.events + table.censored
    at_risk = removed.sum() - np.concatenate([[0], removed.cumsum()[:-1]])
    lost: Matrix = 1.0 - np.cumprod(1.0 - table.events / np.maximum(at_risk, 1))
    return lost
