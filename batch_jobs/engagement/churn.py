"""The churn rate, as docs/engagement.md defines it, at one moment or many."""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any, Final

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import IntegerColumn, Table

from batch_jobs.cohorts.counting import Counts, columns
from batch_jobs.cohorts.days import day, number_of
from batch_jobs.cohorts.slices import Slice, Top, coarser, coded, in_order, label
from batch_jobs.engagement import schema
from batch_jobs.engagement.active import by_code, in_slice
from batch_jobs.engagement.rows import table_of
from batch_jobs.engagement.spans import covering
from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star
from domain.columns import UNPAID_PLANS
from online_model.quality.intervals import wilson

FOREVER: Final = 1 << 30


def moments(begins: int, since: int, as_of: int, inactivity: int, weeks: int) -> Counts:
    """The as-of, and the Mondays before it that lie after `since`, if both windows lie within the log."""
    mondays = [at for at in range(as_of - 7 * weeks, as_of) if (at + 3) % 7 == 0 and at > since]
    return np.array([at for at in (*mondays, as_of) if at - 2 * inactivity >= begins], np.int64)


def recent(active: Table, inactivity: int, at: int) -> Table:
    """One row a user active in the earlier window, with `lost`; at its last day there, with the codes of then."""
    rows = active.filter(active.day >= at - 2 * inactivity, active.day < at - inactivity)
    rows = rows.filter(rows.day + rows.gap >= at - inactivity)
    return rows.mutate(lost=(rows.day + rows.gap >= at).ifelse(1, 0))


def by_single(rows: Table, top: Top) -> dict[Slice, tuple[int, int]]:
    """Users and lost of everybody and by dimension, of rows with `lost`."""
    counts = by_code(rows, ("lost",), ("users",), top)
    return {
        piece: (int(of["users"].sum()), int(of["users"][of["lost"] == 1].sum()))
        for piece, of in counts.items()
    }


def by_pair(rows: Table, top: Top, paired: int) -> dict[Slice, tuple[int, int]]:
    """Users and lost by pair of dimensions."""
    measures = {"users": rows.count(), "lost": rows.lost.sum()}
    found: dict[Slice, tuple[int, int]] = {}
    for one, other in combinations(DIMENSIONS, 2):
        counts = columns(
            rows.group_by(one=rows[one].cast("int64"), other=rows[other].cast("int64")).agg(**measures)
        )
        for a, b, users, lost in zip(
            *(counts[n].tolist() for n in ("one", "other", "users", "lost")), strict=True
        ):
            names = label(coarser(a, paired), top[one]), label(coarser(b, paired), top[other])
            piece = Slice(one, names[0], other, names[1])
            before = found.get(piece, (0, 0))
            found[piece] = before[0] + users, before[1] + lost
    return found


def subscriptions(star: Star, top: Top, since: int) -> Table:
    """Stretches of days at whose beginning a user subscribes, with the codes of their first day.

    A user subscribes at the beginning of a day when the last day before it that says something left a paid plan, said
    or renewed, and no cancellation stands: one does until a later signup. Columns: `begin`, `end` (exclusive), and
    `cancel`, the day of the next cancellation; far away where there is none.

    Args:
        since: stretches that end before that day has begun are left out.
    """
    daily = star.daily
    rows = daily.filter(
        (daily.plan.notnull() & (daily.plan != ""))
        | daily.cancelled.notnull()
        | daily.signup.notnull()
        | (daily.renewals > 0)
    )
    joined = rows.join(star.users.select("user", *(f"{name}_at_origin" for name in DIMENSIONS)), "user")
    named = joined.plan.notnull() & (joined.plan != "")
    narrow = joined.select(
        "user",
        day=number_of(joined.day),
        paid=(joined.renewals > 0) | (named & ~joined.plan.isin(sorted(UNPAID_PLANS))),
        **{name: coded(in_slice(joined, name), top[name]).cast("int8") for name in DIMENSIONS},
    )
    placed = narrow.mutate(
        next=narrow.day.lead().over(ibis.window(group_by=narrow.user, order_by=narrow.day)).fill_null(FOREVER)
    )
    held = placed.filter(placed.paid, placed.next >= since)
    marked = held.left_join(
        _cancellations(daily).rename(who="user", on="day"), [("user", "who"), ("day", "on")]
    )
    kept = marked.filter(~marked.stands.fill_null(False))
    return kept.select(
        *DIMENSIONS, begin=kept.day + 1, end=kept.next + 1, cancel=kept.next_cancel.fill_null(FOREVER)
    )


def _cancellations(daily: Table) -> Table:
    """Of the days of users who have ever cancelled: whether a cancellation `stands` then, and the `next_cancel`."""
    who = daily.filter(daily.cancelled.notnull()).select("user").distinct()
    rows = daily.semi_join(who, "user")
    day_number = number_of(rows.day)
    rows = rows.select(
        "user",
        "cancelled",
        "signup",
        day=day_number,
        cancel=ibis.cases((rows.cancelled.notnull(), day_number), else_=ibis.null("int64")),
    )
    so_far = ibis.window(group_by=rows.user, order_by=rows.day, rows=(None, 0))
    from_then = ibis.window(group_by=rows.user, order_by=rows.day, rows=(1, None))
    rows = rows.mutate(
        left=rows.cancelled.max().over(so_far),
        came=rows.signup.max().over(so_far),
        next_cancel=rows.cancel.min().over(from_then),
    )
    stands = rows.left.notnull() & (rows.came.isnull() | (rows.came <= rows.left))
    return rows.select("user", "day", "next_cancel", stands=stands)


def in_weeks(rows: Table, first: int, count: int, inactivity: int) -> Table:
    """Stretches as numbers of moments, which are a week apart: `begin`, `end` (exclusive), and `lost`.

    From `lost` on the next cancellation falls into the days that the moment looks at; at `end` if it never does.

    Args:
        first: the first moment less `inactivity`: where its subscribers are counted.
        count: of moments.
    """

    def moment(at: IntegerColumn) -> IntegerColumn:
        return ibis.greatest(ibis.least((at - first + 6) // 7, count), 0)

    told = rows.mutate(
        begin=moment(rows.begin), end=moment(rows.end), lost=moment(rows.cancel - inactivity + 1)
    )
    told = told.filter(told.begin < told.end)
    return told.mutate(lost=ibis.greatest(ibis.least(told.lost, told.end), told.begin))


def weekly(weeks: Mapping[Slice, Mapping[str, Counts]], count: int) -> dict[Slice, tuple[Counts, Counts]]:
    """Users and lost by moment, of `in_weeks` counted."""
    return {
        piece: (
            covering(of["begin"], of["end"], of["users"], 0, count - 1),
            covering(of["lost"], of["end"], of["users"], 0, count - 1),
        )
        for piece, of in weeks.items()
    }


def cancelling(rows: Table, at: int, inactivity: int) -> Table:
    """Subscribers at the beginning of the `inactivity` days before a moment, with `lost`: cancelled within them."""
    start = at - inactivity
    there = rows.filter(rows.begin <= start, rows.end > start)
    return there.mutate(lost=(there.cancel < at).ifelse(1, 0))


def told(at: int, definition: str, found: Mapping[Slice, tuple[int, int]]) -> Iterable[list[Any]]:
    """Rows of `schema.CHURN` at one moment."""
    for piece in in_order(found):
        users, lost = found[piece]
        if users:
            yield [day(at), definition, *piece, users, lost, lost / users, *wilson(lost, users)]


def table(rows: Iterable[list[Any]]) -> pa.Table:
    """`schema.CHURN`."""
    return table_of(schema.CHURN, list(rows))
