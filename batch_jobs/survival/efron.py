"""Cox's partial likelihood of weighted counts, equal to that of one row a user, ties included.

Where many are lost on one day, Efron (1977, J. Am. Stat. Assoc. 72) takes them out of the risk set one after the
other. lifelines does so with rows: a row that stands for twenty losses counts as one tie of their mean weight, and
the estimates are not those of the raw rows. Here a row is as many ties as it stands for; the rest of the fit is
lifelines'.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from lifelines.fitters.coxph_fitter import SemiParametricPHFitter

Matrix = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


class RiskSets(NamedTuple):
    """Users by what they have in common, and by day: all that the likelihood needs of the data."""

    covariates: Matrix
    """Shape (patterns, columns)."""
    days: Whole
    """Days with losses, rising."""
    at_risk: Matrix
    """Shape (patterns, days)."""
    events: Matrix
    """Shape (patterns, days)."""


class Sums(NamedTuple):
    """Of each day, over its losses k = 0, 1, ... of d, with f = k/d: what Efron's terms add up to."""

    inverse: Matrix
    """Sum of 1 / (S - f T), S the hazards at risk and T those of the tied; shape (days,)."""
    tied: Matrix
    """Sum of f / (S - f T)."""
    squares: tuple[Matrix, Matrix, Matrix]
    """Sums of 1, f and f^2, each over (S - f T)^2."""
    logarithms: float
    """Of S - f T, over all days."""


def risk_sets(
    covariates: Matrix, entry: Whole, duration: Whole, event: npt.NDArray[np.bool_], users: Whole
) -> RiskSets:
    """From rows with weights.

    Args:
        covariates: shape (rows, columns), each column of two values.
        entry: at risk after this day.
    """
    high = covariates > covariates.min(axis=0, initial=np.inf)
    codes = high @ (1 << np.arange(covariates.shape[1], dtype=np.int64))
    _, first, pattern = np.unique(codes, return_index=True, return_inverse=True)
    size, span = len(first), int(duration.max()) + 2
    last = _counted(pattern, duration, users, size, span)
    begun = _counted(pattern, np.maximum(entry, -1) + 1, users, size, span)
    gone = np.concatenate([np.zeros((size, 1)), last[:, :-1]], axis=1)
    events = _counted(pattern[event], duration[event], users[event], size, span)
    days = np.flatnonzero(events.sum(axis=0))
    at_risk = (begun - gone).cumsum(axis=1)
    return RiskSets(covariates[first], days, at_risk[:, days], events[:, days])


def _counted(pattern: Whole, day: Whole, users: Whole, size: int, span: int) -> Matrix:
    counted: Matrix = np.asarray(np.bincount(pattern * span + day, users, size * span), dtype=np.float64)
    return counted.reshape(size, span)


def hazard_sums(sets: RiskSets, hazards: Matrix) -> Sums:
    """Efron's sums for the relative hazard of each pattern."""
    whole, tied = hazards @ sets.at_risk, hazards @ sets.events
    count = sets.events.sum(axis=0).astype(np.int64)
    starts = count.cumsum() - count
    share = (np.arange(count.sum()) - np.repeat(starts, count)) / np.repeat(count, count)
    rest = np.repeat(whole, count) - share * np.repeat(tied, count)
    inverse = 1.0 / rest
    parts = (inverse, share * inverse, inverse**2, share * inverse**2, (share * inverse) ** 2)
    first, second, *squares = (np.add.reduceat(part, starts) for part in parts)
    return Sums(first, second, (squares[0], squares[1], squares[2]), float(np.log(rest).sum()))


def means(sets: RiskSets, hazards: Matrix, sums: Sums) -> Matrix:
    """What the covariates of each day's losses should add up to, shape (days, columns)."""
    weighted = (sets.covariates * hazards[:, None]).T
    expected: Matrix = (weighted @ sets.at_risk * sums.inverse - weighted @ sets.events * sums.tied).T
    return expected


def likelihood(sets: RiskSets, coefficients: Matrix) -> tuple[Matrix, Matrix, float]:
    """Second and first derivatives of the log partial likelihood, and itself."""
    columns = sets.covariates.shape[1]
    scores = sets.covariates @ coefficients
    hazards = np.exp(scores)
    sums = hazard_sums(sets, hazards)
    gradient = (sets.covariates.T @ sets.events).sum(axis=1) - means(sets, hazards, sums).sum(axis=0)
    weighted = (sets.covariates * hazards[:, None]).T
    whole, tied = weighted @ sets.at_risk, weighted @ sets.events  # shape (columns, days)
    # of products, first summed over days for each pattern
    moments = hazards * (sets.at_risk @ sums.inverse - sets.events @ sums.tied)
    second = sets.covariates.T @ (sets.covariates * moments[:, None])
    plain, once, twice = sums.squares
    cross = (whole * once) @ tied.T
    outer = (whole * plain) @ whole.T - cross - cross.T + (tied * twice) @ tied.T
    hessian = (outer - second).reshape(columns, columns)
    return hessian, gradient, float((sets.events.sum(axis=1) * scores).sum() - sums.logarithms)


class CountedCox(SemiParametricPHFitter):  # type: ignore[misc]
    """lifelines' Cox model, with the likelihood of counts."""

    def _choose_gradient_calculator(self, *_: object) -> Callable[..., Any]:
        held: list[RiskSets] = []

        def calculate(
            x: Any, t: Any, e: Any, weights: Any, late: Any, beta: Matrix
        ) -> tuple[Matrix, Matrix, float]:
            if not held:
                entry = np.full(len(t), -1) if late is None else late.to_numpy().astype(np.int64)
                duration, users = (column.to_numpy().astype(np.int64) for column in (t, weights))
                held.append(risk_sets(x.to_numpy(), entry, duration, e.to_numpy().astype(bool), users))
            return likelihood(held[0], beta)

        return calculate
