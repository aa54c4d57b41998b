"""Sums of an experiment's cells, and what they have shown day by day."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from batch_jobs.experiments.assigned import EPOCH
from batch_jobs.experiments.differences import Difference, Sums, Vector
from batch_jobs.experiments.sequences import anytime_interval, anytime_p
from batch_jobs.experiments.settings import ALPHA

Row = dict[str, Any]
Days = npt.NDArray[np.int64]
_SUMS: Final = ("y", "yy", "x", "xx", "xy")


class Looks(NamedTuple):
    """What each day has shown of a variant and the control."""

    variant: str
    control: str
    metric: str
    days: Days
    mine: Sums
    other: Sums
    slope: float
    found: Difference
    rho2: float

    @property
    def variance(self) -> float:
        """Of the latest difference."""
        return float(self.found.variance[-1])

    def p(self) -> Vector:
        """Anytime-valid, of each look."""
        return anytime_p(self.found, self.mine.n + self.other.n, self.rho2)

    def row(self, experiment: str, adjustment: str, saved: float | None) -> Row:
        """Of `EFFECTS`: the latest look."""
        p, users = self.p(), self.mine.n + self.other.n
        low, high = self.found.interval()
        wide = anytime_interval(self.found, users, self.rho2, ALPHA)
        decided = np.flatnonzero(p <= ALPHA)
        return effect(experiment, self.variant, self.control, self.metric, adjustment) | {
            "users": int(self.mine.n[-1]),
            "users_control": int(self.other.n[-1]),
            "value": float(self.mine.y[-1] / self.mine.n[-1]),
            "value_control": float(self.other.y[-1] / self.other.n[-1]),
            "difference": float(self.found.value[-1]),
            "low": float(low[-1]),
            "high": float(high[-1]),
            "anytime_low": float(wide[0][-1]),
            "anytime_high": float(wide[1][-1]),
            "anytime_p": float(p[-1]),
            "variance_saved": saved,
            "decided_on": day_of(int(self.days[decided[0]])) if len(decided) else None,
        }

    def rows(self, experiment: str, metric: str) -> Iterator[Row]:
        """Of `LOOKS`."""
        low, high = anytime_interval(self.found, self.mine.n + self.other.n, self.rho2, ALPHA)
        for at, p in enumerate(self.p()):
            yield {
                "experiment": experiment, "variant": self.variant, "control": self.control, "metric": metric,
                "day": day_of(int(self.days[at])), "users": int(self.mine.n[at]),
                "users_control": int(self.other.n[at]), "difference": float(self.found.value[at]),
                "anytime_low": float(low[at]), "anytime_high": float(high[at]), "anytime_p": float(p),
            }  # fmt: skip


def effect(experiment: str, variant: str, control: str, metric: str, adjustment: str) -> Row:
    """A row of `EFFECTS` that still knows nothing."""
    unknown = ("anytime_low", "anytime_high", "anytime_p", "variance_saved", "decided_on")
    named = {"experiment": experiment, "variant": variant, "control": control, "metric": metric}
    return named | {"adjustment": adjustment} | dict.fromkeys(unknown)


def sums(cells: pd.DataFrame, metric: str) -> Sums:
    """Of a metric, over all cells."""
    columns = [cells[f"{metric}_{name}"].to_numpy(np.float64).sum() for name in _SUMS]
    return Sums(np.asarray(cells["assigned"].to_numpy(np.float64).sum()), *map(np.asarray, columns))


def cumulative(cells: pd.DataFrame, metric: str, days: Days) -> Sums:
    """Up to and including each day."""
    columns = ["assigned", *(f"{metric}_{name}" for name in _SUMS)]
    daily = cells.groupby("number")[columns].sum().reindex(days, fill_value=0)
    return Sums(*daily.to_numpy(np.float64).cumsum(axis=0).T)


def day_of(number: int) -> date:
    """With that number."""
    return EPOCH + timedelta(days=number)
