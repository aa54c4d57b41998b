"""Kinds of customers of a file: as the live stream's segments are shown, of customers and money of the file."""

from collections.abc import Mapping
from typing import Any, Final

from console.shown.charts import COLOURS
from console.shown.segments import centre_table, movement_table, outcomes, picture
from console.shown.words import DASH, money, number, percent

NOTHING: Final[Mapping[str, Any]] = {"segments": [], "centres": [], "points": [], "axes": [], "movement": []}
_ALL: Final = "All kinds"


def kinds(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a training tells of them; nothing of a training of before."""
    return summary.get("segmentation") or NOTHING


def names(summary: Mapping[str, Any]) -> list[str]:
    """The largest first, at most as many as there are colours."""
    return [row["segment"] for row in kinds(summary)["segments"]][: len(COLOURS)]


def choices(summary: Mapping[str, Any]) -> dict[str, str]:
    """To look at one kind or all."""
    return {"": _ALL, **{row["segment"]: row["segment"] for row in kinds(summary)["segments"]}}


def kind_rows(summary: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Kind, customers, share, not gone, revenue of 90 days, and how many of those who could be lost were."""
    return [
        (
            row["segment"],
            number(row["customers"]),
            percent(row["share"]),
            number(row["active"]),
            money(row["revenue"]),
            DASH if row["churn"] is None else _churn(row),
        )
        for row in kinds(summary)["segments"]
    ]


def kinds_map(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Customers of a sample and the middles of the groups."""
    told = kinds(summary)
    return picture(told["points"], told["axes"], names(summary))


def kinds_lost(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Share of each kind that was lost within the last inactivity limit."""
    return outcomes(kinds(summary)["segments"], names(summary))


def kinds_centres(summary: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """What is typical of each group, without what no customer has, such as pages where the file tells of none."""
    centres = kinds(summary)["centres"]
    told = {feature for centre in centres for feature, value in centre["features"].items() if value}
    rows = [
        {
            "group": centre["group"],
            "segment": centre["segment"],
            "users": centre["customers"],
            "feature": feature,
            "centre": value,
        }
        for centre in centres
        for feature, value in centre["features"].items()
        if feature in told
    ]
    heads, cells = centre_table(rows)
    return [heads[0], "Customers", *heads[2:]], cells


def kinds_moved(summary: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """From where to where customers went within the last inactivity limit."""
    rows = [
        {"from_segment": row["before"], "to_segment": row["now"], "users": row["customers"]}
        for row in kinds(summary)["movement"]
    ]
    return movement_table(rows, names(summary))


def _churn(row: Mapping[str, Any]) -> str:
    limits = f"{100 * row['low']:.1f} to {100 * row['high']:.1f}"
    return f"{percent(row['churn'])} ({limits}) of {row['known']:,}"
