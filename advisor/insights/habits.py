"""What customers of a file are grouped by: the features of `batch_jobs.segments.features`, out of its events.

The batch job has them from the star, which for one file would take longer than all else that is done with it. A file
names no sessions: activities of a customer that follow one another within the gap of a session are one.
"""

from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from advisor.intake.engine import literal
from batch_jobs.segments.features import NAMES, TREND_DAYS, WINDOW_DAYS
from batch_jobs.star.events import SILENT
from domain.calendar import DAY_MS
from domain.events import EVENT_TYPES
from domain.settings import FactSettings


class Habits(NamedTuple):
    """Everybody who had come before a midnight, by name."""

    users: list[str]
    features: npt.NDArray[np.float64]
    """Natural units, in the order of `NAMES`, shape (n, features)."""
    active: npt.NDArray[np.bool_]
    """Whether the last activity lies within the inactivity limit before the midnight."""
    came: npt.NDArray[np.bool_]
    """Whether an activity lies at or after it."""


def habits(events: Path, facts: FactSettings, until: int) -> Habits:
    """As of a midnight.

    Args:
        events: `events.parquet` of `advisor.intake.events.canonical`.
        until: days since 1970-01-01 UTC, exclusive.
    """
    opening = [name for name, (opens, _) in EVENT_TYPES.items() if opens]
    asked = _HABITS.format(
        events=f"read_parquet({literal(str(events))})",
        opening=", ".join(literal(name) for name in (*opening, *facts.session_types)),
        silent=", ".join(literal(name) for name in SILENT),
        day=DAY_MS, gap=facts.session_gap_ms, limit=facts.inactivity_ms // DAY_MS, until=until, window=WINDOW_DAYS,
        trend=TREND_DAYS,
    )  # fmt: skip
    with duckdb.connect() as connection:
        found = connection.sql(asked).to_arrow_table()
    columns = [found[name].to_numpy() for name in NAMES]
    return Habits(
        found["user"].to_pylist(),
        np.column_stack(columns),
        found["active"].to_numpy(),
        found["came"].to_numpy(),
    )


_HABITS: Final = """
WITH lines AS (
  SELECT "user", time_ms, row, type, order_id, time_ms // {day} AS day, type IN ({opening}) AS act,
    CASE WHEN type IN ('purchase', 'renewal') THEN 1 WHEN type = 'refund' THEN -1 ELSE 0 END
      * CAST(round(coalesce(amount, 0) * 100) AS BIGINT) AS net
  FROM {events}
), followed AS (
  SELECT *, lag(time_ms) OVER likes AS before, lag(order_id) OVER sales AS order_before,
    lag(day) OVER sales AS day_before
  FROM lines
  WINDOW likes AS (PARTITION BY "user", act ORDER BY time_ms, row),
    sales AS (PARTITION BY "user", type = 'purchase' ORDER BY time_ms, row)
), days AS (
  SELECT "user", day, count(*) FILTER (act) AS activities, count(*) FILTER (type = 'page_view') AS pages,
    -- whole seconds; the first activity of a session adds none
    coalesce(sum(time_ms // 1000 - before // 1000)
      FILTER (act AND time_ms - before <= {gap} AND type <> 'session_start'), 0) AS seconds,
    -- consecutive lines of an order are one
    count(*) FILTER (type = 'purchase' AND NOT coalesce(order_id = order_before AND day_before >= day - 1, false))
      + count(*) FILTER (type = 'renewal') AS orders,
    sum(net) AS net
  FROM followed GROUP BY ALL
), users AS (
  SELECT "user", coalesce(
    min(time_ms) FILTER (type = 'signup'), min(time_ms) FILTER (type NOT IN ({silent})), min(time_ms)
  ) // {day} AS origin_day
  FROM lines GROUP BY ALL HAVING origin_day < {until}
), sums AS (
  SELECT "user",
    max(day) FILTER (recent AND activities > 0) AS last_day,
    count(*) FILTER (recent AND activities > 0) AS active_days,
    count(*) FILTER (day < {until} AND activities > 0) AS days_seen,
    count(*) FILTER (day >= {until} AND activities > 0) AS later_days,
    count(*) FILTER (day >= {until} - {trend} AND day < {until} AND activities > 0) AS late,
    count(*) FILTER (day >= {until} - 2 * {trend} AND day < {until} - {trend} AND activities > 0) AS early,
    coalesce(sum(seconds) FILTER (recent), 0) AS seconds, coalesce(sum(pages) FILTER (recent), 0) AS pages,
    coalesce(sum(orders) FILTER (recent), 0) AS orders, coalesce(sum(net) FILTER (recent), 0) AS net
  FROM (SELECT *, day >= {until} - {window} AND day < {until} AS recent FROM days) GROUP BY ALL
)
SELECT "user", coalesce(last_day >= {until} - {limit}, false) AS active, later_days > 0 AS came,
  least({until} - coalesce(last_day, origin_day), {window} + 1)::DOUBLE AS recency_days,
  days_seen::DOUBLE AS days_seen, active_days::DOUBLE AS active_days,
  seconds::DOUBLE / 60 / greatest(active_days, 1) AS minutes_a_day,
  pages::DOUBLE / greatest(active_days, 1) AS pages_a_day,
  orders::DOUBLE AS orders, greatest(net, 0)::DOUBLE / 100 AS revenue,
  CASE WHEN late + early > 0 THEN (late - early)::DOUBLE / (late + early) ELSE 0 END AS trend
FROM users JOIN sums USING ("user") ORDER BY "user"
"""
