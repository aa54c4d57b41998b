"""Pictures of a profile; no state of pyplot is touched."""

from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from advisor.profile.profile import Profile
from advisor.threshold.threshold import LEAST, MOST, SLIDER, Threshold

_MAIN: Final = "#3b6fb6"
_SOFT: Final = "#9aa5b1"
_MARK: Final = "#c25b12"
_TITLE: Final = 10
_WHOLE: Final = "{x:,.0f}"
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def over_time(profile: Profile) -> Figure:
    """Revenue and customers by month, and events by weekday and hour."""
    figure = Figure(figsize=(9.0, 5.4), layout="constrained")
    (money, people), (weekdays, hours) = figure.subplots(2, 2)
    months = [month.month for month in profile.months]
    money.bar(months, [month.revenue for month in profile.months], color=_MAIN)
    money.set_title("Revenue by month", loc="left", fontsize=_TITLE)
    people.plot(months, [month.customers for month in profile.months], color=_MAIN, marker="o", markersize=3)
    people.set_ylim(bottom=0)
    people.set_title("Customers who bought by month", loc="left", fontsize=_TITLE)
    for axes in (money, people):
        axes.yaxis.set_major_formatter(StrMethodFormatter(_WHOLE))
        axes.xaxis.set_major_locator(MaxNLocator(6))
    weekdays.bar(_DAYS, profile.weekdays, color=_MAIN)
    weekdays.set_title("Events by weekday", loc="left", fontsize=_TITLE)
    hours.bar(range(24), profile.hours, color=_MAIN)
    hours.set_title("Events by hour", loc="left", fontsize=_TITLE)
    for axes in (weekdays, hours):
        axes.yaxis.set_major_formatter(StrMethodFormatter(_WHOLE))
    for axes in (money, people, weekdays, hours):
        _plain(axes)
    return figure


def curve(threshold: Threshold) -> Figure:
    """How many gaps are within so many days, and the churn rate that each threshold would give."""
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    gaps, churn = figure.subplots(1, 2)
    gaps.plot(range(1, len(threshold.within) + 1), threshold.within, color=_MAIN)
    gaps.plot(
        [1, len(threshold.within)], [threshold.within[0], threshold.within[-1]], color=_SOFT, linestyle=":"
    )
    gaps.axvspan(LEAST, MOST, color=_SOFT, alpha=0.15, linewidth=0)
    gaps.set_title(
        f"{threshold.within[threshold.days - 1]:.0%} of the gaps end within {threshold.days} days",
        loc="left",
        fontsize=_TITLE,
    )
    gaps.set_xlabel("days between two days of purchase")
    chosen = threshold.choices[threshold.days - SLIDER[0]]
    churn.plot([c.days for c in threshold.choices], [c.churn_rate for c in threshold.choices], color=_MAIN)
    churn.set_title(
        f"At {threshold.days} days {chosen.churn_rate:.0%} of the customers count as lost",
        loc="left",
        fontsize=_TITLE,
    )
    churn.set_xlabel("days of silence that count as lost")
    churn.set_ylim(0, 1)
    for axes in (gaps, churn):
        axes.axvline(threshold.days, color=_MARK, linewidth=1.2)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        _plain(axes)
    return figure


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.xaxis.label.set_fontsize(8)
