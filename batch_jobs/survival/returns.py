"""Resurrections, apart from survival: how many of the lost come back, and when."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from batch_jobs.cohorts.days import number
from batch_jobs.star.star import Star
from batch_jobs.survival.lives import last_known_day
from online_model.quality.intervals import wilson


class Share(NamedTuple):
    """Who came back, of all who were lost; limits by Wilson, days None where nobody did."""

    lost: int
    returned: int
    share: float
    lower: float
    upper: float
    median_days: int | None


def absences(star: Star, cells: pd.DataFrame) -> pd.DataFrame:
    """The lost as lives of their absence: it begins with the loss, and its event is the return.

    Args:
        cells: `batch_jobs.survival.tallies.Tallies.absences`.
    """
    back = cells["returned"].to_numpy()
    last = number(last_known_day(star, "passage"))
    duration = np.where(back, cells["away"], last - cells["away"])
    return cells.assign(entry=0, duration=duration, event=back.astype(np.int64))


def share(counts: pd.DataFrame, z: float) -> Share:
    """Of one group's absences; at least one row."""
    lost = int(counts["users"].sum())
    back = counts[counts["event"] == 1]
    returned = int(back["users"].sum())
    days = None
    if returned:
        counted = back.groupby("duration")["users"].sum().sort_index()
        days = int(counted.index[int(np.searchsorted(counted.cumsum(), math.ceil(returned / 2)))])
    return Share(lost, returned, returned / lost, *wilson(returned, lost, z), days)
