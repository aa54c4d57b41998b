"""When customers are lost: curves, medians, tests and hazards as pictures and tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from console.shown.charts import COLOURS, band, cartesian, legend, line, steps
from console.shown.groups import ALL, EVERYBODY
from console.shown.words import DASH, number, percent, plain

Rows = Sequence[Mapping[str, Any]]

VIEWS: Final = {
    "passage": "Silent for too long, or cancelled",
    "onset": "When they fell silent",
    "landmark_7": "From day 7 on, by what was done until then",
    "landmark_30": "From day 30 on, by what was done until then",
}
"""In the words of docs/survival.md."""
HAZARD_OF: Final = "passage"
_TICKS: Final = (1, 2, 5, 7, 10, 14, 30, 60, 90, 180, 365)
_MOST_TICKS: Final = 8
_MOST_CURVES: Final = len(COLOURS)


def views(medians: Rows) -> dict[str, str]:
    """Labels of those that the job has told."""
    found = dict.fromkeys(row["view"] for row in medians)
    return {view: VIEWS.get(view, plain(view)) for view in [*VIEWS, *found] if view in found}


def group_of(row: Mapping[str, Any]) -> str:
    """As people read it."""
    if row["group_kind"] == ALL:
        return EVERYBODY
    return f"{row['group']} (few)" if row.get("small") else str(row["group"])


def by_group(curves: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Days of each group that is not too small, in the job's order: the most frequent first."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in curves:
        if not row["small"]:
            found.setdefault(group_of(row), []).append(row)
    return dict(list(found.items())[:_MOST_CURVES])


def left_out(curves: Rows) -> str:
    """Which groups are not drawn, and why; empty where all are."""
    small = list(dict.fromkeys(str(row["group"]) for row in curves if row["small"]))
    others = list(dict.fromkeys(group_of(row) for row in curves if not row["small"]))[_MOST_CURVES:]
    parts = []
    if small:
        parts.append(f"for having fewer than 30 users: {', '.join(small)}")
    if others:
        parts.append(f"for there being too many: {', '.join(others)}")
    return f"Left out {'; '.join(parts)}." if parts else ""


def curve(of: Mapping[str, Rows]) -> dict[str, Any]:
    """Kaplan-Meier by group, each with what its 95 % limits enclose; nothing from where nobody is followed."""
    days = [str(row["day"]) for row in next(iter(of.values()), ())][: _last_day(of) + 1]
    step = _step(len(days) - 1)
    series = []
    for name, colour in zip(of, COLOURS, strict=False):
        known = [row for row in of[name] if row["survival"] is not None]
        limits = [
            (str(row["day"]), _hundred(row["lower"]), _hundred(row["upper"]))
            for row in known
            if row["lower"] is not None and row["upper"] is not None
        ]
        points = [[str(row["day"]), _hundred(row["survival"])] for row in known]
        series.append(
            steps(name, points, itemStyle={"color": colour}, lineStyle={"width": 2}, z=3)
        )  # first of its name, so that the legend shows it
        # of the same name, so that the legend hides both
        series += [one | {"step": "end", "name": name} for one in band(name, limits, colour)]
    return cartesian(
        {
            "type": "category",
            "data": days,
            "boundaryGap": False,
            "name": "days since the first",
            "axisLabel": {"color": "currentColor", "interval": step - 1},
            "axisTick": {"interval": step - 1},
        },
        {"type": "value", "min": 0, "max": 100, "name": "still there, %", "nameGap": 36},
        **legend(list(of)),
        series=series,
    )


def ticks(last: int) -> list[int]:
    """Days at which the table beneath tells the users at risk: so few that they can be read."""
    return list(range(0, last + 1, _step(last)))


def at_risk(of: Mapping[str, Rows]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: a row a group, a column a day."""
    days = ticks(_last_day(of))
    rows = []
    for name, own in of.items():
        by_day = {row["day"]: row for row in own}
        rows.append([name, *(number(by_day[day]["at_risk"]) if day in by_day else DASH for day in days)])
    return ["At risk on day", *(str(day) for day in days)], rows


def curve_table(of: Mapping[str, Rows]) -> tuple[list[str], list[list[str]]]:
    """The curve in figures, on the same days."""
    days = ticks(_last_day(of))
    rows = []
    for name, own in of.items():
        by_day = {row["day"]: row for row in own}
        rows.append([name, *(interval(by_day[day], "survival") if day in by_day else DASH for day in days)])
    return ["Still there on day", *(str(day) for day in days)], rows


def interval(row: Mapping[str, Any], figure: str, low: str = "lower", high: str = "upper") -> str:
    """A share with its limits."""
    if row[figure] is None:
        return DASH
    if row[low] is None or row[high] is None:
        return percent(row[figure])
    return f"{percent(row[figure])} ({100 * row[low]:.1f} to {100 * row[high]:.1f})"


def median_rows(medians: Rows, milestones: Rows, days: Sequence[int]) -> list[list[str]]:
    """Group, users, lost, median with its limits, and the share that is kept for so many days."""
    kept = {(row["group_kind"], row["group"], row["day"]): row for row in milestones}

    def at(row: Mapping[str, Any], day: int) -> str:
        found = kept.get((row["group_kind"], row["group"], day))
        return DASH if found is None else percent(found["survival"])

    return [
        [
            group_of(row),
            number(row["users"]),
            number(row["events"]),
            "not reached" if row["median"] is None else f"{row['median']:,} ({_days(row)})",
            *(at(row, day) for day in days),
        ]
        for row in medians
    ]


def milestone_days(milestones: Rows) -> list[int]:
    """Those that anybody has reached."""
    return sorted({row["day"] for row in milestones if row["survival"] is not None})


def logrank_rows(tests: Rows) -> list[tuple[str, str, str, str]]:
    """Who is compared, the statistic, p, and p corrected for the number of pairs."""
    return [
        (
            "all groups" if row["group_a"] == ALL else f"{row['group_a']} and {row['group_b']}",
            DASH if row["statistic"] is None else f"{row['statistic']:.2f} ({row['degrees']})",
            p_value(row["p"]),
            p_value(row["p_holm"]),
        )
        for row in tests
    ]


def p_value(p: float | None) -> str:
    """Three digits; very small ones only as such."""
    if p is None:
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def hazard(rows: Rows) -> dict[str, Any]:
    """Losses in each 30 days of one who stays at risk, by group; the limits are in the table."""
    of: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if not row["small"]:
            of.setdefault(group_of(row), []).append(row)
    of = dict(list(of.items())[:_MOST_CURVES])
    series = []
    for name, colour in zip(of, COLOURS, strict=False):
        own = [row for row in of[name] if row["rate"] is not None]
        limits = [
            (_span(row), round(row["rate_lower"], 4), round(row["rate_upper"], 4))
            for row in own
            if row["rate_lower"] is not None and row["rate_upper"] is not None
        ]
        if len(of) == 1:
            series += band(name, limits, colour)
        points = [[_span(row), round(row["rate"], 4)] for row in own]
        series.append(line(name, points, showSymbol=True, symbolSize=6, itemStyle={"color": colour}))
    spans = list(dict.fromkeys(_span(row) for own in of.values() for row in own))
    return cartesian(
        {"type": "category", "data": spans, "name": "days since the first"},
        {"type": "value", "min": 0, "name": "losses a 30 days at risk", "nameGap": 46},
        **legend(list(of)),
        series=series,
    )


def hazard_rows(rows: Rows) -> list[tuple[str, ...]]:
    """Group, days, at risk on the first of them, losses, and the rate with its limits."""
    return [
        (
            group_of(row),
            _span(row),
            number(row["at_risk"]),
            number(row["events"]),
            _plain_interval(row, "rate", "rate_lower", "rate_upper"),
        )
        for row in rows
    ]


def cox_rows(rows: Rows) -> list[tuple[str, ...]]:
    """Covariate, level, reference, users, losses, hazard ratio with limits, p, and p of its being always the same."""
    return [
        (
            plain(row["covariate"]),
            row["level"],
            row["reference"],
            number(row["users"]),
            number(row["events"]),
            row["note"] or _plain_interval(row, "hazard_ratio", "lower", "upper"),
            p_value(row["p"]),
            p_value(row["proportional_p"]),
        )
        for row in rows
    ]


def return_rows(returns: Rows, later: Rows, days: Iterable[int]) -> list[list[str]]:
    """Group, lost, back by now with limits, median days until then, and the share that is back after so many days."""
    at = {(row["group_kind"], row["group"], row["day"]): row["share"] for row in later}
    return [
        [
            group_of(row),
            number(row["lost"]),
            interval(row, "share"),
            number(row["median_days"]),
            *(percent(at.get((row["group_kind"], row["group"], day))) for day in days),
        ]
        for row in returns
    ]


def restricted_rows(rows: Rows) -> list[tuple[str, str, str]]:
    """Group, within how many days, mean days kept with limits."""
    return [
        (group_of(row), number(row["horizon"]), _plain_interval(row, "days", "lower", "upper", 1))
        for row in rows
    ]


def population_words(rows: Rows) -> str:
    """Who is in a view, and who is not and why."""
    return "; ".join(f"{row['users']:,} {row['status']}" for row in rows)


def _plain_interval(row: Mapping[str, Any], figure: str, low: str, high: str, digits: int = 3) -> str:
    if row[figure] is None:
        return DASH
    if row[low] is None or row[high] is None:
        return f"{row[figure]:.{digits}f}"
    return f"{row[figure]:.{digits}f} ({row[low]:.{digits}f} to {row[high]:.{digits}f})"


def _days(row: Mapping[str, Any]) -> str:
    low, high = (DASH if row[end] is None else f"{row[end]:,}" for end in ("lower", "upper"))
    return f"{low} to {high}"


def _span(row: Mapping[str, Any]) -> str:
    return f"{row['from_day']}–{row['to_day']}"


def _hundred(share: float) -> float:
    return round(100 * share, 2)


def _last_day(of: Mapping[str, Rows]) -> int:
    return max((row["day"] for rows in of.values() for row in rows if row["survival"] is not None), default=0)


def _step(last: int) -> int:
    return next((step for step in _TICKS if last <= step * _MOST_TICKS), 365)
