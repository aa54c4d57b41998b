"""User-days with activity: what comes before and after each, and in which slice the user was then."""

from typing import Final

import ibis
import numpy as np
from ibis.expr.types import StringColumn, Table

from batch_jobs.cohorts.counting import Counts, columns
from batch_jobs.cohorts.days import month_of, number_of, week_of
from batch_jobs.cohorts.slices import EVERYBODY, Slice, Top, coded, in_order, label
from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star

TWO_MONTHS: Final = 62
"""Whoever is away for longer misses a whole calendar month."""
GRAINS: Final = ("day", "week", "month")


def longest(inactivity: int) -> int:
    """Gaps between days of activity count up to so many days: no figure tells longer ones apart."""
    return max(TWO_MONTHS, 2 * inactivity)


def in_slice(rows: Table, name: str) -> StringColumn:
    """What the dimension was on the day, of rows joined to users: what the day says, else what the origin said.

    Of the channel the first counts, so that is the origin's.
    """
    origin = rows[f"{name}_at_origin"]
    return origin if name == "channel" else rows[name].nullif("").fill_null(origin)


def active_days(star: Star, top: Top, since: int | None, gap: int) -> Table:
    """One row a user and day with activity.

    Columns: `day`; `gap`, days until the next one, `gap` at most, also where there is none; `fresh`, whether it is
    the first of all; `first_in_…`, `kept_in_…`: whether it is the user's first in the day, week or month, and whether
    the user was active in the one before too; codes of the dimensions; sums of the day.

    Args:
        since: no earlier day is read; what came before it counts as if there were nothing.
    """
    daily, users = star.daily, star.users
    rows = daily.filter(daily.first_active.notnull()).select(
        "user",
        "sessions",
        "session_ms",
        "pages",
        "conversions",
        *(name for name in DIMENSIONS if name != "channel"),
        day=number_of(daily.day),
        month=month_of(daily.day),
    )
    if since is not None:
        rows = rows.filter(rows.day >= since)
    people = users.select(
        "user",
        *(f"{name}_at_origin" for name in DIMENSIONS),
        begun=number_of(users.first_active.date()),
    )
    joined = rows.join(people, "user")
    narrow = joined.select(
        "user",
        "day",
        "month",
        "begun",
        "sessions",
        "session_ms",
        "pages",
        "conversions",
        **{name: coded(in_slice(joined, name), top[name]).cast("int8") for name in DIMENSIONS},
    )
    by_user = ibis.window(group_by=narrow.user, order_by=narrow.day)
    placed = narrow.mutate(
        before=narrow.day.lag().over(by_user),
        month_before=narrow.month.lag().over(by_user),
        next=narrow.day.lead().over(by_user),
    )
    now = {"day": placed.day, "week": week_of(placed.day), "month": placed.month}
    then = {"day": placed.before, "week": week_of(placed.before), "month": placed.month_before}
    none, wide = placed.before.isnull(), placed.next - placed.day
    return placed.select(
        "day",
        "sessions",
        "session_ms",
        "pages",
        *DIMENSIONS,
        gap=ibis.cases((wide.isnull() | (wide > gap), gap), else_=wide).cast("int16"),
        fresh=(placed.day == placed.begun).ifelse(1, 0).cast("int8"),
        converted=(placed.conversions > 0).ifelse(1, 0).cast("int8"),
        **{f"first_in_{g}": (none | (then[g] < now[g])).ifelse(1, 0).cast("int8") for g in GRAINS},
        **{
            f"kept_in_{g}": (then[g] == now[g] - 1).fill_null(False).ifelse(1, 0).cast("int8") for g in GRAINS
        },
    )


def by_code(
    active: Table, keys: tuple[str, ...], sums: tuple[str, ...], top: Top
) -> dict[Slice, dict[str, Counts]]:
    """Columns of keys and of sums by slice: of everybody and of each dimension. One query, a group-by a dimension.

    Args:
        sums: columns of whole numbers; `users` counts rows.
    """
    found: dict[Slice, dict[str, Counts]] = {}
    measures = {name: active.count() if name == "users" else active[name].sum() for name in sums}
    parts = (
        active.group_by(*keys, dimension=ibis.literal(n), code=active[name].cast("int64")).agg(**measures)
        for n, name in enumerate(DIMENSIONS)
    )
    rows = columns(ibis.union(*parts, distinct=False))
    for n, name in enumerate(DIMENSIONS):
        mine = rows["dimension"] == n
        for code in np.unique(rows["code"][mine]).tolist():
            here = mine & (rows["code"] == code)
            found[Slice(name, label(code, top[name]))] = {k: rows[k][here] for k in (*keys, *sums)}
    if not found:
        return {EVERYBODY: {name: np.zeros(0, np.int64) for name in (*keys, *sums)}}
    # a key may occur more than once there: whoever reads it adds up
    first = [part for piece, part in found.items() if piece.dimension == DIMENSIONS[0]]
    found[EVERYBODY] = {name: np.concatenate([part[name] for part in first]) for name in first[0]}
    return {piece: found[piece] for piece in in_order(found)}
