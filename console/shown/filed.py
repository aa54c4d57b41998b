"""Customers of a file: the grid, and which of them are shown."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final
from urllib.parse import quote

from console.shown.charts import cartesian, legend
from console.shown.figure import Figure
from console.shown.words import DASH, day, money, number, percent, signed

PAGE: Final = 100
SORTS: Final = {"value": "Most money at risk", "risk": "Highest risk", "changed": "Risen most in a week"}
TIERS: Final = {"": "All tiers", "high": "High", "medium": "Medium", "low": "Low", "gone": "Gone"}
COLUMNS: Final[tuple[dict[str, Any], ...]] = (
    {"field": "user", "headerName": "Customer", "minWidth": 110, "flex": 2},
    {
        "field": "tier", "headerName": "Tier", "minWidth": 85, "flex": 1,
        "cellClassRules": {"tier-high": "x === 'high'", "tier-medium": "x === 'medium'"},
    },
    {"field": "segment", "headerName": "Kind", "minWidth": 110, "flex": 1},
    {"field": "risk", "headerName": "Risk", "type": "rightAligned", "minWidth": 80, "flex": 1},
    {"field": "before", "headerName": "A week ago", "type": "rightAligned", "minWidth": 105, "flex": 1},
    {"field": "at_risk", "headerName": "At risk", "type": "rightAligned", "minWidth": 95, "flex": 1},
    {"field": "orders", "headerName": "Orders", "type": "rightAligned", "minWidth": 85, "flex": 1},
    {"field": "last", "headerName": "Last purchase", "minWidth": 120, "flex": 1},
    {"field": "why", "headerName": "Why", "minWidth": 300, "flex": 5, "tooltipField": "why"},
    {"field": "action", "headerName": "What to do", "minWidth": 220, "flex": 4, "tooltipField": "action"},
)  # fmt: skip


def address(id_: str, user: str) -> str:
    """Of the page of one customer of a file."""
    return f"/file/customer?id={quote(id_, safe='')}&user={quote(user, safe='')}"


def rows(items: Sequence[Mapping[str, Any]], id_: str) -> list[dict[str, str]]:
    """Of the grid, in their order.

    Args:
        id_: of the file.
    """
    return [
        {
            "user": f'<a href="{escape(address(id_, item["user"]))}">{escape(item["user"])}</a>',
            "tier": item["tier"],
            "segment": item["segment"] or DASH,
            "risk": percent(item["probability"]),
            "before": percent(item["probability_week_ago"]),
            "at_risk": money(item["value_at_risk"]),
            "orders": number(item["orders"]),
            "last": day(item["last_purchase_ms"]),
            "why": why(item["drivers"]),
            "action": item["action"] or "",
        }
        for item in items
    ]


def why(drivers: Sequence[Mapping[str, Any]] | None) -> str:
    """What raises the risk of somebody, the heaviest first; what lowers it, if nothing does."""
    told = drivers or ()
    raising = [one["text"] for one in told if one["direction"] == "raises"]
    return "; ".join(raising or [one["text"] for one in told]) or DASH


def range_words(start: int, shown: int, total: int) -> str:
    """Which rows are shown, of how many."""
    return f"{start + 1:,} to {start + shown:,} of {total:,}" if shown else "No customer fits."


def driver_rows(drivers: Sequence[Mapping[str, Any]] | None) -> list[tuple[str, str, str]]:
    """Reason, direction and log-odds, the heaviest first."""
    return [(one["text"], f"{one['direction']} the risk", signed(one["weight"])) for one in drivers or ()]


def months(rows_: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a customer has spent by month, and what was refunded."""
    return cartesian(
        {"type": "category", "data": [row["month"] for row in rows_]},
        {"type": "value", "name": "Money"},
        **legend(["Spent", "Refunded"]),
        series=[
            {"type": "bar", "name": "Spent", "data": [row["spent"] for row in rows_]},
            {"type": "bar", "name": "Refunded", "data": [-row["refunded"] for row in rows_]},
        ],
    )


def facts(customer: Mapping[str, Any]) -> list[Figure]:
    """The first look at one."""
    before = customer["probability_week_ago"]
    return [
        Figure(
            "Risk",
            percent(customer["probability"]),
            "" if before is None else f"{percent(before)} a week ago",
        ),
        Figure(
            "Money at risk", money(customer["value_at_risk"]), f"of {money(customer['value'])} of half a year"
        ),
        Figure(
            "Silent for", f"{number(customer['silence_days'], 1)} days", day(customer["last_purchase_ms"])
        ),
        Figure("Orders", number(customer["orders"]), f"in {number(customer['tenure_days'])} days"),
        Figure("Revenue", money(customer["revenue"]), "less refunds"),
    ]
