"""The figures of a file, each as pandas would have it from the same rows."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from advisor.intake.canonical import Canonical
from advisor.intake.described import Described
from advisor.intake.engine import engine, literal, quoted
from advisor.intake.mapping import REQUIRED, Mapping
from advisor.profile.quality import Quality, judged

FLAGGED: Final = 0.2
"""A column with a greater share of missing values is flagged."""
_SIGMAS: Final = 3
_FENCES: Final = 1.5
"""Times the interquartile range beyond the quartiles (Tukey 1977, Exploratory Data Analysis)."""
_TOP: Final = 10
_REVENUE: Final = "sum(CASE WHEN type = 'refund' THEN -amount ELSE amount END)"


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """Of one column."""

    column: str
    kind: str
    """``moments``, ``numbers`` or ``words``, by most of its values."""
    missing: int
    share: float
    flagged: bool
    distinct: int
    """About."""


class Outliers(msgspec.Struct, frozen=True, kw_only=True):
    """Of a figure of the events, refunds apart."""

    what: str
    values: int
    mean: float
    deviation: float
    """Of the population."""
    beyond_sigmas: int
    lower_fence: float
    upper_fence: float
    beyond_fences: int


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """Of a calendar month, UTC."""

    month: str
    events: int
    customers: int
    revenue: float
    """Purchases less refunds."""


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One of those that bring the most."""

    product: str
    lines: int
    revenue: float


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Of one file."""

    rows: int
    events: int
    customers: int
    refunds: int
    rejected: dict[str, int]
    first: str | None
    last: str | None
    days: float
    doubles: int
    """Rows that are equal to an earlier one in every column."""
    future: int
    """Events after the moment at which the profile was made."""
    columns: tuple[Missing, ...]
    outliers: tuple[Outliers, ...]
    months: tuple[Month, ...]
    weekdays: tuple[int, ...]
    """Events from Monday to Sunday."""
    hours: tuple[int, ...]
    """Events by hour of the day; all at midnight where the file has dates alone."""
    products: int
    best: tuple[Product, ...]
    orders_of_customer: float | None
    """Median of the days on which a customer bought."""
    quality: Quality
    notes: tuple[str, ...]


def profile(
    rows: Path, events: Path, found: Described, mapping: Mapping, told: Canonical, now_ms: int
) -> Profile:
    """
    Args:
        rows: of `advisor.intake.reading.read`.
        events: `events.parquet` of `advisor.intake.events.canonical`.
        now_ms: what is later lies in the future.
    """
    with engine(events.parent) as connection:
        connection.execute(f"CREATE TEMP VIEW given AS SELECT * FROM read_parquet({literal(str(rows))})")
        connection.execute(f"CREATE TEMP VIEW told AS SELECT * FROM read_parquet({literal(str(events))})")
        doubles = _doubles(connection, [column.name for column in found.columns])
        future = _one(connection, f"SELECT count(*) FROM told WHERE time_ms > {int(now_ms)}")
        columns = _columns(found)
        months, weekdays, hours = _times(connection)
        best, products = _products(connection)
        outliers = tuple(
            told_of for what in ("amount", "quantity") if (told_of := _outliers(connection, what)) is not None
        )
        orders = _one(
            connection,
            'SELECT median(n) FROM (SELECT "user", count(DISTINCT time_ms // 86400000) AS n FROM told '
            "WHERE type <> 'refund' GROUP BY ALL)",
        )
    return Profile(
        rows=found.rows, events=told.events, customers=told.customers, refunds=told.refunds, rejected=told.rejected,
        first=_iso(told.first_ms), last=_iso(told.last_ms), days=told.days, doubles=doubles, future=future,
        columns=columns, outliers=outliers, months=months, weekdays=weekdays, hours=hours, products=products,
        best=best,
        orders_of_customer=orders,
        quality=judged(
            rows=found.rows, used=told.events, doubles=doubles, future=future, days=told.days,
            beyond=max((one.beyond_fences / one.values for one in outliers), default=0.0),
            missing=max(
                (c.share for c in columns if c.column in {mapping.columns.get(role) for role in REQUIRED}),
                default=0.0,
            ),
        ),
        notes=found.notes,
    )  # fmt: skip


def _columns(found: Described) -> tuple[Missing, ...]:
    def kind(column: Any) -> str:
        filled = max(found.rows - column.missing, 1)
        if column.time_format is not None and column.times >= filled / 2:
            return "moments"
        return "numbers" if column.numbers > filled / 2 else "words"

    return tuple(
        Missing(
            column=column.name, kind=kind(column), missing=column.missing, share=column.missing / found.rows,
            flagged=column.missing / found.rows > FLAGGED, distinct=column.distinct,
        )
        for column in found.columns
    )  # fmt: skip


def _doubles(connection: duckdb.DuckDBPyConnection, names: list[str]) -> int:
    listed = ", ".join(quoted(name) for name in names)
    return int(
        _one(
            connection,
            f"SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT {listed} FROM given)) FROM given",
        )
    )


def _outliers(connection: duckdb.DuckDBPyConnection, what: str) -> Outliers | None:
    values = f"SELECT {what}::DOUBLE AS v FROM told WHERE type <> 'refund' AND {what} IS NOT NULL"
    count, mean, deviation, first, third = connection.execute(
        f"SELECT count(v), avg(v), stddev_pop(v), quantile_cont(v, 0.25), quantile_cont(v, 0.75) FROM ({values})"
    ).fetchone() or (0, None, None, None, None)
    if not count:
        return None
    lower, upper = first - _FENCES * (third - first), third + _FENCES * (third - first)
    beyond, outside = connection.execute(
        f"SELECT count(*) FILTER (abs(v - $mean) > {_SIGMAS} * $deviation), "
        f"count(*) FILTER (v < $lower OR v > $upper) FROM ({values})",
        {"mean": mean, "deviation": deviation, "lower": lower, "upper": upper},
    ).fetchone() or (0, 0)
    return Outliers(
        what=what, values=count, mean=mean, deviation=deviation, beyond_sigmas=beyond, lower_fence=lower,
        upper_fence=upper, beyond_fences=outside,
    )  # fmt: skip


def _times(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[tuple[Month, ...], tuple[int, ...], tuple[int, ...]]:
    months = connection.execute(
        "SELECT strftime(make_timestamp(time_ms * 1000), '%Y-%m') AS month, count(*), count(DISTINCT \"user\"), "
        f"coalesce({_REVENUE}, 0) FROM told GROUP BY month ORDER BY month"
    ).fetchall()
    by_day = dict(
        connection.execute(
            "SELECT isodow(make_timestamp(time_ms * 1000)) - 1 AS d, count(*) FROM told GROUP BY d"
        ).fetchall()
    )
    by_hour = dict(
        connection.execute(
            "SELECT hour(make_timestamp(time_ms * 1000)) AS h, count(*) FROM told GROUP BY h"
        ).fetchall()
    )
    return (
        tuple(Month(month=m, events=e, customers=c, revenue=round(float(r), 2)) for m, e, c, r in months),
        tuple(by_day.get(day, 0) for day in range(7)),
        tuple(by_hour.get(hour, 0) for hour in range(24)),
    )


def _products(connection: duckdb.DuckDBPyConnection) -> tuple[tuple[Product, ...], int]:
    best = connection.execute(
        f"SELECT product, count(*) AS lines, coalesce({_REVENUE}, 0) AS money "
        f"FROM told WHERE product IS NOT NULL GROUP BY product ORDER BY money DESC, product LIMIT {_TOP}"
    ).fetchall()
    count = int(_one(connection, "SELECT count(DISTINCT product) FROM told"))
    return tuple(Product(product=p, lines=n, revenue=round(float(r), 2)) for p, n, r in best), count


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    return (connection.execute(query).fetchone() or (None,))[0]


def _iso(time_ms: int | None) -> str | None:
    return (
        None if time_ms is None else datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="seconds")
    )
