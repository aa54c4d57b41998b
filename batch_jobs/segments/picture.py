"""Figures of the segments, from the result tables; no state of pyplot is touched."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure

from batch_jobs.segments.names import NAMES

COLOURS: Final = dict(zip(NAMES, ("#8a8f98", "#d1495b", "#2e7d5b", "#e0a030", "#3b6fb6"), strict=True))
_NOBODY: Final = "not there"


def map_of_segments(points: pa.Table, axes_table: pa.Table, title: str = "Segments of users") -> Figure:
    """Users of the sample and the centres of the groups on two principal components.

    Args:
        points: `batch_jobs.segments.tables.POINTS`.
        axes_table: `AXES`.
    """
    figure = Figure(figsize=(7.0, 5.0), layout="constrained")
    axes = figure.subplots()
    rows = points.to_pylist()
    for name in NAMES:
        x, y = _places(rows, name, "user")
        if x:
            axes.scatter(x, y, s=7, alpha=0.45, color=COLOURS[name], label=name, linewidths=0)
        x, y = _places(rows, name, "centre")
        if x:
            axes.scatter(x, y, s=90, color=COLOURS[name], edgecolors="black", marker="X")
    loadings = axes_table.to_pylist()
    for axis, label in (("x", axes.set_xlabel), ("y", axes.set_ylabel)):
        own = [row for row in loadings if row["axis"] == axis]
        if own:
            heaviest = sorted(own, key=lambda row: -abs(row["loading"]))[:3]
            words = ", ".join(f"{'+' if r['loading'] > 0 else '−'}{r['feature']}" for r in heaviest)
            label(f"{words} ({own[0]['explained']:.0%} of the variance)")
    if rows:
        axes.legend(frameon=False, markerscale=2)
    axes.set_title(title)
    return figure


def _places(points: list[dict[str, Any]], segment: str, kind: str) -> tuple[list[float], list[float]]:
    own = [point for point in points if point["segment"] == segment and point["kind"] == kind]
    return [point["x"] for point in own], [point["y"] for point in own]


def movement_of_segments(movement: pa.Table) -> Figure:
    """Where users went since the last run, as shares of the segment they came from.

    Args:
        movement: `batch_jobs.segments.tables.MOVEMENT`.
    """
    figure = Figure(figsize=(7.0, 5.0), layout="constrained")
    axes = figure.subplots()
    rows = movement.to_pylist()
    former = {row[end] for row in rows for end in ("from_segment", "to_segment")} - {None, *NAMES}
    names = [*NAMES, *sorted(former), _NOBODY]
    counts = np.zeros((len(names), len(names)))
    for row in rows:
        here, there = row["from_segment"] or _NOBODY, row["to_segment"] or _NOBODY
        counts[names.index(here), names.index(there)] += row["users"]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (here, there), share in np.ndenumerate(shares):
        if counts[here, there]:
            colour = "white" if share > 0.5 else "black"
            text = f"{counts[here, there]:,.0f}\n{'< 1%' if share < 0.005 else f'{share:.0%}'}"
            axes.text(there, here, text, ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylabel(f"on {rows[0]['since']}" if rows else "before")
    axes.set_xlabel(f"on {rows[0]['until']}" if rows else "now")
    axes.set_title("Movement between segments")
    return figure
