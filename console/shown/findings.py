"""What a training on a file has found."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from console.shown.charts import BLUE, COLOURS, FALL, INK, RISE, band, cartesian, legend, line
from console.shown.cohorts import MOST, Grid, grid
from console.shown.figure import Figure
from console.shown.groups import EVERYBODY
from console.shown.words import DASH, money, number, percent, title

_DRIVERS: Final = 10
_MOVED: Final = 10
_RULES: Final = 8
_DIAGONAL: Final = [[0, 0], [100, 100]]


def of_tier(summary: Mapping[str, Any], tier: str | None) -> Mapping[str, Any]:
    """What is at risk in a tier; None is all."""
    row: Mapping[str, Any] = next(one for one in summary["at_risk"] if one["tier"] == tier)
    return row


def served(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """Figures of the contestant whose scores the customers have."""
    row: Mapping[str, Any] = next(one for one in summary["contestants"] if one["name"] == summary["served"])
    return row


def figures(summary: Mapping[str, Any]) -> list[Figure]:
    """The first look."""
    whole, high = of_tier(summary, None), of_tier(summary, "high")
    one = served(summary)
    metrics = one["metrics"]
    decided = metrics.get("decided") or {}
    return [
        Figure("At high risk", number(high["customers"]), f"of {number(whole['customers'])} that are there"),
        Figure("Expected to leave", number(whole["would_leave"]), "without a contact"),
        Figure("Money at risk", money(whole["at_risk"]), f"of {money(whole['value'])} of half a year"),
        Figure("Recoverable", money(whole["recoverable"]), "if all were contacted"),
        Figure("Already gone", number(summary["gone"]), f"of {number(summary['customers'])} customers"),
        Figure("Ranks well", _three(metrics.get("roc_auc")), "ROC-AUC; 0.5 is by chance"),
        Figure("F1", _three(decided.get("f1")), f"{_three(one['f1_of_all'])} if all were flagged"),
    ]


def contestant_rows(summary: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Contestants, the best score first: score, F1, F1 of flagging all, recall, ROI, stability, ROC-AUC, log loss."""
    best = sorted(summary["contestants"], key=lambda one: -(one["score"] or 0.0))
    return [_contestant(one, summary["served"]) for one in best]


def _contestant(one: Mapping[str, Any], serves: str) -> tuple[str, ...]:
    metrics = one["metrics"]
    decided = metrics.get("decided") or {}
    name = f"{one['name']} (serves)" if one["name"] == serves else one["name"]
    values = (
        one["score"], decided.get("f1"), one["f1_of_all"], decided.get("recall"), one["roi"], one["stability"],
        metrics.get("roc_auc"), metrics.get("log_loss"),
    )  # fmt: skip
    return (name, *(_three(value) for value in values))


def top_rows(summary: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Of those with the highest scores: how many, precision, recall, lift."""
    tops = served(summary)["metrics"].get("tops") or []
    return [
        (number(top["count"]), percent(top["precision"]), percent(top["recall"]), f"{top['lift']:.2f}")
        for top in tops
    ]


def reliability(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Observed against predicted, in groups of equal size, with 95 % intervals."""
    curve = served(summary)["metrics"].get("curve") or []
    observed = [[_percent(p["predicted"]), _percent(p["observed"])] for p in curve]
    limits = [(_percent(p["predicted"]), _percent(p["low"]), _percent(p["high"])) for p in curve]
    return cartesian(
        {"type": "value", "name": "Predicted, %", "max": 100},
        {"type": "value", "name": "Really lost, %", "max": 100},
        series=[
            *band("Really lost", limits, BLUE),
            line("Really lost, %", observed, showSymbol=True, itemStyle={"color": BLUE}),
            line("Exact", _DIAGONAL, lineStyle={"type": "dashed", "color": COLOURS[7]}, silent=True),
        ],
    )


def drivers(summary: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """What moves the scores most, heaviest above; coloured by whether more of it raises the risk.

    Args:
        labels: of features, by name.
    """
    heaviest = summary["importance"][:_DRIVERS][::-1]
    bars = [
        {"value": round(weight, 4), "itemStyle": {"color": _colour(summary["dependence"].get(name))}}
        for name, weight in heaviest
    ]
    return cartesian(
        {"type": "value", "name": "Mean part of the log-odds"},
        {
            "type": "category",
            "data": [_label(name, labels) for name, _ in heaviest],
            "axisLabel": {"color": INK, "width": 210, "overflow": "break", "interval": 0, "lineHeight": 13},
        },
        series=[{"type": "bar", "name": "Weight", "data": bars}],
    )


def _colour(points: Sequence[Mapping[str, Any]] | None) -> str:
    known = [point["risk"] for point in points or () if point["value"] is not None]
    if len(known) < 2 or known[0] == known[-1]:
        return COLOURS[7]
    return RISE if known[-1] > known[0] else FALL


def dependence(summary: Mapping[str, Any], name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """Mean risk if everybody had a value of the feature."""
    points = [p for p in summary["dependence"][name] if p["value"] is not None]
    return cartesian(
        {"type": "value", "name": _label(name, labels), "scale": True},
        {"type": "value", "name": "Mean risk, %", "scale": True},
        series=[line("Mean risk, %", [[p["value"], _percent(p["risk"])] for p in points], showSymbol=True)],
    )


def dependences(summary: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, str]:
    """Features whose dependence is known, with their labels."""
    return {name: _label(name, labels) for name in summary["dependence"]}


def rule_rows(summary: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Rules in words: of how many cases, how many were lost."""
    rules = [rule for rule in summary["rules"] if rule["share"] is not None]
    return [
        (
            rule["text"],
            number(rule["snapshots"]),
            f"{percent(rule['share'], 0)} ({percent(rule['low'], 0)} to {percent(rule['high'], 0)})",
        )
        for rule in rules[:_RULES]
    ]


def moved_rows(summary: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Who has moved into a higher tier since a week ago, the most money at risk first."""
    return [
        (user, f"{before} → {tier}", f"{percent(p_before)} → {percent(p)}", money(at_risk))
        for user, before, tier, p_before, p, at_risk in summary["warnings"][:_MOVED]
    ]


def outlook(summary: Mapping[str, Any], series: str) -> dict[str, Any]:
    """Months that were, and the next six with their 80 % and 95 % intervals.

    Args:
        series: `revenue` or `customers`.
    """
    months = summary["months"] or {"history": [], "forecast": []}
    was = [[row["month"], round(row["value"], 2)] for row in months["history"] if row["series"] == series]
    steps = [
        row
        for row in months["forecast"]
        if row["series"] == series and row["month"] is not None and row["horizon"] == _horizon(months, series)
    ]
    names = [month for month, _ in was] + [row["month"] for row in steps]
    join = was[-1:] if was else []
    return cartesian(
        {"type": "category", "data": names},
        {"type": "value", "name": title(series)},
        series=[
            line(title(series), was, itemStyle={"color": BLUE}),
            *band("95 %", [(row["month"], row["low_95"], row["high_95"]) for row in steps], COLOURS[1]),
            *band("80 %", [(row["month"], row["low_80"], row["high_80"]) for row in steps], COLOURS[1]),
            line(
                "Expected",
                [*join, *([row["month"], round(row["value"], 2)] for row in steps)],
                lineStyle={"type": "dashed"},
                itemStyle={"color": COLOURS[1]},
            ),
        ],
    )


def outlook_words(summary: Mapping[str, Any], series: str) -> str:
    """The sums of the next three and six months; empty if nothing was forecast."""
    months = summary["months"] or {"forecast": []}
    sums = [row for row in months["forecast"] if row["series"] == series and row["month"] is None]
    return "; ".join(
        f"next {row['horizon']} months: {number(row['value'])} ({number(row['low_80'])} to {number(row['high_80'])})"
        for row in sums
    )


def _horizon(months: Mapping[str, Any], series: str) -> int:
    return max((row["horizon"] for row in months["forecast"] if row["series"] == series), default=0)


def _label(name: str, labels: Mapping[str, str]) -> str:
    return labels.get(name, title(name)).split(" (")[0]


def _percent(share: float) -> float:
    return round(100 * share, 2)


def _three(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"


def cohorts(summary: Mapping[str, Any]) -> Grid:
    """By the month of the first purchase, as the live stream's are shown."""
    cells = (summary.get("staying") or {"cohorts": []})["cohorts"]
    return grid([{**cell, "second": ""} for cell in cells], MOST["month"])


def survivors(summary: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Days of the curve of who is not lost yet, as the live stream's are shown; empty where there is none."""
    days = (summary.get("staying") or {"curve": []})["curve"]
    return {EVERYBODY: days} if days else {}


def median_words(summary: Mapping[str, Any]) -> str:
    """After how long half are lost."""
    half, low, high = (summary.get("staying") or {"median": (None, None, None)})["median"]
    if half is None:
        return "Fewer than half are lost within the time of the file."
    limits = f"{low if low is not None else 'not known'} to {high if high is not None else 'not known'}"
    return f"Half are lost after {half:,} days (95 %: {limits})."


def positions(customers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Customers by silence and by what they have brought, coloured by tier: who is worth a contact lies above right.

    Args:
        customers: of the API, those with the most money at risk.
    """
    colours = {"high": COLOURS[4], "medium": COLOURS[1], "low": COLOURS[2]}
    points = {
        tier: [
            {"name": one["user"], "value": [round(one["silence_days"], 1), round(one["revenue"], 2)]}
            for one in customers
            if one["tier"] == tier and one["revenue"] > 0
        ]
        for tier in colours
    }
    return cartesian(
        {"type": "value", "name": "Days of silence"},
        {"type": "log", "name": "Revenue so far (each line ten times the one below)"},
        **legend([tier.title() for tier in colours]),
        tooltip={"trigger": "item", "confine": True, "formatter": "{b}: {c}"},
        series=[
            {
                "type": "scatter",
                "name": tier.title(),
                "symbolSize": 6,
                "itemStyle": {"color": colour, "opacity": 0.6},
                "data": points[tier],
            }
            for tier, colour in colours.items()
        ],
    )
