"""Losses per month of those at risk: Nelson-Aalen, in steps of 30 days.

The cumulative hazard and its limits (Nelson 1972, Technometrics 14; Aalen 1978, Ann. Stat. 6) are lifelines'. The
rate of a month is what it grows by: a piecewise constant smoothing that takes no kernel and no memory.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from lifelines import NelsonAalenFitter

from batch_jobs.survival.curve import DayTable

MONTH: Final = 30
"""Days."""


class Month(NamedTuple):
    """One month of a group; both days belong to it."""

    number: int
    from_day: int
    to_day: int
    at_risk: int
    events: int
    rate: float
    rate_lower: float
    rate_upper: float
    cumulative: float
    cumulative_lower: float
    cumulative_upper: float


def months(counts: pd.DataFrame, table: DayTable, alpha: float, z: float) -> Iterator[Month]:
    """Months that are followed to their end, from the first day at risk on."""
    followed = counts[np.where(counts["entry"] == 0, 0, counts["entry"] + 1) <= table.last]
    fitter = NelsonAalenFitter(alpha=alpha, nelson_aalen_smoothing=False)
    with np.errstate(all="ignore"):
        fitter.fit(
            followed["duration"],
            followed["event"],
            timeline=np.arange(len(table.at_risk)),
            entry=followed["entry"],
            weights=followed["users"].to_numpy(),
        )
    hazard = fitter.cumulative_hazard_.to_numpy()[:, 0]
    limits = fitter.confidence_interval_.to_numpy()
    at_risk = np.maximum(table.at_risk, 1)
    variance = table.events * (at_risk - table.events) / at_risk.astype(np.float64) ** 3
    for start in range(0, table.last + 1, MONTH):
        first, last = max(start, table.first + 1), start + MONTH - 1
        if last > table.last or first > last:
            continue
        days = slice(first, last + 1)
        events = int(table.events[days].sum())
        # the most that n who were all there on the month's thinnest day may hide: as the limit of a curve at 1
        hidden = -np.log(alpha / 2) / table.at_risk[days].min()
        rate = float((table.events[days] / at_risk[days]).sum())
        error = float(np.sqrt(variance[days].sum()))
        factor = float(np.exp(z * error / rate)) if events else 1.0
        scale = MONTH / (last + 1 - first)
        yield Month(
            start // MONTH + 1, first, last, int(table.at_risk[first]), events,
            scale * rate, scale * rate / factor, scale * (rate * factor if events else hidden),
            float(hazard[last]), float(limits[last, 0]), float(limits[last, 1]),
        )  # fmt: skip
