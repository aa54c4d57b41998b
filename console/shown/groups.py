"""Groups of customers as one choice: a dimension and its value."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from console.shown.words import title

ALL: Final = "all"
EVERYBODY: Final = "Everybody"
UNKNOWN: Final = "unknown"


def options(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Labels by choice, everybody first; pairs of dimensions are left out.

    Args:
        rows: with `dimension`, `value` and `second`.
    """
    found = {f"{ALL}={ALL}": EVERYBODY}
    for row in rows:
        if not row["second"] and row["dimension"] != ALL:
            found[f"{row['dimension']}={row['value']}"] = f"{title(row['dimension'])}: {row['value']}"
    return found


def dimensions(rows: Iterable[Mapping[str, Any]], column: str = "dimension") -> dict[str, str]:
    """Labels of those of which more is known than that nothing is; everybody first."""
    told = [row[column] for row in rows if row[column] != ALL and _told(row)]
    return {ALL: EVERYBODY, **{name: f"By {name}" for name in dict.fromkeys(told)}}


def parted(choice: str) -> tuple[str, str]:
    """Dimension and value."""
    dimension, _, value = choice.partition("=")
    return dimension, value


def _told(row: Mapping[str, Any]) -> bool:
    return not row.get("second") and UNKNOWN not in (row.get("value"), row.get("group"))
