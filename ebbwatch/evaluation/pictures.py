"""Pictures of an evaluation as SVG that takes its colours from the page around it, light or dark."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from online_model.explain.importance import Dependence
from online_model.quality.reliability import Bin

Curve = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]

# Matplotlib wants colours, the page has variables: each stands for one of them until the text is written
_INK, _SOFT, _GRID, _MAIN, _OTHER = "#010101", "#020202", "#030303", "#040404", "#050505"
_VARIABLES: Final = {_INK: "--ink", _SOFT: "--soft", _GRID: "--line", _MAIN: "--main", _OTHER: "--other"}
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none", "svg.hashsalt": "ebbwatch", "font.family": "sans-serif", "font.size": 11.0,
    "text.color": _INK, "axes.labelcolor": _SOFT, "axes.edgecolor": _GRID, "xtick.color": _SOFT,
    "ytick.color": _SOFT, "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
    "axes.grid": True, "axes.grid.axis": "y", "grid.color": _GRID, "grid.linewidth": 0.8,
    "axes.axisbelow": True, "xtick.major.size": 0.0, "ytick.major.size": 0.0, "legend.frameon": False,
    "lines.solid_capstyle": "round", "figure.constrained_layout.use": True,
}  # fmt: skip


@contextmanager
def _drawn(width: float, height: float, into: list[str]) -> Iterator[Axes]:
    """Axes to draw on; the SVG is appended to `into`."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height))
        axes: Axes = figure.subplots()
        yield axes
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # else every picture of a page has the same ids
    text = re.sub(r'<svg ([^>]*?)height="[^"]*"([^>]*?) width="[^"]*"', r"<svg \1\2", text, count=1)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    into.append(text)


def reliability(curve: Sequence[Bin]) -> str:
    """What was said against what happened, with 95 % intervals."""
    made: list[str] = []
    with _drawn(5.0, 4.0, made) as axes:
        said = np.array([b.predicted for b in curve])
        happened = np.array([b.observed for b in curve])
        reach = np.abs(np.array([[b.low, b.high] for b in curve]).T - happened)
        axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1, linestyle=(0, (4, 4)))
        axes.errorbar(
            said, happened, yerr=reach, color=_MAIN, linewidth=1.2, fmt="o", markersize=6, alpha=0.9
        )
        axes.plot(said, happened, color=_MAIN, linewidth=2)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="risk that was said", ylabel="share that was lost")
        _percent(axes, "both")
    return made[0]


def over_time(
    months: Sequence[str], curves: Mapping[str, Sequence[float | None]], half: str, main: str
) -> str:
    """AUC by month of the snapshots.

    Args:
        months: ``2011-05`` and so on.
        curves: by contestant, one value a month; None where there is none.
        half: month in which the second half begins.
        main: the contestant in front.
    """
    made: list[str] = []
    with _drawn(6.6, 3.3, made) as axes:
        place = range(len(months))
        for name, values in curves.items():
            heights = [np.nan if v is None else v for v in values]
            if name != main:
                axes.plot(place, heights, color=_OTHER, linewidth=1.1, alpha=0.55)
        axes.plot(
            place, [np.nan if v is None else v for v in curves[main]], color=_MAIN, linewidth=2.6, marker="o"
        )
        if half in months:
            start = months.index(half)
            axes.axvspan(start, len(months) - 0.6, color=_MAIN, alpha=0.07, linewidth=0)
        axes.axhline(0.5, color=_SOFT, linewidth=1, linestyle=(0, (4, 4)))
        step = max(1, -(-len(months) // 8))
        axes.set_xticks(list(place)[::step], list(months)[::step])
        axes.set(ylabel="ROC AUC", xlim=(-0.4, len(months) - 0.6))
    return made[0]


def gains(curves: Mapping[str, Curve], base_rate: float, main: str) -> str:
    """Share of the lost found among those of the highest risk.

    Args:
        curves: by contestant, share contacted and share of the lost among them.
    """
    made: list[str] = []
    with _drawn(5.0, 4.0, made) as axes:
        axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1, linestyle=(0, (4, 4)))
        axes.plot([0, base_rate, 1], [0, 1, 1], color=_SOFT, linewidth=1, linestyle=(0, (1, 3)))
        for name, (share, found) in curves.items():
            front = name == main
            colour = _MAIN if front else _OTHER
            axes.plot(
                share, found, color=colour, linewidth=2.6 if front else 1.1, alpha=1.0 if front else 0.55
            )
        axes.set(
            xlim=(0, 1), ylim=(0, 1.02), xlabel="share contacted, highest risk first", ylabel="of all lost"
        )
        _percent(axes, "both")
    return made[0]


def bars(names: Sequence[str], values: Sequence[float], label: str) -> str:
    """Lying bars, the longest above."""
    made: list[str] = []
    with _drawn(6.6, 0.9 + 0.32 * len(names), made) as axes:
        axes.barh(range(len(names)), values, color=_MAIN, height=0.62)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        axes.set(xlabel=label)
    return made[0]


def dependence(points: Sequence[Dependence], label: str, category: bool) -> str:
    """Mean risk at values of a feature; what is unknown stands apart, as a ring at the left."""
    made: list[str] = []
    with _drawn(3.6, 2.6, made) as axes:
        known = [p for p in points if not np.isnan(p.value)]
        places = list(range(len(known))) if category else [p.value for p in known]
        axes.plot(places, [p.risk for p in known], color=_MAIN, linewidth=0 if category else 2.2, marker="o")
        for p in points:
            if np.isnan(p.value):
                axes.axhline(p.risk, color=_OTHER, linewidth=1.2, linestyle=(0, (4, 3)))
        if category:
            axes.set_xticks(places, [f"{p.value:.0f}" for p in known], rotation=60)
        elif known and min(p.value for p in known) >= 0 and known[-1].value > 50 * max(known[0].value, 1):
            axes.set_xscale("symlog", linthresh=1.0)
        axes.set(xlabel=label)
        low, high = axes.get_ylim()
        middle, half = (low + high) / 2, max((high - low) / 2, 0.05)
        axes.set_ylim(max(0.0, middle - half), min(1.0, middle + half))
        _percent(axes, "y")
    return made[0]


def _percent(axes: Axes, which: str) -> None:
    for axis in (axes.xaxis, axes.yaxis) if which == "both" else (axes.yaxis,):
        axis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
