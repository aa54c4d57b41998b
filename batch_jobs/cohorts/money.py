"""What members paid in a period, against their own first period.

Revenue of a user and period is spent + renewed − refunded. Payers of a cohort are members with revenue above zero in
period 0, r₀. Of period n: net retention is Σ rₙ / Σ r₀, gross retention Σ min(rₙ, r₀) / Σ r₀, both over the payers.
So the cohort is fixed, and in the gross figure more money of one does not make up for less of another.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import ibis
import numpy as np
from ibis.expr.types import IntegerScalar, Table

from batch_jobs.cohorts.counting import Counts, by_slice
from batch_jobs.cohorts.days import number_of
from batch_jobs.cohorts.grid import Reach
from batch_jobs.cohorts.sizes import Sizes, cohort_of
from batch_jobs.cohorts.slices import Combinations


class Money(NamedTuple):
    """Of the payers of each cohort, by (row, period); minor units."""

    payers: Counts
    """Shape (rows,): members with revenue in period 0."""
    base: Counts
    """Shape (rows,): that revenue."""
    paying: Counts
    """Payers with revenue above zero."""
    revenue: Counts
    kept: Counts
    """Revenue up to the user's own base."""


def payments(daily: Table, members: Table, sizes: Sizes, reach: Reach) -> Table:
    """Of payers, by `cohort`, `combination` and `period`; right for periods that begin within the reach.

    Period 0 of the cohorts within the reach is read as well.
    """
    paid = daily.select("user", day=number_of(daily.day), paid=daily.spent + daily.renewed - daily.refunded)
    mine = paid.filter(paid.paid != 0).join(members, "user")
    aged = mine.select(
        "user",
        "day",
        "combination",
        "paid",
        cohort=cohort_of(sizes.grain, mine),
        age=mine.day - mine.origin,
    )
    aged = aged.filter(
        aged.age >= 0,
        aged.age < (sizes.limits.periods + 1) * sizes.width,
        aged.cohort >= reach.cohort,
        (aged.day >= reach.day) | (aged.age < sizes.width),
    )
    by_user = aged.group_by("user", "cohort", "combination", period=aged.age // sizes.width).agg(
        paid=aged.paid.sum()
    )
    first = by_user.filter(by_user.period == 0, by_user.paid > 0).select("user", base="paid")
    both = by_user.join(first, "user")
    return both.group_by("cohort", "combination", "period").agg(
        paying=(both.paid > 0).ifelse(1, 0).sum(),
        revenue=both.paid.sum(),
        kept=ibis.least(both.paid, both.base).sum(),
    )


def money(paid: Table, found: Combinations, sizes: Sizes, as_of: int) -> Money:
    """Sums of payments.

    Args:
        paid: of `payments`, held.
        as_of: number of the day.
    """
    limits = replace(sizes.limits, marked=(0, *sizes.limits.marked))  # period 0 is the base of the others
    sums: dict[str, Callable[[Table], IntegerScalar]] = {
        "paying": lambda t: t.paying.sum(),
        "revenue": lambda t: t.revenue.sum(),
        "kept": lambda t: t.kept.sum(),
    }
    counts = by_slice(paid, sums, (), found, sizes.grain, limits, as_of)
    where = counts["cohort"], counts["slice"], counts["period"]
    paying, revenue, kept = (sizes.dense(*where, counts[name]) for name in sums)
    return Money(paying[:, 0].copy(), revenue[:, 0].copy(), paying, revenue, kept)


def nothing(sizes: Sizes) -> Money:
    """Where no cell is to be counted."""
    none = np.zeros_like(sizes.last_seen)
    return Money(none[:, 0], none[:, 0], none, none, none)
