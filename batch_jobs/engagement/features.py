"""Most used features, and users who converted: few rows of facts, counted by period."""

from typing import Any

import ibis
import pyarrow as pa
from ibis.expr.types import IntegerColumn, Table

from batch_jobs.cohorts.counting import Counts, columns
from batch_jobs.cohorts.days import GrainName, day, month_of, number_of, start, week_of
from batch_jobs.engagement import schema
from batch_jobs.engagement.rows import table_of

LAST_30_DAYS = "last_30_days"


def _period(grain: GrainName, table: Table) -> IntegerColumn:
    return week_of(number_of(table.day)) if grain == "week" else month_of(table.day)


def used(usage: Table, grain: GrainName, periods: Counts, active: Counts, limit: int) -> list[list[Any]]:
    """Rows of `schema.FEATURES` of weeks or months.

    Args:
        periods: numbers of weeks or months, consecutive.
        active: users active in each.
    """
    if not len(periods):
        return []
    first, last = int(periods[0]), int(periods[-1])
    rows = usage.filter(usage.day >= day(start(grain, first)), usage.day < day(start(grain, last + 1)))
    ranked = _ranked(rows.mutate(period=_period(grain, rows)), limit)
    return [
        [grain, day(start(grain, row["period"])), *_row(row, int(active[row["period"] - first]))]
        for row in ranked
    ]


def used_lately(usage: Table, as_of: int, active: int, limit: int) -> list[list[Any]]:
    """Rows of `schema.FEATURES` of the 30 days before the as-of.

    Args:
        active: users active in them.
    """
    begin = day(as_of - 30)
    rows = usage.filter(usage.day >= begin)
    ranked = _ranked(rows.mutate(period=ibis.literal(0, "int64")), limit)
    return [[LAST_30_DAYS, begin, *_row(row, active)] for row in ranked]


def _ranked(rows: Table, limit: int) -> list[dict[str, Any]]:
    by_user = rows.group_by("period", "feature", "user").agg(
        uses=rows.uses.sum(), category=rows.category.max()
    )
    by_feature = by_user.group_by("period", "feature").agg(
        users=by_user.count(), uses=by_user.uses.sum(), category=by_user.category.max()
    )
    best = ibis.window(
        group_by=by_feature.period,
        order_by=[by_feature.users.desc(), by_feature.uses.desc(), by_feature.feature],
    )
    ranked = by_feature.mutate(rank=ibis.row_number().over(best) + 1)
    kept = ranked.filter(ranked["rank"] <= limit).order_by("period", "rank")
    found: list[dict[str, Any]] = kept.to_pyarrow().to_pylist()
    return found


def _row(row: dict[str, Any], active: int) -> list[Any]:
    # a feature is used by active users only: there is somebody to divide by
    return [
        row["rank"], row["feature"], row["category"], row["users"], row["uses"], active, row["users"] / active
    ]  # fmt: skip


def table(rows: list[list[Any]]) -> pa.Table:
    """`schema.FEATURES`."""
    return table_of(schema.FEATURES, rows)


def converted(daily: Table, grain: GrainName, periods: Counts, active: Counts) -> pa.Table:
    """`schema.CONVERSION` of weeks or months; arguments as of `used`."""
    if not len(periods):
        return schema.CONVERSION.empty_table()
    first, last = int(periods[0]), int(periods[-1])
    rows = daily.filter(
        daily.first_active.notnull(),
        daily.conversions > 0,
        daily.day >= day(start(grain, first)),
        daily.day < day(start(grain, last + 1)),
    )
    users = rows.select("user", period=_period(grain, rows)).distinct()
    counts = columns(users.group_by("period").agg(users=users.count()))
    by_period = dict(zip(counts["period"].tolist(), counts["users"].tolist(), strict=True))
    told = [
        [grain, day(start(grain, period)), whole, by_period.get(period, 0), by_period.get(period, 0) / whole]
        for period, whole in zip(periods.tolist(), active.tolist(), strict=True)
        if whole
    ]
    return table_of(schema.CONVERSION, told)
