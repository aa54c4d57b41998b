"""Values of features as people write them. What is not known, or cannot be, has no words."""

import math
from collections.abc import Mapping
from typing import Final

from domain.catalogue import CATALOGUE, CODED, INDEX

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_READABLE: Final = 1e9
_CODES: Final = 2**32  # `domain.columns.code_of`: most codes are above what is readable as an amount
_SHARES: Final = frozenset({"consistency", "refunded_share", "positive_ratio"}) | {
    f.name for f in CATALOGUE if f.name.endswith("_share")
}
_TRENDS: Final = frozenset(f.name for f in CATALOGUE if "_trend_" in f.name)


def known(feature: str, value: float) -> bool:
    """Whether this can be a value of the feature."""
    if feature in _TRENDS:
        return -1 <= value <= 1
    if (
        feature in _SHARES
    ):  # refunds may outweigh what was spent, but not by as much as a percentage cannot hold
        return 0 <= value < _READABLE
    return math.isfinite(value) and value >= 0


def in_words(feature: str, value: float, names: Mapping[int, str]) -> str:
    """A value with its unit: ``19 days``, ``12.50``, ``35 %``, ``November``; ``not known`` where it is not.

    Args:
        names: of codes.
    """
    if not known(feature, value):
        return "not known"
    value += 0.0  # minus zero becomes zero
    form = CATALOGUE[INDEX[feature]]
    if feature in CODED:
        return names.get(int(value), f"#{value:.0f}") if value < _CODES else "not known"
    if feature == "month_of_year":
        return _MONTHS[int(value) - 1] if 1 <= value < 13 else "not known"
    if feature == "paid":
        return "yes" if value >= 0.5 else "no"
    if feature in _SHARES:
        return f"{number(100 * value)} %"
    if form.unit == "d":
        return days(value)
    if form.unit == "min":
        return f"{number(value)} min"
    if form.unit == "money":
        return f"{value:,.2f}" if value < _READABLE else f"{value:.3g}"
    if form.kind == "count":
        return number(value)
    if value >= 10:
        return number(value)
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def number(value: float) -> str:
    """A whole number."""
    return f"{value:,.0f}" if value < _READABLE else f"{value:.3g}"


def days(value: float) -> str:
    """A stretch of time that is given in days: minutes and hours where it is short."""
    if value < 1 / 24:
        return f"{max(round(value * 1440), 1)} min" if value > 0 else "0 min"
    if value < 2:
        hours = round(value * 24)
        return f"{hours} hour" if hours == 1 else f"{hours} hours"
    return f"{number(value)} days"
