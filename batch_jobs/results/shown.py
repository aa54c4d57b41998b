"""Result tables as one document: nested where people think in curves and cohorts, rows elsewhere."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

Tables = Mapping[str, pa.Table]

_CURVE: Final = ("day", "survival", "lower", "upper", "at_risk")
_GRAINS: Final = {"week": "cohorts", "day": "cohorts_by_day", "month": "cohorts_by_month"}
ALL: Final = "all"
VIEW: Final = "passage"
KIND: Final = "classic"
KEPT: Final = "kept_"
"""What the names of tables begin with that a job goes on from, and that are told to nobody who does not ask for
them."""


def told(tables: Tables) -> dict[str, pa.Table]:
    """Tables for people."""
    return {name: table for name, table in tables.items() if not name.startswith(KEPT)}


def document(job: str, tables: Tables) -> dict[str, Any]:
    """All tables of a job that are told.

    Of `survival`, `curves` are rows of day, survival, lower, upper and at_risk by group: `all`, `plan=pro` and so on,
    by churn time. Of `retention`, `cohorts` are the weekly ones of everybody, and `periods` the share that was active
    in each week since, as far as weeks are over.
    """
    shown: dict[str, Any] = dict(told(tables))
    if job == "survival" and "curves" in tables:
        shown["curves"] = curves(tables["curves"])
    if job == "retention" and {"cohorts", "retention"} <= set(tables):
        del shown["retention"]
        shown |= cohorts(tables["cohorts"], tables["retention"])
    return {name: part.to_pylist() if isinstance(part, pa.Table) else part for name, part in shown.items()}


def curves(table: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """By group, in the order of the table."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        if row["view"] == VIEW:
            found.setdefault(group_name(row["group_kind"], row["group"]), []).append(
                {name: row[name] for name in _CURVE}
            )
    return found


def group_name(kind: str, group: str) -> str:
    """Of a curve: `all`, or the dimension and its value."""
    return ALL if kind == ALL else f"{kind}={group}"


def cohorts(sizes: pa.Table, cells: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """By grain: cohorts of everybody, the first one first."""
    ratios: dict[tuple[str, Any], dict[int, float]] = {}
    for row in cells.to_pylist():
        if row["dimension"] == ALL and row["kind"] == KIND:
            ratios.setdefault((row["grain"], row["cohort"]), {})[row["period"]] = row["ratio"]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in _GRAINS.values()}
    members = [row for row in sizes.to_pylist() if row["dimension"] == ALL]
    for row in sorted(members, key=lambda row: row["cohort"]):
        periods = ratios.get((row["grain"], row["cohort"]), {})
        found[_GRAINS[row["grain"]]].append(
            {"cohort": row["cohort"], "size": row["size"], "periods": _up_to_the_first_gap(periods)}
        )
    return found


def _up_to_the_first_gap(periods: Mapping[int, float]) -> list[float]:
    """By period from 0 on; what is not ripe is not there, so that there is no gap but at the end."""
    listed: list[float] = []
    while len(listed) in periods:
        listed.append(periods[len(listed)])
    return listed
