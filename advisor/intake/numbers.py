"""Numbers as people write them: with a decimal point or comma, thousands apart, a sign of money before or behind."""

from typing import Final, Literal, NamedTuple

import duckdb

from advisor.intake.engine import literal

Decimal = Literal[".", ","]
_MONEY: Final = "[€$£¥₹]|EUR|USD|GBP|CHF"
_PATTERNS: Final[dict[Decimal, str]] = {
    ".": r"[-+]?(\d{1,3}([,' ]\d{3})+|\d+)(\.\d*)?([eE][-+]?\d{1,2})?|[-+]?\.\d+",
    ",": r"[-+]?(\d{1,3}([.' ]\d{3})+|\d+)(,\d*)?|[-+]?,\d+",
}


class Numbers(NamedTuple):
    """Of one column."""

    values: int
    negative: int
    decimal: Decimal


def bare(value: str) -> str:
    """SQL: the text without signs of money and blanks around; (12) is −12, as books write it."""
    plain = f"trim(regexp_replace(replace({value}, '\u00a0', ' '), {literal(_MONEY)}, '', 'g'))"
    return f"regexp_replace(regexp_replace({plain}, '^\\((.*)\\)$', '-\\1'), '^(.*\\d)-$', '-\\1')"


def parsed(value: str, decimal: Decimal) -> str:
    """SQL: the number as DECIMAL(18, 4), null where it is none."""
    plain = bare(value)
    fits = f"regexp_full_match({plain}, {literal(_PATTERNS[decimal])})"
    between = literal("[, ']" if decimal == "." else "[. ']")
    joined = f"regexp_replace({plain}, {between}, '', 'g')"
    if decimal == ",":
        joined = f"replace({joined}, ',', '.')"
    return f"CASE WHEN {fits} THEN try_cast({joined} AS DECIMAL(18, 4)) END"


def found(connection: duckdb.DuckDBPyConnection, value: str) -> Numbers:
    """By the convention that more values fit; by the point where both fit as many."""
    point, comma, point_negative, comma_negative = connection.execute(
        f"SELECT count(p), count(c), count(*) FILTER (p < 0), count(*) FILTER (c < 0) FROM "
        f"(SELECT {parsed(value, '.')} AS p, {parsed(value, ',')} AS c FROM given)"
    ).fetchone() or (0, 0, 0, 0)
    if comma > point:
        return Numbers(int(comma), int(comma_negative), ",")
    return Numbers(int(point), int(point_negative), ".")
