"""The first page: how many customers, how many of them at risk, what that costs, and whether all is well."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from console.shown.charts import COLOURS, cartesian, legend
from console.shown.figure import Figure
from console.shown.words import DASH, money, number, percent, title

MINOR: Final = 100
"""Parts of a unit of money in which the job `value` counts."""
TIERS: Final = ("high", "medium", "low")
_FIGURES: Final = ("active", "churn_rate", "revenue", "orders", "signups", "returned")


def figure_tiles(rows: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Of the job `overview`, with the period before beside each."""
    by_name = {row["figure"]: row for row in rows}
    return [_tile(by_name[name]) for name in _FIGURES if name in by_name]


def _tile(row: Mapping[str, Any]) -> Figure:
    def written(value: float | None) -> str:
        if row["unit"] == "share":
            return percent(value)
        return money(value) if row["unit"] == "money" else number(value)

    before = row["before"]
    beside = f"{row['since']} to {row['until']}" if before is None else f"{written(before)} the month before"
    return Figure(title(row["figure"]), written(row["value"]), beside)


def risk_tiles(at_risk: Sequence[Mapping[str, Any]], live: Mapping[str, int]) -> list[Figure]:
    """Customers at high and at medium risk now, and what the job `value` says of their money.

    Args:
        at_risk: rows of its table `revenue_at_risk`.
        live: customers by tier, now.
    """
    tiles = [
        Figure("At high risk", number(live.get("high")), "now"),
        Figure("At medium risk", number(live.get("medium")), "now"),
    ]
    whole = next((row for row in at_risk if row["grouping"] == "all"), None)
    if whole is not None:
        expected = money(whole["value"] / MINOR)
        tiles += [
            Figure("Money at risk", money(whole["at_risk"] / MINOR), f"of {expected} expected"),
            Figure(
                "Recoverable",
                money(whole["recoverable"] / MINOR),
                f"{number(whole['worth_contacting'])} customers are worth a contact",
            ),
        ]
    return tiles


def tiers_by(rows: Sequence[Mapping[str, Any]], grouping: str) -> dict[str, Any]:
    """Bars of customers by tier, of each group; those at low risk are left out, since they would dwarf the others.

    Args:
        rows: of the table `tiers` of the job `value`.
    """
    chosen = [row for row in rows if row["grouping"] == grouping and row["tier"] != "low"]
    groups = sorted({row["group"] for row in chosen})
    users = {(row["group"], row["tier"]): row["users"] for row in chosen}
    colours = {"high": COLOURS[4], "medium": COLOURS[1]}
    return cartesian(
        {"type": "category", "data": groups},
        {"type": "value", "minInterval": 1, "name": "Customers"},
        **legend(["High", "Medium"]),
        series=[
            {
                "type": "bar",
                "stack": "tiers",
                "name": tier.title(),
                "itemStyle": {"color": colours[tier]},
                "data": [users.get((group, tier), 0) for group in groups],
            }
            for tier in ("high", "medium")
        ],
    )


def churn_rows(rows: Sequence[Mapping[str, Any]], most: int = 12) -> list[tuple[str, str, str, str]]:
    """Groups with the highest churn rates first: dimension and value, customers, lost, rate."""
    groups = sorted((row for row in rows if row["users"]), key=lambda row: -row["rate"])
    return [
        (
            "all" if row["dimension"] == "all" else f"{row['dimension']}: {row['value'] or DASH}",
            number(row["users"]),
            number(row["lost"]),
            percent(row["rate"]),
        )
        for row in groups[:most]
    ]


def health(ready: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Of each part: its name, whether it is well, and why."""
    return [
        (title(name), "well" if check["ok"] else "not well", str(check["reason"]))
        for name, check in ready.get("checks", {}).items()
    ]
