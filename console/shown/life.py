"""Pictures of one customer's past."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.shown.charts import BLUE, COLOURS, cartesian, legend, line
from console.shown.words import day


def history(past: Sequence[Mapping[str, Any]], score: float | None, as_of: int) -> dict[str, Any]:
    """The risk at the user's weekly instants, and now."""
    said: list[list[Any]] = [[day(one["time"]), round(100 * one["score"], 2)] for one in past]
    if score is not None:
        said.append([day(as_of), round(100 * score, 2)])
    return cartesian(
        {"type": "time"},
        {"type": "value", "min": 0, "max": 100, "name": "Risk, %"},
        series=[
            line("Risk, %", said, showSymbol=True, areaStyle={"opacity": 0.12}, itemStyle={"color": BLUE})
        ],
    )


def weeks(past: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sessions and orders of each week, from Monday."""
    begins = [one["begins"] for one in past]
    return cartesian(
        {"type": "category", "data": begins},
        {"type": "value", "minInterval": 1},
        **legend(["Sessions", "Orders"]),
        series=[
            {"type": "bar", "name": "Sessions", "data": [one["sessions"] for one in past]},
            {
                "type": "bar",
                "name": "Orders",
                "data": [one["orders"] for one in past],
                "itemStyle": {"color": COLOURS[1]},
            },
        ],
    )
