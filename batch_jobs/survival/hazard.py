"""Losses per month of those at risk: Nelson-Aalen, in steps of 30 days.

The cumulative hazard (Nelson 1972, Technometrics 14; Aalen 1978, Ann. Stat. 6) has the limits of its logarithm. The
rate of a month is what it grows by: a piecewise constant smoothing that takes no kernel and no memory.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

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


def months(table: DayTable, alpha: float, z: float) -> Iterator[Month]:
    """Months that are followed to their end, from the first day at risk on."""
    at_risk = np.maximum(table.at_risk, 1).astype(np.float64)
    variance = table.events * (at_risk - table.events) / at_risk**3
    hazard, spread = np.cumsum(table.events / at_risk), np.sqrt(np.cumsum(variance))
    factors = np.exp(z * spread / np.where(hazard == 0, 1.0, hazard))
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
            float(hazard[last]), float(hazard[last] / factors[last]), float(hazard[last] * factors[last]),
        )  # fmt: skip
