"""Customers of a file: the grid, and which of them are shown."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from console.shown.words import DASH, day, money, number, percent

PAGE: Final = 100
TIERS: Final = {"": "All tiers", "high": "High", "medium": "Medium", "low": "Low", "gone": "Gone"}
COLUMNS: Final[tuple[dict[str, Any], ...]] = (
    {"field": "user", "headerName": "Customer", "minWidth": 110, "flex": 2},
    {
        "field": "tier", "headerName": "Tier", "minWidth": 85, "flex": 1,
        "cellClassRules": {"tier-high": "x === 'high'", "tier-medium": "x === 'medium'"},
    },
    {"field": "risk", "headerName": "Risk", "type": "rightAligned", "minWidth": 80, "flex": 1},
    {"field": "before", "headerName": "A week ago", "type": "rightAligned", "minWidth": 105, "flex": 1},
    {"field": "at_risk", "headerName": "At risk", "type": "rightAligned", "minWidth": 95, "flex": 1},
    {"field": "orders", "headerName": "Orders", "type": "rightAligned", "minWidth": 85, "flex": 1},
    {"field": "last", "headerName": "Last purchase", "minWidth": 120, "flex": 1},
    {"field": "why", "headerName": "Why", "minWidth": 320, "flex": 6, "tooltipField": "why"},
)  # fmt: skip


def rows(items: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Of the grid, in their order."""
    return [
        {
            "user": item["user"],
            "tier": item["tier"],
            "risk": percent(item["probability"]),
            "before": percent(item["probability_week_ago"]),
            "at_risk": money(item["value_at_risk"]),
            "orders": number(item["orders"]),
            "last": day(item["last_purchase_ms"]),
            "why": why(item["drivers"]),
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
