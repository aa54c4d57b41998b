"""What the next three and six months bring, with intervals that past errors of the same way have earned.

A way of forecasting is tried from every month of the past (rolling origin; Tashman 2000, "Out-of-sample tests of
forecasting accuracy", Int. J. Forecasting 16): what it would have said then against what came. The way with the least
mean absolute error is taken if that is below `BETTER` of the naive's from the same `ENOUGH` origins or more, else the
naive.

Intervals are made of the same errors, relative to the level of their origin and to √step, as of a random walk. From
`MANY` origins on, a half-width is the quantile of rank ⌈(errors + 1) · share⌉ of their sizes (split conformal: Vovk
et al. 2005; Lei et al. 2018). A quantile of few says little: with n origins, fewer than those, it is Student's t with
n − 1 degrees of freedom times their root mean square times √(1 + 1/n).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.stats import t as student

from batch_jobs.value.methods import METHODS, NAIVE, Method, Series

HORIZONS: Final = (3, 6)
SHARES: Final = (0.80, 0.95)
BETTER: Final = 0.9
"""Winning by less is mostly luck."""
ENOUGH: Final = 8
"""Origins; so is winning on fewer."""
MANY: Final = 30
_LEAST_KNOWN: Final = 3
_MOST_ORIGINS: Final = 36


class Trial(NamedTuple):
    """Errors of a way of forecasting, shape (origins, steps); NaN where the month is not known yet."""

    errors: Series
    """Actual − forecast."""
    levels: Series
    """Of the series at the origins, shape (origins,)."""


class Forecast(NamedTuple):
    """Of one horizon; arrays of shape (steps,)."""

    method: str
    values: Series
    half_widths: dict[float, Series]
    """By share of the months that are to lie within."""
    total: float
    """Of all steps."""
    total_half_widths: dict[float, float]
    error: float
    """Mean absolute error of the way in the back-test."""
    naive_error: float
    """Of the naive from the same origins."""
    origins: int
    covered: float | None
    """Share of the months of the back-test within the 80 % interval as it was to be had then; None of none."""


def forecast(known: Series, steps: int) -> Forecast | None:
    """Forecast of a series; None where it is not twice as long as that.

    Args:
        known: months that are complete, oldest first.
        steps: months to look ahead.
    """
    if len(known) < 2 * steps:
        return None
    trials = {name: tried(method, known, steps) for name, method in METHODS.items()}
    naive = trials[NAIVE]
    assert naive is not None
    errors = {
        name: compared(trial, naive)
        for name, trial in trials.items()
        if trial is not None and len(trial.errors) >= ENOUGH
    }
    best = min(errors, key=lambda name: errors[name], default=NAIVE)
    method = best if errors.get(best, 1.0) < BETTER else NAIVE
    values, trial = METHODS[method](known, steps), trials[method]
    assert values is not None
    assert trial is not None
    level = _level(known)
    root = np.sqrt(np.arange(1, steps + 1))
    sums = np.cumsum(trial.errors, axis=1)
    sum_roots = np.sqrt(np.cumsum(np.arange(1, steps + 1) ** 2))  # of a sum of steps of a random walk
    singles = sizes(relative := trial.errors / trial.levels[:, None] / root)
    totals = sizes(sums / trial.levels[:, None] / sum_roots)
    return Forecast(
        method,
        values,
        {share: level * root * half_width(singles, share) for share in SHARES},
        float(values.sum()),
        {share: float(level * sum_roots[-1] * half_width(totals, share)) for share in SHARES},
        float(np.nanmean(np.abs(trial.errors))),
        float(np.nanmean(np.abs(naive.errors[-len(trial.errors) :]))),
        len(trial.errors),
        _covered(relative),
    )


def tried(method: Method, known: Series, steps: int) -> Trial | None:
    """A way of forecasting from every month of the past; None where it cannot be used now."""
    if method(known, steps) is None:
        return None
    first = max(_LEAST_KNOWN, len(known) - _MOST_ORIGINS)
    rows, levels = [], []
    for origin in range(first, len(known)):
        said = method(known[:origin], steps)
        if said is None:
            continue
        came = known[origin : origin + steps]
        row = np.full(steps, np.nan)
        row[: len(came)] = came - said[: len(came)]
        rows.append(row)
        levels.append(_level(known[:origin]))
    return Trial(np.array(rows), np.array(levels)) if len(rows) > 1 else None


def compared(trial: Trial, naive: Trial) -> float:
    """Mean absolute error over that of the naive, from the same origins: the latest ones."""
    count = len(trial.errors)
    own, other = np.nanmean(np.abs(trial.errors)), np.nanmean(np.abs(naive.errors[-count:]))
    return float(own / other) if other > 0 else 1.0


def sizes(relative: Series) -> Sequence[Series]:
    """Sizes of the errors of each origin."""
    return [np.abs(row[np.isfinite(row)]) for row in relative]


def half_width(by_origin: Sequence[Series], share: float) -> float:
    """So wide that a share of what is to come lies within."""
    count = len(by_origin)
    pooled = np.concatenate(by_origin)
    if count >= MANY:
        rank = min(int(np.ceil((len(pooled) + 1) * share)), len(pooled))
        return float(np.sort(pooled)[rank - 1])
    spread = float(np.sqrt((pooled**2).mean()))
    return float(student.ppf((1 + share) / 2, count - 1)) * spread * float(np.sqrt(1 + 1 / count))


def _covered(relative: Series) -> float | None:
    """Share of errors within the interval that those known at their origin had given, shape (origins, steps)."""
    origins, steps = relative.shape
    inside, seen = 0, 0
    for now in range(_LEAST_KNOWN, origins):
        ages = now - np.arange(now)[:, None]
        known = np.where(np.arange(1, steps + 1) <= ages, relative[:now], np.nan)
        row = np.abs(relative[now][np.isfinite(relative[now])])
        inside += int((row <= half_width(sizes(known), SHARES[0])).sum())
        seen += len(row)
    return inside / seen if seen else None


def _level(known: Series) -> float:
    """Mean size of the last three months; what errors are measured against as a series grows."""
    return float(max(np.abs(known[-3:]).mean(), 1e-9))
