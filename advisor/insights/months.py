"""Revenue and customers by complete calendar month, and what the next three and six bring."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import numpy as np

from advisor.intake.engine import literal
from batch_jobs.value.methods import Series
from batch_jobs.value.series import forecasts, history

SERIES: Final = ("revenue", "customers")


class Months(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of `batch_jobs.value.tables`: HISTORY, FORECAST and BACKTEST; money of the file, months are UTC."""

    history: list[dict[str, Any]]
    forecast: list[dict[str, Any]]
    """Empty where the history is not twice as long; step 0 is the sum of the others."""
    backtest: list[dict[str, Any]]


def months(events: Path) -> Months:
    """Of the events of a file.

    Args:
        events: `events.parquet` of `advisor.intake.events.canonical`.
    """
    first, series = complete(events)
    ahead, tried = forecasts(first, series)
    return Months(history=history(first, series), forecast=ahead, backtest=tried)


def complete(events: Path) -> tuple[int, dict[str, Series]]:
    """Number of the first complete month (year · 12 + month − 1), and each series by month from it on.

    A month counts if the file has all of it: the first if it begins on its first day, the last if another follows.
    Revenue is purchases less refunds, customers those with a purchase.
    """
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT year(t) * 12 + month(t) - 1 AS m, sum(CASE WHEN type = 'refund' THEN -amount ELSE amount END), "
            "count(DISTINCT \"user\") FILTER (type = 'purchase'), min(time_ms), max(time_ms) FROM "
            f"(SELECT *, make_timestamp(time_ms * 1000) AS t FROM read_parquet({literal(str(events))})) "
            "GROUP BY m ORDER BY m"
        ).fetchall()
    if not rows:
        return 0, {name: np.zeros(0) for name in SERIES}
    begins = datetime.fromtimestamp(rows[0][3] / 1000, UTC)
    first, last = rows[0][0] + (begins.day > 1), rows[-1][0]
    found = {name: np.zeros(max(last - first, 0)) for name in SERIES}
    for month, revenue, customers, *_ in rows:
        if first <= month < last:
            found["revenue"][month - first] = float(revenue or 0)
            found["customers"][month - first] = customers
    return first, found
