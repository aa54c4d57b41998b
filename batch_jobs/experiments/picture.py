"""Effects as a forest, and what daily looks have shown; no state of pyplot is touched."""

from typing import Any, Final

import pyarrow as pa
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

_ONE_LOOK: Final = "#0072B2"
_ANYTIME: Final = "#9fb8cc"
_METRICS: Final = {"retention": "cuped", "survival": "none"}
"""Differences of shares, as they are shown."""


def forest(effects: pa.Table, segments: pa.Table) -> Figure:
    """Differences in retention and survival against the control, then retention by segment, of every experiment.

    Thick: 95 % for one look; thin: however often one looks.

    Args:
        effects: `batch_jobs.experiments.schema.EFFECTS`.
        segments: `SEGMENTS`.
    """
    rows = _rows(effects.to_pylist(), segments.to_pylist())
    figure = Figure(figsize=(8.0, 1.6 + 0.26 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, (_, row) in enumerate(rows):
        if row.get("anytime_low") is not None:
            axes.plot(
                [row["anytime_low"], row["anytime_high"]], [place, place], color=_ANYTIME, linewidth=1.5
            )
        axes.plot([row["low"], row["high"]], [place, place], color=_ONE_LOOK, linewidth=3)
        axes.plot([row["difference"]], [place], "o", color=_ONE_LOOK, markersize=5)
    axes.axvline(0, color="#444444", linewidth=0.8)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows], fontsize=8)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("difference to the control, in points")
    axes.grid(axis="x", alpha=0.25)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.set_title("What the variants bring" if rows else "No experiment can be compared yet", loc="left")
    return figure


def _rows(effects: list[dict[str, Any]], segments: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for row in effects:
        if _METRICS.get(row["metric"]) != row["adjustment"]:
            continue
        found.append((f"{row['experiment']}: {row['variant']}, {row['metric']}", row))
        if row["metric"] == "retention":
            found += [
                (f"{part['dimension']} {part['value']}", part)
                for part in segments
                if part["difference"] is not None
                and (part["experiment"], part["variant"]) == (row["experiment"], row["variant"])
            ]
    return found
