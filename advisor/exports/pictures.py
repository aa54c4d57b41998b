"""Pictures of what was found; no state of pyplot is touched."""

from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from advisor.insights.months import SERIES, Months
from advisor.training.training import Summary
from online_model.explain.labels import LABELS
from online_model.quality.metrics import Metrics

_MAIN: Final = "#3b6fb6"
_MARK: Final = "#c25b12"
_SOFT: Final = "#9aa5b1"
_TITLE: Final = 9
_WHOLE: Final = "{x:,.0f}"
_DRIVERS: Final = 8
_TITLES: Final = {"revenue": "Revenue by month", "customers": "Customers who bought by month"}


def ahead(months: Months) -> Figure:
    """The months so far, and those to come with the band that holds 80 %."""
    figure = Figure(figsize=(9.0, 2.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), SERIES, strict=True):
        known = [row for row in months.history if row["series"] == name]
        axes.plot([row["month"] for row in known], [row["value"] for row in known], color=_MAIN)
        told = [row for row in months.forecast if row["series"] == name and row["step"]]
        longest = max((row["horizon"] for row in told), default=0)
        next_ = [row for row in told if row["horizon"] == longest]
        if next_:
            labels = [row["month"] for row in next_]
            axes.plot(labels, [row["value"] for row in next_], color=_MARK, linestyle="--")
            axes.fill_between(
                labels,
                [r["low_80"] for r in next_],
                [r["high_80"] for r in next_],
                color=_MARK,
                alpha=0.15,
                linewidth=0,
            )
        axes.set_title(_TITLES[name], loc="left", fontsize=_TITLE)
        axes.yaxis.set_major_formatter(StrMethodFormatter(_WHOLE))
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.set_ylim(bottom=0)
        _plain(axes)
    return figure


def reasons(summary: Summary) -> Figure:
    """What moves the risk most, and the mean risk at values of the first two."""
    figure = Figure(figsize=(9.0, 2.3), layout="constrained")
    bars, *curves = figure.subplots(1, 3, width_ratios=(1.3, 1, 1))
    found = [one for one in summary.importance if one.weight > 0][:_DRIVERS][::-1]
    bars.barh([LABELS[one.name] for one in found], [one.weight for one in found], color=_MAIN)
    bars.set_title("Mean change of the log-odds", loc="left", fontsize=_TITLE)
    _plain(bars)
    for axes, (name, points) in zip(curves, list(summary.dependence.items())[:2], strict=False):
        known = [(point.value, point.risk) for point in points if point.value is not None]
        values, risks = ([pair[place] for pair in known] for place in (0, 1))
        axes.plot(values, risks, color=_MAIN, marker="o", markersize=3)
        axes.set_title("Mean risk by", loc="left", fontsize=_TITLE)
        axes.set_xlabel(LABELS[name])
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        _plain(axes)
    for axes in curves[len(summary.dependence) :]:
        axes.set_axis_off()
    return figure


def sureness(metrics: Metrics) -> Figure:
    """The reliability curve, on the line where predictions are right; and how many of the first were lost."""
    figure = Figure(figsize=(9.0, 2.2), layout="constrained")
    curve, tops = figure.subplots(1, 2)
    curve.plot([0, 1], [0, 1], color=_SOFT, linestyle=":")
    predicted, observed = (
        [getattr(one, name) for one in metrics.curve] for name in ("predicted", "observed")
    )
    curve.plot(predicted, observed, color=_MAIN, marker="o", markersize=3)
    curve.set_title("Predicted (across) beside what came of it", loc="left", fontsize=_TITLE)
    curve.xaxis.set_major_formatter(PercentFormatter(1.0))
    first = sorted(metrics.tops, key=lambda top: top.share)
    tops.bar([f"{top.share:.1%}" for top in first], [top.precision for top in first], color=_MAIN)
    if metrics.base_rate is not None:
        tops.axhline(metrics.base_rate, color=_MARK, linewidth=1.2)
    tops.set_title("Lost among those ranked first (line: among all)", loc="left", fontsize=_TITLE)
    for axes in (curve, tops):
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        _plain(axes)
    return figure


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=7)
    axes.xaxis.label.set_fontsize(8)
    axes.yaxis.label.set_fontsize(8)
