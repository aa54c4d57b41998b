"""Job `overview`: a few figures of everybody, and the churn rate of each dimension's values."""

from datetime import date, timedelta
from typing import Any, Final

import ibis
import pyarrow as pa
from ibis.expr.types import Table, Value

from batch_jobs.job import Progress, Tables
from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star
from domain.alerts import DAY_MS

FIGURES: Final = pa.schema(
    [
        pa.field("figure", pa.string(), nullable=False),
        pa.field("value", pa.float64()),  # null where it cannot be known
        pa.field("before", pa.float64()),  # the same of the period before; null where there is none
        pa.field("unit", pa.string(), nullable=False),  # users, sessions, orders, money or share
        pa.field("since", pa.date32(), nullable=False),  # first day of the period of `value`
        pa.field("until", pa.date32(), nullable=False),  # the day after its last: the as-of
    ]
)
"""`figures`: over everybody, in the order of `_UNITS`. Periods are as long as `inactivity_days`."""

CHURN: Final = pa.schema(
    [
        pa.field("dimension", pa.string(), nullable=False),  # `all`, or one of the star's
        pa.field("value", pa.string(), nullable=False),  # `unknown` where none is known
        pa.field("users", pa.int64(), nullable=False),  # who could be lost in the period
        pa.field("lost", pa.int64(), nullable=False),
        pa.field("rate", pa.float64()),  # lost / users; null without users
    ]
)
"""`churn`: `all` first, then by dimension, most users first, at most `MOST` values of each and `other`."""

MOST: Final = 20
ALL: Final = "all"
UNKNOWN: Final = "unknown"
OTHER: Final = "other"
_UNITS: Final = {
    "users": "users", "signups": "users", "active": "users", "returned": "users", "could_be_lost": "users",
    "lost": "users", "churn_rate": "share", "sessions": "sessions", "orders": "orders", "revenue": "money",
    "refunds": "money", "revenue_per_active_user": "money",
}  # fmt: skip


class Overview:
    """The job."""

    name = "overview"

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """Tables `figures` and `churn`; figures of a time before the first event are null."""
        progress("activity", 0.0)
        periods = _Periods(star)
        activity = periods.activity()
        progress("churn", 0.4)
        churn = periods.churn(activity)
        progress("figures", 0.8)
        return {"figures": periods.figures(churn), "churn": churn}


class _Periods:
    """The last period of `inactivity_days` up to the as-of, and the one before it."""

    def __init__(self, star: Star) -> None:
        self._star = star
        self._days = star.settings.inactivity_ms // DAY_MS
        self._end = star.as_of.date()
        self._middle = self._end - timedelta(days=self._days)
        self._begin = self._end - timedelta(days=2 * self._days)

    def _whole(self, begins: date) -> bool:
        """Whether the log reaches back to the beginning of a period."""
        return self._star.begins is not None and self._star.begins.date() <= begins

    def activity(self) -> Table:
        """Users with activity in the earlier period, and whether they had any since: `user`, `before`, `since`."""
        daily = self._star.daily.filter(
            self._star.daily.day >= ibis.literal(self._begin), self._star.daily.first_active.notnull()
        )
        since = daily.day >= ibis.literal(self._middle)
        return daily.group_by("user").aggregate(
            before=(~since).ifelse(1, 0).max(), since=since.ifelse(1, 0).max()
        )

    def churn(self, activity: Table) -> pa.Table:
        """See `CHURN`.

        For losses by silence: of the users active in the period before the last, those without activity since. For
        cancellations: of the subscribers at the beginning of the last period, those who have cancelled in it.
        """
        users = self._star.users
        middle = ibis.timestamp(f"{self._middle.isoformat()}T00:00:00", timezone="UTC")
        cancelled = users.cancelled.notnull() & (users.cancelled >= middle)
        at_stake: Value
        if self._star.settings.churn == "cancellation":
            at_stake = users.paid.notnull() & (users.paid < middle) & (users.cancelled.isnull() | cancelled)
            lost = cancelled
            seen = users
        else:
            seen = users.join(activity, "user")
            at_stake = seen.before == 1
            lost = seen.since == 0
            if self._star.settings.churn == "either":
                lost = lost | (seen.cancelled.notnull() & (seen.cancelled >= middle))
        cells = (
            seen.filter(at_stake)
            .group_by([seen[name].fill_null(UNKNOWN).name(name) for name in DIMENSIONS])
            .aggregate(users=lambda t: t.count(), lost=lost.ifelse(1, 0).sum())
        )
        rows = [_row(ALL, ALL, *_total(cells))]
        for dimension in DIMENSIONS:
            rows += _shortened(dimension, cells)
        return pa.Table.from_pylist(rows, CHURN)

    def figures(self, churn: pa.Table) -> pa.Table:
        """See `FIGURES`."""
        star = self._star
        found = dict.fromkeys(_UNITS, (None, None)) | self._sums() | self._of_users()
        everybody = churn.slice(0, 1).to_pylist()[0]
        found["could_be_lost"] = (everybody["users"], None)
        found["lost"] = (everybody["lost"], None)
        found["churn_rate"] = (everybody["rate"], None)
        for place, active in enumerate(found["active"]):
            if active:
                pair = list(found["revenue_per_active_user"])
                revenue = found["revenue"][place]
                pair[place] = None if revenue is None else revenue / active
                found["revenue_per_active_user"] = (pair[0], pair[1])
        whole = (star.begins is not None, self._whole(self._begin))
        rows = [
            {
                "figure": name,
                "value": _number(found[name][0]) if whole[0] else None,
                "before": _number(found[name][1]) if whole[1] else None,
                "unit": unit,
                "since": self._middle,
                "until": self._end,
            }
            for name, unit in _UNITS.items()
        ]
        return pa.Table.from_pylist(rows, FIGURES)

    def _sums(self) -> dict[str, tuple[Any, Any]]:
        """From the days of both periods."""
        daily = self._star.daily.filter(self._star.daily.day >= ibis.literal(self._begin))
        by_period = (
            daily.mutate(late=(daily.day >= ibis.literal(self._middle)).ifelse(1, 0))
            .group_by("late")
            .aggregate(
                active=lambda t: t.user.nunique(where=t.first_active.notnull()),
                sessions=lambda t: t.sessions.sum(),
                orders=lambda t: t.orders.sum(),
                revenue=lambda t: (t.spent + t.renewed - t.refunded).sum(),
                refunds=lambda t: t.refunded.sum(),
            )
            .to_pyarrow()
            .to_pylist()
        )
        by_late = {row["late"]: row for row in by_period}
        money = ("revenue", "refunds")

        def of(late: int, name: str) -> Any:
            value = by_late.get(late, {}).get(name) or 0
            return value / 100 if name in money else value

        return {name: (of(1, name), of(0, name)) for name in ("active", "sessions", "orders", *money)}

    def _of_users(self) -> dict[str, tuple[Any, Any]]:
        """From the users: how many there are, have come and have come back, by period."""
        users = self._star.users
        middle = ibis.timestamp(f"{self._middle.isoformat()}T00:00:00", timezone="UTC")
        begin = ibis.timestamp(f"{self._begin.isoformat()}T00:00:00", timezone="UTC")
        row = (
            users.aggregate(
                users=users.count(),
                users_before=(users.origin < middle).ifelse(1, 0).sum(),
                signups=(users.origin >= middle).ifelse(1, 0).sum(),
                signups_before=((users.origin >= begin) & (users.origin < middle)).ifelse(1, 0).sum(),
                returned=(users.returned >= middle).ifelse(1, 0).sum(),
                returned_before=((users.returned >= begin) & (users.returned < middle)).ifelse(1, 0).sum(),
            )
            .to_pyarrow()
            .to_pylist()[0]
        )
        return {
            name: (row[name] or 0, row[f"{name}_before"] or 0) for name in ("users", "signups", "returned")
        }


def _total(cells: Table) -> tuple[int, int]:
    row = cells.aggregate(users=cells.users.sum(), lost=cells.lost.sum()).to_pyarrow().to_pylist()[0]
    return row["users"] or 0, row["lost"] or 0


def _shortened(dimension: str, cells: Table) -> list[dict[str, Any]]:
    """The values with the most users, and the others as one."""
    found = (
        cells.group_by(dimension)
        .aggregate(users=cells.users.sum(), lost=cells.lost.sum())
        .order_by([ibis.desc("users"), dimension])
        .to_pyarrow()
        .to_pylist()
    )
    rows = [_row(dimension, row[dimension], row["users"], row["lost"]) for row in found[:MOST]]
    if rest := found[MOST:]:
        rows.append(
            _row(dimension, OTHER, sum(row["users"] for row in rest), sum(row["lost"] for row in rest))
        )
    return rows


def _row(dimension: str, value: str, users: int, lost: int) -> dict[str, Any]:
    rate = lost / users if users else None
    return {"dimension": dimension, "value": value, "users": users, "lost": lost, "rate": rate}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
