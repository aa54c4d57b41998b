"""Cox's model on weighted counts: hazard ratios with limits, all covariates of a view together.

Cox (1972, J. R. Stat. Soc. B 34), ties by Efron (1977, J. Am. Stat. Assoc. 72); fitted by lifelines.
"""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from lifelines.exceptions import ConvergenceError, ConvergenceWarning

from batch_jobs.survival.counts import OTHER, Values, rolled_up
from batch_jobs.survival.curve import day_table
from batch_jobs.survival.efron import CountedCox, risk_sets
from batch_jobs.survival.proportional import check
from batch_jobs.survival.tallies import USERS

Column = tuple[str, int]
"""Covariate and code of a level."""


class Term(NamedTuple):
    """One level against its covariate's reference; figures are None where there are none, and `note` says why."""

    covariate: str
    level: str
    reference: str
    users: int
    events: int
    hazard_ratio: float | None = None
    lower: float | None = None
    upper: float | None = None
    p: float | None = None
    proportional_statistic: float | None = None
    proportional_p: float | None = None
    note: str | None = None


def terms(counts: pd.DataFrame, covariates: Values, alpha: float, least_events: int) -> Iterator[Term]:
    """Fit the model and tell its terms, covariates and levels in order.

    Args:
        counts: columns `covariates` (codes: places in their values, the number of values for others), `entry`,
            `duration`, `event`, `users`; at least one row.
        least_events: levels with fewer losses are joined, see `joined`.
    """
    coarse = {name: joined(counts, name, len(values), least_events) for name, values in covariates.items()}
    cells = rolled_up(counts.assign(**coarse), tuple(covariates))
    references = {name: _most_frequent(cells, name) for name in covariates}
    design = _design(cells, references)
    told, note = _independent(design, cells), ""
    estimates: Mapping[Column, dict[str, float | None]] = {}
    if told:
        estimates, note = _fitted(cells, design[told], alpha)
    columns: list[Column] = list(design.columns)  # type: ignore[arg-type]
    for name, level in columns:
        own = cells[cells[name] == level]
        size = int(own[USERS].sum()), int((own[USERS] * own["event"]).sum())
        labels = (*covariates[name], OTHER)
        figures: Any = estimates.get((name, level))
        if figures is None:
            figures = {"note": note or "tells nothing that the others do not"}
        yield Term(name, labels[level], labels[references[name]], *size, **figures)


def joined(counts: pd.DataFrame, name: str, other: int, least_events: int) -> pd.Series:
    """Levels with fewer losses than `least_events` as `other`; where these are too few, as the most frequent level.

    On few losses a hazard ratio is noise, and on none it has no finite estimate.
    """
    lost = counts[USERS] * counts["event"]
    events = lost.groupby(counts[name]).sum()
    coarse: pd.Series = counts[name].where(~counts[name].isin(events.index[events < least_events]), other)
    others = coarse == other
    if lost[others].sum() < least_events and not others.all():
        coarse = coarse.where(~others, _most_frequent(counts[~others], name))
    return coarse


def _most_frequent(counts: pd.DataFrame, name: str) -> int:
    users = counts.groupby(name)[USERS].sum()
    return int(np.asarray(users.index)[int(users.to_numpy().argmax())])


def _design(cells: pd.DataFrame, references: Mapping[str, int]) -> pd.DataFrame:
    """Columns (covariate, level) of 0 and 1, shape (cells, terms)."""
    columns = {
        (name, level): (cells[name] == level).astype(np.float64)
        for name, reference in references.items()
        for level in sorted(set(cells[name]) - {reference})
    }
    design = pd.DataFrame(columns, index=cells.index)
    design.columns = pd.Index(list(columns), tupleize_cols=False)
    return design


def _independent(design: pd.DataFrame, cells: pd.DataFrame) -> list[Column]:
    """Columns that no earlier ones add up to, by the rank of their cross products."""
    weighted = design.to_numpy() * np.sqrt(cells[USERS].to_numpy())[:, None]
    centred = weighted - np.outer(np.sqrt(cells[USERS]), np.average(design, axis=0, weights=cells[USERS]))
    products = centred.T @ centred
    kept: list[int] = []
    for column in range(len(products)):
        tried = [*kept, column]
        scale = np.sqrt(np.diag(products)[tried])
        if (scale > 0).all():
            correlation = products[np.ix_(tried, tried)] / np.outer(scale, scale)
            if np.linalg.eigvalsh(correlation)[0] > 1e-9:
                kept = tried
    columns: list[Column] = list(design.columns)  # type: ignore[arg-type]
    return [columns[column] for column in kept]


def _fitted(
    cells: pd.DataFrame, design: pd.DataFrame, alpha: float
) -> tuple[dict[Column, dict[str, float | None]], str]:
    """Figures by term, or none and why."""
    columns: list[Column] = list(design.columns)  # type: ignore[arg-type]
    entry = np.where(
        cells["entry"] == 0, -1, cells["entry"]
    )  # there from the origin's day on: (-1, duration]
    frame = pd.DataFrame(design.to_numpy(), columns=[str(number) for number in range(len(columns))]).assign(
        T=cells["duration"].to_numpy(), E=cells["event"].to_numpy(), W=cells[USERS].to_numpy(), L=entry
    )
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error", ConvergenceWarning)
            fitter = CountedCox(alpha=alpha).fit(frame, "T", "E", weights_col="W", entry_col="L")
    except (ConvergenceError, ConvergenceWarning) as problem:
        return {}, f"not fitted: {str(problem).strip().splitlines()[0]}"
    sets = risk_sets(
        design.to_numpy(),
        entry,
        cells["duration"].to_numpy(),
        cells["event"].to_numpy() == 1,
        cells[USERS].to_numpy(),
    )
    statistics, p = check(
        sets, fitter.params_.to_numpy(), fitter.variance_matrix_.to_numpy(), day_table(cells, 0)
    )
    summary = fitter.summary
    low, high = (column for column in summary if column.startswith("exp(coef) "))
    figures = (summary[column].to_numpy() for column in ("exp(coef)", low, high, "p"))
    keys = ("hazard_ratio", "lower", "upper", "p", "proportional_statistic", "proportional_p")
    rows = zip(*figures, statistics, p, strict=True)
    # so few losses can leave a figure open: the residuals of one risk set have no variance
    return {
        term: {key: float(x) if np.isfinite(x) else None for key, x in zip(keys, row, strict=True)}
        for term, row in zip(columns, rows, strict=True)
    }, ""
