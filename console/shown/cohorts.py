"""Retention: the table of cohorts as a picture, the mean over cohorts, and money."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from console.shown.charts import COLOURS, FAINT, INK, cartesian, legend, line
from console.shown.groups import ALL, EVERYBODY
from console.shown.words import DASH, number, percent

Rows = Sequence[Mapping[str, Any]]

GRAINS: Final = {"week": "By week", "day": "By day", "month": "By month"}
KINDS: Final = {"classic": "Active in the period", "unbounded": "Active in it or later"}
_OR_LATER: Final = "unbounded"
MOST: Final = {"day": 31, "week": 26, "month": 24}
"""Cohorts, and periods, of the picture; the API has more."""
DAYS: Final = (1, 7, 30, 60, 90)
_SCALE: Final = ("rgba(59,130,196,0.04)", "rgba(59,130,196,0.62)")
"""One hue over the page's ground: figures in the page's ink can be read on all of it, light and dark."""
_ROW: Final = 26
_COLUMN: Final = 30
_MOST_CURVES: Final = len(COLOURS)


class Cell(NamedTuple):
    """Of one cohort in one period."""

    retained: int
    ratio: float


class Grid(NamedTuple):
    """Cohorts by period."""

    sizes: dict[str, int]
    """By cohort, oldest first."""
    periods: list[int]
    cells: dict[tuple[str, int], Cell]
    """Those that are not over are absent."""


def grid(rows: Rows, most: int) -> Grid:
    """The last cohorts.

    Args:
        rows: of the table `retention`, of one grain, kind and group.
        most: cohorts, and periods from 0 on.
    """
    own = [row for row in rows if not row["second"] and row["period"] <= most]
    names = sorted({row["cohort"] for row in own})[-most:]
    sizes = {row["cohort"]: row["size"] for row in own}
    kept = {name: sizes[name] for name in names}
    cells = {
        (row["cohort"], row["period"]): Cell(row["retained"], row["ratio"])
        for row in own
        if row["cohort"] in kept
    }
    return Grid(kept, sorted({period for _, period in cells}), cells)


def first_of_last(cohorts: Rows, most: int) -> str | None:
    """The oldest of the last cohorts; None where there is none.

    Args:
        cohorts: rows of the table of that name.
    """
    names = sorted({row["cohort"] for row in cohorts})
    return names[-most:][0] if names else None


def heatmap(shown: Grid, grain: str) -> dict[str, Any]:
    """A row a cohort, oldest above; the colours' scale is of the periods after the first, in which nearly all are."""
    names = list(shown.sizes)
    later = [100 * cell.ratio for (_, period), cell in shown.cells.items() if period > 0]
    points = [
        {
            "name": f"{cohort}, {grain} {period}: {_of(cell, shown.sizes[cohort])}",
            "value": [shown.periods.index(period), names.index(cohort), round(100 * cell.ratio)],
        }
        for (cohort, period), cell in shown.cells.items()
    ]
    axis = {"type": "category", "splitLine": {"show": False}, "axisTick": {"show": False}}
    return cartesian(
        axis
        | {
            "data": [str(p) for p in shown.periods],
            "position": "top",
            "name": f"{grain}s after the first",
            "nameLocation": "start",
            "nameGap": 10,
            "nameTextStyle": {"color": INK, "verticalAlign": "bottom", "padding": [0, 0, 9, 0]},
        },
        axis
        | {
            "data": [f"{name}  ({size:,})" for name, size in shown.sizes.items()],
            "inverse": True,
            "name": f"first {grain} (users)",
            "nameGap": 128,
        },
        grid={"left": 146, "right": 12, "top": 30, "bottom": 6},
        tooltip={"trigger": "item", "confine": True, "formatter": "{b}"},
        visualMap={
            "show": False,
            "min": min(later, default=0),
            "max": max(later, default=100),
            "inRange": {"color": list(_SCALE)},
        },
        series=[
            {
                "type": "heatmap",
                "data": points,
                "label": {"show": True, "color": INK, "fontSize": 11},
                "itemStyle": {"borderColor": FAINT, "borderWidth": 0.5},
                "emphasis": {"disabled": True},
            }
        ],
    )


def heatmap_title(grain: str, kind: str) -> str:
    """What its figures are."""
    return f"Retention by cohort, % active in each {grain}{' or later' if kind == _OR_LATER else ''}"


def extent(shown: Grid) -> tuple[int, int]:
    """Width and height, in pixels, at which its figures can be read."""
    return 170 + _COLUMN * len(shown.periods), 50 + _ROW * len(shown.sizes)


def grid_table(shown: Grid, grain: str) -> tuple[list[str], list[list[str]]]:
    """The same as heads and rows."""
    heads = [f"First {grain}", "Users", *(f"{grain} {period}" for period in shown.periods)]
    rows = [
        [name, number(size), *(_share(shown.cells.get((name, period))) for period in shown.periods)]
        for name, size in shown.sizes.items()
    ]
    return heads, rows


def of_dimension(curve: Rows, dimension: str) -> dict[str, list[Mapping[str, Any]]]:
    """Rows of a mean by value, the largest first; as many as there are colours.

    Args:
        curve: rows of `retention_curve`.
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in curve:
        if row["dimension"] == dimension and not row["second"]:
            found.setdefault(EVERYBODY if dimension == ALL else row["value"], []).append(row)
    largest = sorted(found, key=lambda name: -max(row["size"] for row in found[name]))
    return {name: found[name] for name in largest[:_MOST_CURVES]}


def curves(of: Mapping[str, Rows], grain: str) -> dict[str, Any]:
    """The mean over cohorts, a line a value."""
    few = all(len(rows) < MOST["day"] for rows in of.values())
    return cartesian(
        {"type": "value", "minInterval": 1, "name": f"{grain}s after the first"},
        {"type": "value", "min": 0, "max": 100, "name": "Active, %", "nameGap": 36},
        **legend(list(of)),
        series=[
            line(
                name,
                [[row["period"], round(100 * row["ratio"], 1)] for row in rows],
                showSymbol=few,
                symbolSize=5,
            )
            for name, rows in of.items()
        ],
    )


def curve_table(of: Mapping[str, Rows], grain: str) -> tuple[list[str], list[list[str]]]:
    """The same: a row a period, with the users that the mean is of."""
    periods = sorted({row["period"] for rows in of.values() for row in rows})
    at = {(name, row["period"]): row for name, rows in of.items() for row in rows}

    def told(name: str, period: int) -> str:
        row = at.get((name, period))
        return DASH if row is None else f"{percent(row['ratio'])} of {row['size']:,}"

    return [grain.capitalize(), *of], [[str(p), *(told(name, p) for name in of)] for p in periods]


def days_kept(curve: Rows) -> list[tuple[str, str, str]]:
    """D1, D7 and so on: name, share, of how many.

    Args:
        curve: rows of `retention_curve` of everybody by day, classic.
    """
    by_day = {row["period"]: row for row in curve if row["dimension"] == ALL}
    return [
        (f"Day {day}", percent(by_day[day]["ratio"]), f"of {by_day[day]['size']:,} users")
        for day in DAYS
        if day in by_day
    ]


def money_curve(rows: Rows, grain: str) -> dict[str, Any]:
    """Net and gross retention of revenue.

    Args:
        rows: of the table `money_curve`, of one grain and group.
    """
    own = [row for row in rows if not row["second"]]
    return cartesian(
        {"type": "value", "minInterval": 1, "name": f"{grain}s after the first"},
        {"type": "value", "name": "of the first revenue, %", "nameGap": 42},
        **legend(("Net", "Gross")),
        series=[
            line(label, [[row["period"], round(100 * row[name], 1)] for row in own])
            for name, label in (("net", "Net"), ("gross", "Gross"))
        ],
    )


def money_table(rows: Rows) -> list[tuple[str, ...]]:
    """Period, net, gross, payers of the beginning, and those of them who pay in it."""
    return [
        (
            str(row["period"]),
            percent(row["net"]),
            percent(row["gross"]),
            number(row["payers"]),
            number(row["paying"]),
        )
        for row in rows
        if not row["second"]
    ]


def _of(cell: Cell, size: int) -> str:
    return f"{percent(cell.ratio)} ({cell.retained:,} of {size:,})"


def _share(cell: Cell | None) -> str:
    return "" if cell is None else percent(cell.ratio)
