"""Figures of money, from the result tables; no state of pyplot is touched."""

from typing import Final

import pyarrow as pa
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

_MINOR_UNITS: Final = 100
_MOST: Final = 8
_MAIN: Final = "#3b6fb6"
_WHOLE: Final = "{x:,.0f}"


def lifetime_curves(ltv: pa.Table, grouping: str = "all") -> Figure:
    """Lifetime values by months since the origin, dashed where they are extrapolated, with their 95 % intervals.

    Curves begin with nothing at the origin, so that one month is a line too.

    Args:
        ltv: `batch_jobs.value.tables.LTV`.
        grouping: of which the groups with the most members are shown.
    """
    figure = Figure(figsize=(7.0, 4.5), layout="constrained")
    axes = figure.subplots()
    rows = [row for row in ltv.to_pylist() if row["grouping"] == grouping]
    sizes = {row["group"]: row["members"] for row in rows}
    shown = sorted(sorted(sizes), key=lambda group: -sizes[group])[:_MOST]
    for place, group in enumerate(sorted(shown)):
        own = [row for row in rows if row["group"] == group]
        months = [0, *(row["months"] for row in own)]
        ripe = 1 + sum(not row["extrapolated"] for row in own)
        money = {name: [0.0, *(row[name] / _MINOR_UNITS for row in own)] for name in ("value", "low", "high")}
        colour = f"C{place}"
        axes.plot(months[:ripe], money["value"][:ripe], color=colour, label=group)
        axes.plot(months[ripe - 1 :], money["value"][ripe - 1 :], color=colour, linestyle="--")
        axes.fill_between(months, money["low"], money["high"], color=colour, alpha=0.15, linewidth=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("months of 30 days since the origin")
    axes.set_ylabel("margin a member, discounted")
    axes.yaxis.set_major_formatter(StrMethodFormatter(_WHOLE))
    axes.set_title("Lifetime value")
    if shown:
        axes.legend(frameon=False)
    return figure


def forecast_of(history: pa.Table, forecast: pa.Table, series: str = "revenue") -> Figure:
    """Months that are known and those to come, with intervals of 80 and 95 %; of the farthest horizon there is.

    Args:
        history: `batch_jobs.value.tables.HISTORY`.
        forecast: `FORECAST`.
        series: which.
    """
    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    axes = figure.subplots()
    unit = _MINOR_UNITS if series == "revenue" else 1
    known = [row for row in history.to_pylist() if row["series"] == series]
    coming = [row for row in forecast.to_pylist() if row["series"] == series and row["step"]]
    coming = [row for row in coming if row["horizon"] == max(r["horizon"] for r in coming)]
    labels = [row["month"] for row in known + coming]
    if known:
        axes.plot([row["value"] / unit for row in known], color=_MAIN)
    places = list(range(len(known), len(labels)))
    for share, alpha in ((95, 0.15), (80, 0.3)):
        lows = [row[f"low_{share}"] / unit for row in coming]
        highs = [row[f"high_{share}"] / unit for row in coming]
        axes.fill_between(places, lows, highs, color=_MAIN, alpha=alpha, linewidth=0, label=f"{share} %")
    if coming:
        last = [known[-1]] if known else []
        line = [row["value"] / unit for row in last + coming]
        axes.plot(range(len(labels) - len(line), len(labels)), line, color=_MAIN, linestyle="--")
        axes.legend(frameon=False)
    every = max(len(labels) // 8, 1)
    axes.set_xticks(range(0, len(labels), every), labels[::every])
    axes.yaxis.set_major_formatter(StrMethodFormatter(_WHOLE))
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    axes.set_title(f"{series.replace('_', ' ').capitalize()} by month")
    return figure
