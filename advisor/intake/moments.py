"""Moments as files write them; which of day and month comes first is told by all rows together."""

import re
from typing import Final, NamedTuple

import duckdb

from advisor.intake.engine import literal, quoted
from advisor.intake.names import ROW
from domain.events import MAX_TIME_MS, MIN_TIME_MS

ISO: Final = "iso"
SECONDS: Final = "seconds"
MILLISECONDS: Final = "milliseconds"
_DIGITS: Final = re.compile(r"\d.*\d.*\d")
"""No moment has fewer: 1/2/03 has four, and a year alone is none."""
_SAMPLE: Final = 50
_ENOUGH: Final = 0.5
"""Share of the values that must fit, for a column to be one of moments."""

_DAY_FIRST: Final = ("%d{s}%m{s}%Y", "%d{s}%m{s}%y")
_MONTH_FIRST: Final = ("%m{s}%d{s}%Y", "%m{s}%d{s}%y")
_OTHER_DATES: Final = (
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
)
_CLOCKS: Final = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S")


class Moments(NamedTuple):
    """Of one column."""

    values: int
    format: str | None
    ambiguous: bool


def parsed(value: str, written: str) -> str:
    """SQL: milliseconds since 1970-01-01 UTC, null where it is no moment of the years 2000 to 2089.

    Args:
        written: a format of `Column.time_format`. Times without a zone are taken as UTC.
    """
    if written == ISO:
        # with an offset where it has one
        moment = f"epoch_ms(coalesce(try_cast({value} AS TIMESTAMPTZ), try_cast({value} AS TIMESTAMP)::TIMESTAMPTZ))"
        moment = f"CASE WHEN regexp_matches({value}, '^\\d{{4}}-') THEN {moment} END"
    elif written == SECONDS:
        moment = f"try_cast(trunc(try_cast({value} AS DOUBLE) * 1000) AS BIGINT)"
    elif written == MILLISECONDS:
        moment = f"try_cast(try_cast({value} AS DOUBLE) AS BIGINT)"
    else:
        moment = f"epoch_ms(try_strptime({value}, [{', '.join(literal(one) for one in written.split('|'))}]))"
    return f"CASE WHEN {moment} >= {MIN_TIME_MS} AND {moment} < {MAX_TIME_MS} THEN {moment} END"


def found(connection: duckdb.DuckDBPyConnection, value: str, values: int) -> Moments:
    """The format that most values fit."""
    none = Moments(0, None, False)
    sample = [
        text
        for (text,) in connection.execute(
            f"SELECT {value} AS v FROM given WHERE v IS NOT NULL ORDER BY {quoted(ROW)} LIMIT {_SAMPLE}"
        ).fetchall()
        if _DIGITS.search(text)
    ]
    tried = _fitting(connection, sample) if sample else []
    if not tried:
        return none
    counts = (
        connection.execute(
            "SELECT " + ", ".join(f"count({parsed(value, one)})" for one in tried) + " FROM given"
        ).fetchone()
        or ()
    )
    best = max(counts)
    if best < _ENOUGH * max(values, 1):
        return none
    likely = [one for one, count in zip(tried, counts, strict=True) if count == best]
    if len(likely) == 1:
        return Moments(int(best), likely[0], False)
    # 3/4/2011 may be two days: files are mostly in order, so the right reading goes back the least
    back = {
        one: (connection.execute(
            f"SELECT count(*) FILTER (t < before) FROM (SELECT t, lag(t) OVER (ORDER BY {quoted(ROW)}) AS before "
            f"FROM (SELECT {quoted(ROW)}, {parsed(value, one)} AS t FROM given) WHERE t IS NOT NULL)"
        ).fetchone() or (0,))[0]
        for one in likely
    }  # fmt: skip
    first = min(likely, key=lambda one: back[one])
    return Moments(int(best), first, sum(count == back[first] for count in back.values()) > 1)


def _formats() -> list[str]:
    ordered = (
        tuple(one.format(s=sign) for one in order) for sign in "/.-" for order in (_DAY_FIRST, _MONTH_FIRST)
    )
    dates = (*ordered, *((one,) for one in _OTHER_DATES))
    return [ISO, SECONDS, MILLISECONDS, *map(_with_clocks, dates)]


def _with_clocks(dates: tuple[str, ...]) -> str:
    return "|".join(f"{date}{clock}" for date in dates for clock in _CLOCKS)


def _fitting(connection: duckdb.DuckDBPyConnection, sample: list[str]) -> list[str]:
    """Formats that some of the values fit."""
    formats = _formats()
    counted = ", ".join(f"count({parsed('v', one)})" for one in formats)
    counts = connection.execute(
        f"SELECT {counted} FROM (SELECT unnest(?::VARCHAR[]) AS v)", [sample]
    ).fetchone()
    return [one for one, count in zip(formats, counts or (), strict=True) if count]
