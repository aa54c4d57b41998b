"""Do hazard ratios hold all the time? The test of Grambsch & Therneau (1994, Biometrika 81) on weighted counts.

Schoenfeld residuals of one day need only its sums, so those of one row a user follow from the counts exactly, and
nothing need be sampled. Time is transformed by Kaplan-Meier, as in R's `cox.zph`. lifelines'
`proportional_hazard_test` gives the same on one row a user; with weights it counts a cell as one loss.
"""

import numpy as np
from scipy.stats import chi2

from batch_jobs.survival.curve import DayTable
from batch_jobs.survival.efron import Matrix, RiskSets, hazard_sums, means


def check(sets: RiskSets, coefficients: Matrix, covariance: Matrix, table: DayTable) -> tuple[Matrix, Matrix]:
    """Statistics (chi squared, one degree of freedom) and p, one a column.

    Args:
        coefficients: of the fitted model, shape (columns,).
        covariance: of the coefficients.
        table: of all users together, for the transform of time.
    """
    hazards = np.exp(sets.covariates @ coefficients)
    residuals = (sets.covariates.T @ sets.events).T - means(sets, hazards, hazard_sums(sets, hazards))
    deaths = sets.events.sum(axis=0)
    total = deaths.sum()
    time = _transformed(table)[sets.days]
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
