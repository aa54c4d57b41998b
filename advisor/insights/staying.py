"""Who stays: cohorts by the month of their first purchase, and the share that is not lost yet by days since it.

A customer is lost the first time that no purchase comes within the silence that makes a customer gone, at the end of
that silence; who is not lost by the end of the file is censored there. The curve is that of the batch job
(`batch_jobs.survival.curve`): Kaplan & Meier (1958) with log-log limits.
"""

from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
import pandas as pd

from advisor.intake.engine import literal
from batch_jobs.survival.curve import fit, median
from domain.calendar import DAY_MS

ALPHA: Final = 0.05
MOST_DAYS: Final = 730


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One cohort in one month."""

    cohort: str
    """Month of the first purchase, `2011-05`."""
    period: int
    """Months after it; only months that the file has all of."""
    size: int
    retained: int
    """Customers with a purchase in that month."""
    ratio: float


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """Of the curve."""

    day: int
    """Since the first purchase."""
    survival: float | None
    """Share that is not lost; None where nobody is followed so far."""
    lower: float | None
    upper: float | None
    at_risk: int


class Staying(msgspec.Struct, frozen=True, kw_only=True):
    """Of a file."""

    cohorts: list[Cell]
    curve: list[Day]
    median: tuple[int | None, int | None, int | None]
    """Days until half are lost, with its limits; None where that does not happen."""


def staying(events: Path, inactivity_days: int) -> Staying:
    """Of the purchases of a file.

    Args:
        events: `events.parquet` of `advisor.intake.events.canonical`.
    """
    with duckdb.connect() as connection:
        bought = (
            f"(SELECT \"user\", time_ms FROM read_parquet({literal(str(events))}) WHERE type = 'purchase')"
        )
        cells = connection.execute(_COHORTS.format(bought=bought)).fetchall()
        everything = f"read_parquet({literal(str(events))})"
        asked = _LIVES.format(
            bought=bought, everything=everything, silence=inactivity_days * DAY_MS, day=DAY_MS
        )
        lives = connection.execute(asked).fetchall()
    return Staying(cohorts=[_cell(row) for row in cells], **_curve(lives))


_COHORTS: Final = """
WITH months AS (
  SELECT DISTINCT "user", year(make_timestamp(time_ms * 1000)) * 12 + month(make_timestamp(time_ms * 1000)) - 1 AS m
  FROM {bought}
), firsts AS (SELECT "user", min(m) AS first FROM months GROUP BY ALL),
sizes AS (SELECT first, count(*) AS size FROM firsts GROUP BY ALL),
-- the last month goes on behind the end of the file
periods AS (
  SELECT first, size, unnest(generate_series(0, (SELECT max(m) FROM months) - 1 - first)) AS period FROM sizes
)
SELECT first, period, size, count(months."user")
FROM periods JOIN firsts USING (first)
LEFT JOIN months ON months."user" = firsts."user" AND months.m = first + period
GROUP BY ALL ORDER BY first, period
"""
_LIVES: Final = """
WITH gaps AS (
  SELECT "user", time_ms, min(time_ms) OVER (PARTITION BY "user") AS first,
    coalesce(
      lead(time_ms) OVER (PARTITION BY "user" ORDER BY time_ms), (SELECT max(time_ms) FROM {everything})
    ) AS next
  FROM {bought}
), losses AS (
  SELECT "user", min(time_ms) + {silence} AS lost FROM gaps WHERE next - time_ms >= {silence} GROUP BY ALL
)
SELECT (coalesce(lost, (SELECT max(time_ms) FROM {everything})) - first) // {day} AS duration,
  (lost IS NOT NULL)::INTEGER AS event, count(*) AS users
FROM (SELECT DISTINCT "user", first FROM gaps) LEFT JOIN losses USING ("user") GROUP BY ALL ORDER BY ALL
"""


def _cell(row: tuple[int, int, int, int]) -> Cell:
    first, period, size, retained = row
    cohort = f"{first // 12:04d}-{first % 12 + 1:02d}"
    return Cell(cohort=cohort, period=period, size=size, retained=retained, ratio=retained / size)


def _curve(lives: list[tuple[int, int, int]]) -> dict[str, Any]:
    if not lives:
        return {"curve": [], "median": (None, None, None)}
    counts = pd.DataFrame(lives, columns=["duration", "event", "users"]).assign(entry=0)
    found = fit(counts, min(int(counts["duration"].max()), MOST_DAYS), ALPHA)
    days = [
        Day(day=day, survival=_known(s), lower=_known(low), upper=_known(high), at_risk=int(n))
        for day, (s, low, high, n) in enumerate(
            zip(found.survival, found.lower, found.upper, found.table.at_risk, strict=False)
        )
    ]
    return {"curve": days, "median": median(found)}


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
