"""Resurrections, apart from survival: how many of the lost come back, and when."""

import math
from typing import NamedTuple

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from batch_jobs.star.star import Star
from batch_jobs.survival.counts import Values, coded, count
from batch_jobs.survival.lives import INCLUDED, last_known_day
from online_model.quality.intervals import wilson


class Share(NamedTuple):
    """Who came back, of all who were lost; limits by Wilson, days None where nobody did."""

    lost: int
    returned: int
    share: float
    lower: float
    upper: float
    median_days: int | None


def absences(star: Star, table: Table, values: Values) -> pd.DataFrame:
    """The lost among the lives, as lives of their absence: it begins with the loss, and its event is the return.

    Returns:
        Cells as `batch_jobs.survival.counts.of_view` gives them.
    """
    lost = table.filter((table.passage_status == INCLUDED) & table.passage_event)
    ends = ibis.coalesce(lost.returned, ibis.literal(last_known_day(star, "passage")))
    outcome = {
        "entry": ibis.literal(0),
        "duration": ends.delta(lost.lost, unit="day"),
        "event": lost.returned.notnull(),
    }
    return count(
        star, lost, {**{name: coded(lost[name], known) for name, known in values.items()}, **outcome}
    )


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
