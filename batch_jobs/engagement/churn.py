"""The churn rate, as docs/engagement.md defines it, at one moment or many."""

import math
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
from batch_jobs.engagement.active import by_code
from batch_jobs.engagement.rows import table_of
from batch_jobs.engagement.spans import covering
from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star
from domain.columns import UNPAID_PLANS
from online_model.quality.intervals import wilson

FOREVER: Final = 1 << 30
_OF_DAY: Final = tuple(name for name in DIMENSIONS if name != "channel")
"""Dimensions that a day may say; of the channel the first counts."""


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
    pairs = list(combinations(DIMENSIONS, 2))
    together = rows.group_by(*DIMENSIONS).agg(users=rows.count(), lost=rows.lost.sum())
    parts = (
        together.select(
            "users",
            "lost",
            pair=ibis.literal(n),
            one=together[one].cast("int64"),
            other=together[other].cast("int64"),
        )
        for n, (one, other) in enumerate(pairs)
    )
    every = ibis.union(*parts, distinct=False)
    counts = columns(
        every.group_by("pair", "one", "other").agg(users=every.users.sum(), lost=every.lost.sum())
    )
    found: dict[Slice, tuple[int, int]] = {}
    for n, a, b, users, lost in zip(
        *(counts[name].tolist() for name in ("pair", "one", "other", "users", "lost")), strict=True
    ):
        one, other = pairs[n]
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
    recent = _said(rows.filter(rows.day >= day(since)), top)
    # of what was before, one row a user: the last, with the latest moments of all
    early = _said(rows.filter(rows.day < day(since)), top)
    wide = _width(top)
    last = early.group_by("user").agg(
        cancelled=early.cancelled.max(), signup=early.signup.max(), last=(early.day * wide + early.said).max()
    )
    last = last.select("user", "cancelled", "signup", day=last["last"] // wide, said=last["last"] % wide)
    both = last.union(recent.select(*last.columns))
    both = both.mutate(cancel=both.cancelled.isnull().ifelse(ibis.null("int64"), both.day))
    by_day = {"group_by": both.user, "order_by": both.day}
    so_far, from_then = ibis.window(**by_day, rows=(None, 0)), ibis.window(**by_day, rows=(1, None))
    placed = both.mutate(
        next=both.day.lead().over(ibis.window(**by_day)).fill_null(FOREVER),
        left=both.cancelled.max().over(so_far),
        came=both.signup.max().over(so_far),
        next_cancel=both.cancel.min().over(from_then).fill_null(FOREVER),
    )
    stands = placed.left.notnull() & (placed.came.isnull() | (placed.came <= placed.left))
    kept = placed.filter(placed.said % 2 == 1, placed.next >= since, ~stands)
    joined = kept.join(star.users.select("user", *(f"{name}_at_origin" for name in DIMENSIONS)), "user")
    return joined.select(
        begin=joined.day + 1, end=joined.next + 1, cancel=joined.next_cancel, **_codes(joined, top)
    )


def _said(rows: Table, top: Top) -> Table:
    """What days say: `paid` and the codes of the dimensions in one number, `said`, which is odd for a paid plan."""
    paid = (rows.renewals > 0) | ((rows.plan != "") & ~rows.plan.isin(sorted(UNPAID_PLANS))).fill_null(False)
    said = ibis.literal(0, "int64")
    for name in _OF_DAY:
        said = said * (len(top[name]) + 2) + coded(rows[name], top[name])
    said = said * 2 + paid.ifelse(1, 0)
    return rows.select("user", "cancelled", "signup", day=number_of(rows.day), said=said)


def _width(top: Top) -> int:
    """So many numbers may be `said`."""
    return 2 * math.prod(len(top[name]) + 2 for name in _OF_DAY)


def _codes(rows: Table, top: Top) -> dict[str, IntegerColumn]:
    """Codes of the dimensions, as `in_slice` has them, of rows with `said`."""
    found = {"channel": coded(rows.channel_at_origin, top["channel"])}
    said = rows.said // 2
    for name in reversed(_OF_DAY):
        here = said % (len(top[name]) + 2)
        found[name] = (here == 0).ifelse(coded(rows[f"{name}_at_origin"], top[name]), here)
        said = said // (len(top[name]) + 2)
    return {name: found[name].cast("int8") for name in DIMENSIONS}


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
