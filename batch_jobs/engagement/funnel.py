"""How far users get: from the origin to payment, and from the trial to payment. One scan of users each."""

from typing import Final

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.cohorts.counting import Counts
from batch_jobs.cohorts.days import GrainName, key, month_of, number_of, starts, week_of
from batch_jobs.cohorts.members import AT_ORIGIN, prevalent
from batch_jobs.cohorts.slices import Top, coded
from batch_jobs.engagement import schema
from batch_jobs.engagement.active import by_code
from batch_jobs.engagement.rows import stacked
from batch_jobs.engagement.spans import summed
from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star

WITHIN: Final = (7, 14, 30)
"""Days from the trial to the payment."""


def people(star: Star, top: Top, since: int) -> Table:
    """Users whose origin or trial is not before a day, with the codes of their origin."""
    users = star.users
    origin, trial, paid = (number_of(users[name].date()) for name in ("origin", "trial", "paid"))
    yes = ibis.literal(1, "int64")
    rows = users.select(
        member=(~prevalent(star)).ifelse(1, 0),
        origin=origin,
        origin_month=month_of(users.origin.date()),
        trial=trial,
        trial_month=month_of(users.trial.date()),
        active=users.first_active.notnull().ifelse(yes, 0),
        trials=users.trial.notnull().ifelse(yes, 0),
        paid=users.paid.notnull().ifelse(yes, 0),
        **{f"paid_{n}": (paid - trial <= n).fill_null(False).ifelse(yes, 0) for n in WITHIN},
        **{name: coded(users[AT_ORIGIN[name]], top[name]).cast("int8") for name in DIMENSIONS},
    )
    return rows.filter((rows.origin >= since) | (rows.trial >= since))


def funnel(rows: Table, grain: GrainName, top: Top, as_of: int, cohorts: int) -> pa.Table:
    """`schema.FUNNEL` of weeks or months of origin.

    Args:
        rows: of `people`, held.
        cohorts: the latest so many.
    """
    members = rows.filter(rows.member == 1)
    period = week_of(members.origin) if grain == "week" else members.origin_month
    found = by_code(members.mutate(period=period), ("period",), ("users", "active", "trials", "paid"), top)
    periods = _periods(grain, as_of, cohorts)
    parts = {}
    for piece, of in found.items():
        columns = _by_period(of, periods)
        parts[piece] = columns["users"] > 0, columns
    return stacked(schema.FUNNEL, "cohort", starts(grain, periods), parts, {"grain": grain})


def trials(rows: Table, grain: GrainName, top: Top, as_of: int, cohorts: int) -> pa.Table:
    """`schema.TRIALS` of weeks or months in which the trial began; arguments as of `funnel`."""
    begun = rows.filter(rows.trials == 1)
    period = week_of(begun.trial) if grain == "week" else begun.trial_month
    names = ("trials", "paid", *(f"paid_{n}" for n in WITHIN))
    found = by_code(begun.mutate(period=period), ("period",), names, top)
    periods = _periods(grain, as_of, cohorts)
    over = starts(grain, periods + 1)
    parts = {}
    for piece, of in found.items():
        counts = _by_period(of, periods)
        unripe = {f"paid_{n}": np.ma.masked_array(counts[f"paid_{n}"], mask=over + n > as_of) for n in WITHIN}
        parts[piece] = counts["trials"] > 0, counts | unripe
    return stacked(schema.TRIALS, "cohort", starts(grain, periods), parts, {"grain": grain})


def first_day(as_of: int, weeks: int, months: int) -> int:
    """The earliest of all cohorts."""
    told: dict[GrainName, int] = {"week": weeks, "month": months}
    return min(int(starts(grain, _periods(grain, as_of, count))[0]) for grain, count in told.items())


def _periods(grain: GrainName, as_of: int, cohorts: int) -> Counts:
    last = key(grain, as_of - 1)
    return np.arange(last - cohorts + 1, last + 1)


def _by_period(of: dict[str, Counts], periods: Counts) -> dict[str, Counts]:
    bounds = int(periods[0]), int(periods[-1])
    return {name: summed(of["period"], values, *bounds) for name, values in of.items() if name != "period"}
