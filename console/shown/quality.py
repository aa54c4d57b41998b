"""Quality of a file, and after how much silence a customer counts as lost."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from console.shown.charts import BLUE, COLOURS, cartesian, legend, line, two_scales
from console.shown.figure import Figure
from console.shown.words import money, number, percent

LEAST_DAYS: Final = 30
MOST_DAYS: Final = 180


class Choice(NamedTuple):
    """One value of the threshold."""

    days: int
    lost: int
    kept: int
    churn_rate: float


def choices(threshold: Mapping[str, Any]) -> dict[int, Choice]:
    """By days."""
    return {one["days"]: Choice(**one) for one in threshold["choices"]}


def choice_words(choice: Choice) -> str:
    """What a value of the threshold would mean."""
    whole = choice.lost + choice.kept
    return (
        f"{choice.days} days: {percent(choice.churn_rate)} of {number(whole)} customers count as lost "
        f"({number(choice.lost)} lost, {number(choice.kept)} there)."
    )


def gaps(threshold: Mapping[str, Any], days: int) -> dict[str, Any]:
    """Share of the gaps between purchases that are at most so long, with the threshold that is chosen.

    Args:
        days: the threshold.
    """
    shares = [round(100 * share, 2) for share in threshold["within"]]
    points = [[day, share] for day, share in enumerate(shares, 1)]
    mark = {
        "silent": True,
        "symbol": "none",
        "label": {"show": False},
        "lineStyle": {"color": COLOURS[1], "width": 2},
        "data": [{"xAxis": days}],
    }
    return cartesian(
        {"type": "value", "name": "Days between purchases", "max": len(points)},
        {"type": "value", "name": "Gaps that are at most so long, %", "max": 100},
        series=[line("Gaps, %", points, itemStyle={"color": BLUE}, markLine=mark)],
    )


def months(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Revenue and customers by month."""
    return two_scales(
        {"type": "category", "data": [row["month"] for row in rows]},
        {"type": "value", "name": "Revenue"},
        {"type": "value", "name": "Customers", "splitLine": {"show": False}},
        **legend(["Revenue", "Customers"]),
        series=[
            {"type": "bar", "name": "Revenue", "data": [round(row["revenue"], 2) for row in rows]},
            line("Customers", [[row["month"], row["customers"]] for row in rows], yAxisIndex=1),
        ],
    )


def quality_rows(profile: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was taken off the full mark, and why."""
    return [(why, f"−{taken:.2f}") for why, taken in profile["quality"]["taken_off"].items()]


def column_rows(profile: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Columns: name, kind, missing (marked above 20 %), different values."""
    return [
        (
            one["column"],
            one["kind"],
            percent(one["share"]) + (" (many)" if one["flagged"] else ""),
            number(one["distinct"]),
        )
        for one in profile["columns"]
    ]


def outlier_rows(profile: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Values far from the others: what, mean, beyond three standard deviations, beyond the quartiles' fences."""
    return [
        (one["what"], money(one["mean"]), number(one["beyond_sigmas"]), number(one["beyond_fences"]))
        for one in profile["outliers"]
    ]


def facts(profile: Mapping[str, Any]) -> list[Figure]:
    """What else is to be known of it."""
    return [
        Figure("Quality", f"{profile['quality']['score']:.1f}", "of 10"),
        Figure("Span", f"{profile['days']:,.0f} days", f"{profile['first'][:10]} to {profile['last'][:10]}"),
        Figure("Rows that can be used", number(profile["events"]), f"of {number(profile['rows'])}"),
        Figure(
            "Customers",
            number(profile["customers"]),
            f"typically {profile['orders_of_customer']:,.0f} orders each",
        ),
        Figure("Refunds", number(profile["refunds"]), "counted against the revenue"),
        Figure("Doubles", number(profile["doubles"]), "lines that are alike; kept"),
        Figure("Dates in the future", number(profile["future"]), "kept"),
        Figure("Products", number(profile["products"]), ""),
    ]
