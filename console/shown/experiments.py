"""What variants bring: effects with both kinds of intervals, and what looks on each day have shown."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from console.shown.charts import BLUE, COLOURS, FAINT, INK, band, cartesian, dates, line
from console.shown.words import DASH, money, number, percent, plain, signed

Rows = Sequence[Mapping[str, Any]]

MINOR: Final = 100
"""Parts of a unit of money in which the job counts."""
_METRICS: Final = {
    "retention": "Retention, points",
    "revenue": "Revenue a user",
    "survival": "Survival, points",
    "restricted_days": "Days until the loss",
}
_SHARES: Final = ("retention", "survival")
_DRAWN: Final = (("retention", "cuped"), ("survival", "none"))
"""Of the forest, as in the job's picture: metric and adjustment."""
_GOOD: Final = "compared"


def of(rows: Rows, experiment: str) -> list[Mapping[str, Any]]:
    """Those of one experiment."""
    return [row for row in rows if row["experiment"] == experiment]


def state(row: Mapping[str, Any]) -> tuple[str, str]:
    """Its status and the colour of its badge."""
    return row["status"], "low" if row["status"] == _GOOD else "medium"


def about(row: Mapping[str, Any]) -> str:
    """What it is, in words."""
    span = DASH if row["first_day"] is None else f"{row['first_day']} to {row['last_day']}"
    parts = [
        row["reason"],
        f"assigned {span}: {row['assigned']:,} users, of whom {row['matured']:,} have had the whole follow-up",
        f"{row['crossed']:,} were in more than one variant",
    ]
    if row["promoted"]:
        parts.append(f"{row['promoted']:,} promotions")
    return "; ".join(parts) + "."


def ratio_fault(row: Mapping[str, Any]) -> str:
    """Why no figure can be believed; empty where the shares are those of the lot."""
    if row["ratio_ok"] is not False:
        return ""
    return (
        f"The shares of the variants are not those of the lot ({row['ratio_of']}, p = {row['ratio_p']:.2g}): "
        "users are missing from one of them, and no figure can be believed until the reason is found."
    )


def arm_rows(arms: Rows) -> list[tuple[str, ...]]:
    """Variant, assigned with their share, matured, treated, retention and survival with limits, revenue, days."""
    return [
        (
            row["variant"],
            f"{row['assigned']:,} ({percent(row['share'])})",
            number(row["matured"]),
            number(row["treated"]),
            _limits(row, "retention"),
            _limits(row, "survival"),
            DASH if row["revenue"] is None else money(row["revenue"] / MINOR),
            number(row["restricted_days"], 1),
        )
        for row in arms
    ]


def effect_rows(effects: Rows) -> list[tuple[str, ...]]:
    """Variant, metric, difference to the control, limits for one look and for any number, p, and since when."""
    return [
        (
            row["variant"],
            _METRICS.get(row["metric"], plain(row["metric"]))
            + (", CUPED" if row["adjustment"] == "cuped" else ""),
            _signed(row["metric"], row["difference"]),
            _between(row["metric"], row["low"], row["high"]),
            _between(row["metric"], row["anytime_low"], row["anytime_high"]),
            DASH if row["anytime_p"] is None else f"{row['anytime_p']:.3f}",
            row["decided_on"] or DASH,
        )
        for row in effects
    ]


def segment_rows(segments: Rows) -> list[tuple[str, ...]]:
    """Variant, what was known before, users, difference in retention with limits, p, and p by Holm."""
    return [
        (
            row["variant"],
            f"{plain(row['dimension'])}: {row['value']}",
            f"{row['users']:,} and {row['users_control']:,}",
            _signed("retention", row["difference"]),
            _between("retention", row["low"], row["high"]),
            DASH if row["p"] is None else f"{row['p']:.3f}",
            DASH if row["p_holm"] is None else f"{row['p_holm']:.3f}",
        )
        for row in segments
    ]


def forest(effects: Rows, segments: Rows) -> dict[str, Any]:
    """Differences in retention and survival, then retention by segment: thick for one look, thin for any number."""
    rows = _forest_rows(effects, segments)
    names = [name for name, _ in rows]
    return cartesian(
        {"type": "value", "name": "difference to the control, points"},
        {
            "type": "category",
            "data": names,
            "inverse": True,
            "axisLabel": {"color": INK, "width": 150, "overflow": "truncate", "interval": 0},
        },
        tooltip={"trigger": "item", "confine": True},
        grid={"left": 24, "right": 18, "top": 8, "bottom": 30, "containLabel": True},
        series=[
            _spans(
                "However often one looks", rows, ("anytime_low", "anytime_high"), 2, "rgba(128,140,152,0.9)"
            ),
            _spans("One look", rows, ("low", "high"), 5, BLUE),
            {
                "type": "scatter",
                "name": "Difference",
                "symbolSize": 9,
                "itemStyle": {"color": COLOURS[1]},
                "data": [[_points(row["difference"]), name] for name, row in rows],
                "markLine": {
                    "silent": True,
                    "symbol": "none",
                    "label": {"show": False},
                    "lineStyle": {"color": INK, "type": "dashed"},
                    "data": [{"xAxis": 0}],
                },
                "z": 4,
            },
        ],
    )


def forest_height(effects: Rows, segments: Rows) -> int:
    """Pixels."""
    return 60 + 24 * len(_forest_rows(effects, segments))


def look_metrics(looks: Rows) -> list[tuple[str, str]]:
    """Variants and metrics that have a picture of their looks."""
    return list(dict.fromkeys((row["variant"], row["metric"]) for row in looks))


def look_title(variant: str, metric: str) -> str:
    """Of that picture."""
    return f"{variant}: {_METRICS.get(metric, plain(metric)).lower()}, as each day has shown it"


def looks(rows: Rows, variant: str, metric: str) -> dict[str, Any]:
    """The difference that a look on each day has shown, with limits that hold however often one looks."""
    own = [row for row in rows if (row["variant"], row["metric"]) == (variant, metric)]
    limits = [
        (row["day"], _unit(metric, row["anytime_low"]), _unit(metric, row["anytime_high"]))
        for row in own
        if row["anytime_low"] is not None and row["anytime_high"] is not None
    ]
    drawn = _band_across_zero(limits)
    points = [[row["day"], _unit(metric, row["difference"])] for row in own]
    zero = {
        "silent": True,
        "symbol": "none",
        "label": {"show": False},
        "lineStyle": {"color": INK, "type": "dashed"},
        "data": [{"yAxis": 0}],
    }
    return cartesian(
        dates([row["day"] for row in own], "day"),
        {
            "type": "value",
            "name": _METRICS.get(metric, plain(metric)).lower(),
            "nameGap": 40,
            "splitLine": {"lineStyle": {"color": FAINT}},
        },
        grid={"left": 30, "right": 18, "top": 12, "bottom": 30, "containLabel": True},
        series=[line("Difference", points, showSymbol=len(points) < 3, markLine=zero, z=3), *drawn],
    )


def look_rows(rows: Rows, variant: str, metric: str) -> list[tuple[str, ...]]:
    """Day, users of both, difference, limits, p."""
    return [
        (
            row["day"],
            f"{row['users']:,} and {row['users_control']:,}",
            _signed(metric, row["difference"]),
            _between(metric, row["anytime_low"], row["anytime_high"]),
            DASH if row["anytime_p"] is None else f"{row['anytime_p']:.3f}",
        )
        for row in rows
        if (row["variant"], row["metric"]) == (variant, metric)
    ]


def _band_across_zero(limits: Sequence[tuple[str, float, float]]) -> list[dict[str, Any]]:
    # a stack adds up what has one sign only, unless it is told to add all
    return [one | {"stackStrategy": "all"} for one in band("Limits", limits, BLUE)]


def _forest_rows(effects: Rows, segments: Rows) -> list[tuple[str, Mapping[str, Any]]]:
    several = len({row["variant"] for row in effects}) > 1
    rows: list[tuple[str, Mapping[str, Any]]] = []
    for row in effects:
        if (row["metric"], row["adjustment"]) not in _DRAWN:
            continue
        before = f"{row['variant']}, " if several else ""
        rows.append((f"{before}{row['metric']}", row))
        if row["metric"] == "retention":
            rows += [
                (f"{before}{plain(part['dimension'])} {part['value']}", part)
                for part in segments
                if part["difference"] is not None and part["variant"] == row["variant"]
            ]
    return rows


def _spans(
    name: str, rows: Sequence[tuple[str, Mapping[str, Any]]], ends: tuple[str, str], width: int, colour: str
) -> dict[str, Any]:
    """One line with gaps: from limit to limit of each row."""
    points: list[list[Any]] = []
    for label, row in rows:
        low, high = row.get(ends[0]), row.get(ends[1])
        if low is not None and high is not None:
            points += [[_points(low), label], [_points(high), label], [None, label]]
    style = {"lineStyle": {"width": width, "color": colour}, "itemStyle": {"color": colour}}
    return line(name, points, silent=True, **style)


def _limits(row: Mapping[str, Any], name: str) -> str:
    if row[name] is None:
        return DASH
    return f"{percent(row[name])} ({100 * row[f'{name}_low']:.1f} to {100 * row[f'{name}_high']:.1f})"


def _unit(metric: str, value: float) -> float:
    """In points of percent, units of money, or days."""
    if metric in _SHARES:
        return _points(value)
    return round(value / MINOR if metric == "revenue" else value, 2)


def _points(value: float) -> float:
    return round(100 * value, 2)


def _signed(metric: str, value: float | None) -> str:
    return DASH if value is None else signed(_unit(metric, value))


def _between(metric: str, low: float | None, high: float | None) -> str:
    return DASH if low is None or high is None else f"{_signed(metric, low)} to {_signed(metric, high)}"
