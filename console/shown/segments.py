"""Kinds of customers: the map, who is in each, what became of them and where they went."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from console.shown.charts import COLOURS, INK, cartesian, legend
from console.shown.words import DASH, money, number, percent, plain

Rows = Sequence[Mapping[str, Any]]

MINOR: Final = 100
"""Parts of a unit of money in which the job counts."""
NOBODY: Final = "not there"
_HEAVIEST: Final = 2
_DIGITS: Final = {"recency_days": 1, "days_seen": 1, "active_days": 1, "minutes_a_day": 1, "pages_a_day": 1}


def largest_first(segments: Rows) -> list[str]:
    """Names, in the order in which all tables and pictures have them."""
    return [row["segment"] for row in sorted(segments, key=lambda row: (-row["users"], row["segment"]))]


def segment_rows(segments: Rows) -> list[tuple[str | tuple[str, str], ...]]:
    """Segment with the way to its customers, users, share, those who are not gone, and revenue of 90 days."""
    by_name = {row["segment"]: row for row in segments}
    return [
        (
            (name, customers_of(name)),
            number(by_name[name]["users"]),
            percent(by_name[name]["share"]),
            number(by_name[name]["active"]),
            money(by_name[name]["revenue"] / MINOR),
        )
        for name in largest_first(segments)
    ]


def customers_of(segment: str) -> str:
    """Address of the explorer of one segment."""
    return f"/customers?segment={quote(segment, safe='')}"


def picture(points: Rows, axes: Rows, names: Sequence[str]) -> dict[str, Any]:
    """Users of the sample and centres of the groups, on the two axes that tell them apart best.

    Args:
        names: of the segments, in their order.
    """
    return cartesian(
        {"type": "value", "name": axis_words(axes, "x"), "scale": True},
        # its name stands above it, and would be cut off if it stood at 0
        {
            "type": "value",
            "name": axis_words(axes, "y"),
            "scale": True,
            "axisLine": {"onZero": False, "show": False},
        },
        tooltip={"show": False},
        **legend(names),
        series=[
            {
                "type": "scatter",
                "name": name,
                "symbolSize": 14 if kind == "centre" else 4,
                "symbol": "diamond" if kind == "centre" else "circle",
                "silent": True,
                "itemStyle": {
                    "color": colour,
                    **({"borderColor": INK, "borderWidth": 2} if kind == "centre" else {"opacity": 0.5}),
                },
                "data": [
                    [round(row["x"], 2), round(row["y"], 2)]
                    for row in points
                    if row["segment"] == name and row["kind"] == kind
                ],
            }
            for kind in ("user", "centre")
            for name, colour in zip(names, COLOURS, strict=False)
        ],
    )


def axis_words(axes: Rows, axis: str) -> str:
    """What an axis is made of: its heaviest features with their sign, and how much it explains."""
    own = sorted((row for row in axes if row["axis"] == axis), key=lambda row: -abs(row["loading"]))
    if not own:
        return axis
    words = ", ".join(
        f"{'+' if row['loading'] > 0 else '−'} {plain(row['feature'])}" for row in own[:_HEAVIEST]
    )
    return f"{words} ({percent(own[0]['explained'], 0)})"


def centre_table(centres: Rows) -> tuple[list[str], list[list[str]]]:
    """What is typical of each group of the algorithm that serves: a row a group, a column a feature."""
    served = [row for row in centres if row["segment"] is not None]
    features = list(dict.fromkeys(row["feature"] for row in served))
    groups: dict[int, list[Mapping[str, Any]]] = {}
    for row in served:
        groups.setdefault(row["group"], []).append(row)
    ordered = sorted(groups.values(), key=lambda rows: -rows[0]["users"])
    rows = [
        [rows[0]["segment"], number(rows[0]["users"]), *(_centre(rows, feature) for feature in features)]
        for rows in ordered
    ]
    return ["Group", "Users", *(plain(feature) for feature in features)], rows


def outcome_rows(next_period: Rows, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Of each segment at the beginning of the period: users, lost of those who could be, churn, and money a user.

    Args:
        names: of the segments, in their order.
    """
    return [
        (
            row["segment"],
            number(row["users"]),
            f"{row['lost']:,} of {row['known']:,}",
            DASH
            if row["churn"] is None
            else f"{percent(row['churn'])} ({100 * row['low']:.1f} to {100 * row['high']:.1f})",
            money(row["revenue_a_user"] / MINOR),
        )
        for row in _in_order(next_period, names)
    ]


def outcomes(next_period: Rows, names: Sequence[str]) -> dict[str, Any]:
    """Churn rate of each segment in the period that is over."""
    rows = [row for row in _in_order(next_period, names) if row["churn"] is not None]
    return cartesian(
        {"type": "value", "min": 0, "name": "lost, %"},
        {"type": "category", "data": [row["segment"] for row in rows], "inverse": True},
        tooltip={"trigger": "item", "confine": True, "formatter": "{b}: {c} %"},
        grid={"left": 12, "right": 50, "top": 8, "bottom": 30, "containLabel": True},
        series=[
            {
                "type": "bar",
                "name": "Lost, %",
                "barMaxWidth": 36,
                "data": [
                    {
                        "value": round(100 * row["churn"], 1),
                        "itemStyle": {"color": COLOURS[names.index(row["segment"]) % len(COLOURS)]},
                    }
                    for row in rows
                ],
                "label": {"show": True, "position": "right", "color": INK, "formatter": "{c} %"},
            }
        ],
    )


def movement_table(movement: Rows, names: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Where users went: a row a segment of then, a column a segment of now; users and their share of the row."""
    known = [row[end] for row in movement for end in ("from_segment", "to_segment") if row[end] is not None]
    ends = [*names, *sorted({*known} - {*names}), NOBODY]
    counts = {(row["from_segment"] or NOBODY, row["to_segment"] or NOBODY): row["users"] for row in movement}
    totals = {here: sum(counts.get((here, there), 0) for there in ends) for here in ends}

    def told(here: str, there: str) -> str:
        users = counts.get((here, there), 0)
        return f"{users:,} ({percent(users / totals[here], 0)})" if users else DASH

    return ["From, to", *ends], [
        [here, *(told(here, there) for there in ends)] for here in ends if totals[here]
    ]


def score_rows(scores: Rows) -> list[tuple[str, ...]]:
    """How good each number of groups is: algorithm, groups, silhouette, BIC, and which was chosen."""
    return [
        (
            plain(row["algorithm"]) + (" (serves)" if row["served"] else ""),
            f"{row['k']}{' (chosen)' if row['chosen'] else ''}",
            f"{row['silhouette']:.3f}",
            number(row["bic"]),
        )
        for row in scores
    ]


def _centre(rows: Rows, feature: str) -> str:
    value = next((row["centre"] for row in rows if row["feature"] == feature), None)
    return number(value, _DIGITS.get(feature, 2))


def _in_order(rows: Rows, names: Sequence[str]) -> list[Mapping[str, Any]]:
    place = {name: number for number, name in enumerate(names)}
    return sorted(rows, key=lambda row: (place.get(row["segment"], len(place)), row["segment"]))
