"""Survival curves as a picture for reports: bands, and the number at risk beneath."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

COLOURS: Final = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#444444", "#8C6D31", "#7B4173",
)  # fmt: skip
"""Told apart by colour-blind readers (Okabe & Ito 2008), then three more."""
_TICKS: Final = (1, 2, 5, 7, 10, 14, 30, 60, 90, 180, 365)
_MOST_TICKS: Final = 8


def picture(curves: pa.Table, kind: str = "all", view: str = "passage", title: str = "") -> Figure:
    """One figure of all groups of a kind; no state is shared, and the same table gives the same figure.

    Args:
        curves: `batch_jobs.survival.schema.CURVES`.

    Raises:
        ValueError: the table has no such curves.
    """
    chosen = curves.filter(pc.and_(pc.equal(curves["view"], view), pc.equal(curves["group_kind"], kind)))
    names = pc.unique(chosen["group"]).to_pylist()
    if not names:
        raise ValueError(f"no survival curves of view {view!r} by {kind!r}")
    figure = Figure(figsize=(8.0, 4.2 + 0.22 * len(names)), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(12, 1 + len(names)))
    parts = [chosen.filter(pc.equal(chosen["group"], name)) for name in names]
    for number, (name, part) in enumerate(zip(names, parts, strict=True)):
        _draw_curve(upper, name, part, COLOURS[number % len(COLOURS)])
    ticks = _ticks(_last_day(parts))
    _finish(upper, ticks, title, len(names) > 1)
    _write_at_risk(lower, names, parts, ticks)
    return figure


def _draw_curve(axes: Axes, name: str, part: pa.Table, colour: str) -> None:
    days = part["day"].to_numpy()
    survival, low, high = (part[column].to_numpy() for column in ("survival", "lower", "upper"))
    axes.fill_between(days, low, high, step="post", color=colour, alpha=0.18, linewidth=0)
    axes.step(days, survival, where="post", color=colour, linewidth=1.6, label=name)


def _finish(axes: Axes, ticks: Sequence[int], title: str, legend: bool) -> None:
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, ticks[-1] or 1)
    axes.set_ylabel("still with us")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if title:
        axes.set_title(title, loc="left")
    if legend:
        axes.legend(frameon=False, fontsize=8, loc="lower left")


def _write_at_risk(axes: Axes, names: Sequence[str], parts: Sequence[pa.Table], ticks: Sequence[int]) -> None:
    axes.set_ylim(len(names) + 0.5, -0.5)
    axes.set_yticks([0, *range(1, len(names) + 1)], ["at risk", *names])
    axes.set_xticks(ticks)
    axes.set_xlabel("days since the origin")
    axes.tick_params(length=0)
    axes.tick_params(axis="y", pad=26)  # room for half of the widest number on day 0
    for side in axes.spines.values():
        side.set_visible(False)
    for row, part in enumerate(parts):
        at_risk = part["at_risk"].to_numpy()
        for tick in ticks:
            if tick < len(at_risk):
                axes.text(tick, row + 1, f"{at_risk[tick]:,}", ha="center", va="center", fontsize=7)


def _last_day(parts: Sequence[pa.Table]) -> int:
    known = [np.flatnonzero(~np.isnan(part["survival"].to_numpy())) for part in parts]
    return max((int(days[-1]) for days in known if len(days)), default=0)


def _ticks(last: int) -> list[int]:
    """Days to write at, so few that they do not touch; from 0 to the last or just beyond."""
    step = next((step for step in _TICKS if last <= step * _MOST_TICKS), 365)
    return list(range(0, last + step, step)) if last else [0]
