"""How good a file is for telling who leaves, from 0 to 10, with what was taken off and why."""

from typing import Final

import msgspec

_YEAR_DAYS: Final = 365.0


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """A score, and what it is made of."""

    score: float
    """10 less what was taken off, to the tenth."""
    taken_off: dict[str, float]
    """By reason, a sentence each."""


def judged(
    *, rows: int, used: int, doubles: int, future: int, days: float, beyond: float, missing: float
) -> Quality:
    """At most 4 points for rows that cannot be used and missing customers, dates or amounts, 2 for doubles, 1 for
    events of the future, 1 for outliers, 2 for a history of less than a year.

    Args:
        beyond: greatest share of values beyond the fences.
        missing: greatest share of missing values in a column that is needed.
    """
    unusable, double, early = 1 - used / rows, doubles / rows, future / max(used, 1)
    found = {
        f"{unusable:.1%} of the rows cannot be used, of values that are needed up to {missing:.1%} are missing": min(
            8 * max(unusable, missing), 4.0
        ),
        f"{double:.1%} of the rows are doubles": min(20 * double, 2.0),
        f"{early:.1%} of the events lie in the future": min(20 * early, 1.0),
        f"{beyond:.1%} of the amounts or quantities lie far outside": min(5 * beyond, 1.0),
        f"{days:,.0f} days are less than a year, so seasons cannot be told from leaving": max(
            2 * (1 - days / _YEAR_DAYS), 0.0
        ),
    }
    off = {why: round(points, 2) for why, points in found.items() if round(points, 2) > 0}
    return Quality(score=round(max(10 - sum(off.values()), 0.0), 1), taken_off=off)
