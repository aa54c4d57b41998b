"""How much the product is used, by whom, and who leaves."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from console.shown.charts import BLUE, COLOURS, FALL, RISE, band, cartesian, dates, legend, line
from console.shown.groups import ALL, EVERYBODY
from console.shown.words import DASH, number, percent

Rows = Sequence[Mapping[str, Any]]

GRAINS: Final = {"week": "By week", "day": "By day", "month": "By month"}
DEFINITIONS: Final = {"inactivity": "Silent for too long", "cancellation": "Cancelled"}
LATEST: Final = "last_30_days"
MOST: Final = {"day": 60, "week": 53, "month": 24}
"""Periods that are shown, the last ones; the API has more."""
_ACTIVE: Final = (("mau", "30 days"), ("wau", "7 days"), ("dau", "Day"))
_GAINED: Final = (("kept", BLUE), ("new", FALL), ("resurrected", COLOURS[3]))


def plain_groups(rows: Rows) -> list[Mapping[str, Any]]:
    """Without pairs of dimensions."""
    return [row for row in rows if not row["second"]]


def active(rows: Rows) -> dict[str, Any]:
    """Distinct users by day, of the day and of the 7 and 30 days that end with it."""
    return cartesian(
        {"type": "time", "name": "day"},
        {"type": "value", "min": 0, "name": "active users", "nameGap": 50},
        **legend([label for _, label in _ACTIVE]),
        series=[
            line(label, [[row["day"], row[name]] for row in rows if row[name] is not None])
            for name, label in _ACTIVE
        ],
    )


def stickiness(rows: Rows) -> dict[str, Any]:
    """Of the users active in 30 days, the share that is active on the day."""
    points = [
        [row["day"], round(100 * row["stickiness"], 2)] for row in rows if row["stickiness"] is not None
    ]
    return cartesian(
        {"type": "time", "name": "day"},
        {"type": "value", "min": 0, "name": "day / 30 days, %", "nameGap": 36},
        series=[line("Stickiness, %", points, itemStyle={"color": BLUE})],
    )


def active_rows(rows: Rows) -> list[tuple[str, ...]]:
    """Day, users of the day, of 7 and of 30 days, stickiness, sessions and minutes an active user, conversion."""
    return [
        (
            row["day"],
            number(row["dau"]),
            number(row["wau"]),
            number(row["mau"]),
            percent(row["stickiness"]),
            number(row["sessions_per_user"], 2),
            number(row["minutes_per_user"], 1),
            percent(row["conversion"]),
        )
        for row in reversed(rows)
    ]


def lifecycle(rows: Rows, grain: str) -> dict[str, Any]:
    """Who is there and since when, above; who was there in the period before and is not, below."""
    last = rows[-MOST[grain] :]
    bars = [
        {
            "type": "bar", "stack": "users", "name": name.capitalize(), "itemStyle": {"color": colour},
            "data": [row[name] for row in last],
        }
        for name, colour in _GAINED
    ]  # fmt: skip
    gone = {
        "type": "bar", "stack": "users", "name": "Dormant", "itemStyle": {"color": RISE},
        "data": [-row["dormant"] for row in last],
    }  # fmt: skip
    return cartesian(
        dates([row["start"] for row in last], f"first day of the {grain}"),
        {"type": "value", "name": "users", "nameGap": 44},
        **legend([str(bar["name"]) for bar in [*bars, gone]]),
        series=[*bars, gone],
    )


def lifecycle_rows(rows: Rows, grain: str) -> list[tuple[str, ...]]:
    """Period, active, new, kept, resurrected, dormant, quick ratio; the last one first."""
    return [
        (
            row["start"],
            *(number(row[name]) for name in ("active", "new", "kept", "resurrected", "dormant")),
            number(row["quick_ratio"], 2),
        )
        for row in reversed(rows[-MOST[grain] :])
    ]


def churn(rows: Rows) -> dict[str, Any]:
    """Churn rate with its 95 % limits.

    Args:
        rows: of one definition and group, oldest first.
    """
    limits = [(row["at"], _hundred(row["low"]), _hundred(row["high"])) for row in rows]
    points = [[row["at"], _hundred(row["rate"])] for row in rows]
    return cartesian(
        dates([row["at"] for row in rows], "at the beginning of"),
        {"type": "value", "min": 0, "name": "churn rate, %", "nameGap": 36},
        series=[
            line("Churn rate, %", points, itemStyle={"color": BLUE}, showSymbol=True, symbolSize=4, z=3),
            *band("Limits", limits, BLUE),
        ],
    )


def churn_rows(rows: Rows) -> list[tuple[str, ...]]:
    """Day, users, lost, rate with its limits; the last one first."""
    return [(row["at"], number(row["users"]), number(row["lost"]), _rate(row)) for row in reversed(rows)]


def churn_by_group(rows: Rows) -> list[tuple[str, ...]]:
    """Group, users, lost, rate with its limits, of the last day; where most are lost comes first."""
    last = max((row["at"] for row in rows), default="")
    own = [row for row in plain_groups(rows) if row["at"] == last and row["dimension"] != ALL]
    return [
        (f"{row['dimension']}: {row['value']}", number(row["users"]), number(row["lost"]), _rate(row))
        for row in sorted(own, key=lambda row: (-row["lost"], row["dimension"], row["value"]))
    ]


def definitions(rows: Rows) -> dict[str, str]:
    """Labels of those that the job has told."""
    found = {row["definition"] for row in rows}
    return {name: label for name, label in DEFINITIONS.items() if name in found}


def feature_rows(rows: Rows) -> list[tuple[str, ...]]:
    """Feature, category, users, uses, adoption: of the last 30 days."""
    return [
        (
            row["feature"],
            row["category"] or DASH,
            number(row["users"]),
            number(row["uses"]),
            percent(row["adoption"]),
        )
        for row in sorted(rows, key=lambda row: row["rank"])
    ]


def funnel_rows(rows: Rows, grain: str) -> list[tuple[str, ...]]:
    """Cohort, users, and of them ever active, in a trial, paid; the last one first."""
    return [
        (
            row["cohort"],
            number(row["users"]),
            *(_part(row[name], row["users"]) for name in ("active", "trials", "paid")),
        )
        for row in reversed(plain_groups(rows)[-MOST[grain] :])
    ]


def trial_rows(rows: Rows, grain: str) -> list[tuple[str, ...]]:
    """Period, trials, paid by now and within 7, 14 and 30 days; the last one first."""
    paid = ("paid", "paid_7", "paid_14", "paid_30")
    return [
        (row["cohort"], number(row["trials"]), *(_part(row[name], row["trials"]) for name in paid))
        for row in reversed(plain_groups(rows)[-MOST[grain] :])
    ]


def conversion_rows(rows: Rows, grain: str) -> list[tuple[str, ...]]:
    """Period, active, converted, share; the last one first."""
    return [
        (row["start"], number(row["active"]), number(row["converted"]), percent(row["conversion"]))
        for row in reversed(rows[-MOST[grain] :])
    ]


def latest(rows: Rows) -> list[tuple[str, str, str]]:
    """Of the last day that is told: label, figure, beside."""
    if not rows:
        return []
    row = rows[-1]
    return [
        ("Active that day", number(row["dau"]), row["day"]),
        ("Active in 7 days", number(row["wau"]), f"until {row['day']}"),
        ("Active in 30 days", number(row["mau"]), f"until {row['day']}"),
        ("Stickiness", percent(row["stickiness"]), "day / 30 days"),
        ("Minutes", number(row["minutes_per_user"], 1), "an active user and day"),
    ]


def name_of(dimension: str, value: str) -> str:
    """Of a group, in titles."""
    return EVERYBODY.lower() if dimension == ALL else f"{dimension} {value}"


def _part(count: int | None, whole: int) -> str:
    if count is None:
        return DASH
    return f"{count:,} ({percent(count / whole, 0)})" if whole else number(count)


def _rate(row: Mapping[str, Any]) -> str:
    return f"{percent(row['rate'])} ({100 * row['low']:.1f} to {100 * row['high']:.1f})"


def _hundred(share: float) -> float:
    return round(100 * share, 2)
