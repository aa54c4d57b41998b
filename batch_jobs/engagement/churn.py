"""The churn rate, as docs/engagement.md defines it, at one moment or many."""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any, Final

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.cohorts.counting import Counts, columns
from batch_jobs.cohorts.days import day, number_of
from batch_jobs.cohorts.slices import Slice, Top, coarser, coded, in_order, label
from batch_jobs.engagement import schema
from batch_jobs.engagement.active import in_slice
from batch_jobs.engagement.rows import table_of
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
    rows = rows.select(
        "user",
        "plan",
        "platform",
        "geography",
        "renewals",
        "cancelled",
        "signup",
        day=number_of(rows.day),
        cancel=ibis.cases((rows.cancelled.notnull(), number_of(rows.day)), else_=ibis.null("int64")),
    )
    joined = rows.join(star.users.select("user", *(f"{name}_at_origin" for name in DIMENSIONS)), "user")
    so_far = ibis.window(group_by=joined.user, order_by=joined.day, rows=(None, 0))
    from_then = ibis.window(group_by=joined.user, order_by=joined.day, rows=(1, None))
    joined = joined.mutate(
        left=joined.cancelled.max().over(so_far),
        came=joined.signup.max().over(so_far),
        next=joined.day.lead().over(ibis.window(group_by=joined.user, order_by=joined.day)),
        next_cancel=joined.cancel.min().over(from_then),
    )
    stands = joined.left.notnull() & (joined.came.isnull() | (joined.came <= joined.left))
    named = joined.plan.notnull() & (joined.plan != "")
    paid = (joined.renewals > 0) | (named & ~joined.plan.isin(sorted(UNPAID_PLANS)))
    held = joined.filter(~stands, paid, joined.next.fill_null(FOREVER) >= since)
    return held.select(
        begin=held.day + 1,
        end=held.next.fill_null(FOREVER) + 1,
        cancel=held.next_cancel.fill_null(FOREVER),
        **{name: coded(in_slice(held, name), top[name]).cast("int8") for name in DIMENSIONS},
    )


def on_mondays(rows: Table, at: Counts, inactivity: int) -> Table:
    """The same for many moments, which are Mondays: with `at`, one row a moment and subscriber."""
    starts = at - inactivity
    if len(at):
        first = int(starts[0])
        # most stretches end before the next of these days: they are let go before the join
        weeks = (rows.end - 1 - first) // 7 - (rows.begin - 1 - first) // 7
        rows = rows.filter(weeks > 0, rows.end > first, rows.begin <= int(starts[-1]))
    wanted = ibis.memtable(pa.table({"at": at, "start": starts}))
    there = rows.join(wanted, [rows.begin <= wanted.start, rows.end > wanted.start])
    return there.mutate(lost=(there.cancel < there["at"]).ifelse(1, 0))


def cancelling(rows: Table, at: int, inactivity: int) -> Table:
    """Subscribers at the beginning of the `inactivity` days before a moment, with `lost`: cancelled within them."""
    start = at - inactivity
    there = rows.filter(rows.begin <= start, rows.end > start)
    return there.mutate(lost=(there.cancel < at).ifelse(1, 0), at=ibis.literal(at, "int64"))


def single(found: Mapping[Slice, Mapping[str, Counts]], at: int) -> dict[Slice, tuple[int, int]]:
    """Users and lost at one moment, from columns by `at`."""
    return {
        piece: (int(of["users"][of["at"] == at].sum()), int(of["lost"][of["at"] == at].sum()))
        for piece, of in found.items()
    }


def told(at: int, definition: str, found: Mapping[Slice, tuple[int, int]]) -> Iterable[list[Any]]:
    """Rows of `schema.CHURN` at one moment."""
    for piece in in_order(found):
        users, lost = found[piece]
        if users:
            yield [day(at), definition, *piece, users, lost, lost / users, *wilson(lost, users)]


def table(rows: Iterable[list[Any]]) -> pa.Table:
    """`schema.CHURN`."""
    return table_of(schema.CHURN, list(rows))
