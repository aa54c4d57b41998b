"""Picture of retention: a row a cohort, a column a period; what is not over yet stays white."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

MOST_COHORTS: Final = 16
MOST_PERIODS: Final = 17
_STYLE: Final[dict[Any, Any]] = {
    "font.family": "sans-serif", "font.size": 8.5, "axes.edgecolor": "#8a8f98", "text.color": "#1c2733",
    "axes.labelcolor": "#46505c", "xtick.color": "#46505c", "ytick.color": "#46505c",
    "xtick.major.size": 0.0, "ytick.major.size": 0.0, "figure.constrained_layout.use": True,
}  # fmt: skip
_COLOURS: Final = LinearSegmentedColormap.from_list("retention", ["#fbeee6", "#f2b680", "#5fa8a0", "#14505c"])
_BRIGHT_FROM: Final = 0.77
"""Of the scale, from where on figures in a cell are white: there both inks are read equally well."""


class Cohort(NamedTuple):
    """One row."""

    name: str
    size: int
    ratios: Mapping[int, float]
    """By period; those that are not over are absent."""


def heatmap(cohorts: Sequence[Cohort], period: str = "week") -> bytes:
    """PNG of the last cohorts, oldest above.

    Period 0 is the one of their beginning and says nothing (nearly all are active in it): the scale is of the others.

    Args:
        cohorts: at least one, oldest first.
        period: what columns are called.
    """
    rows = cohorts[-MOST_COHORTS:]
    columns = 1 + min(max((p for row in rows for p in row.ratios), default=0), MOST_PERIODS - 1)
    shares = np.full((len(rows), columns), np.nan)
    for place, row in enumerate(rows):
        for number, ratio in row.ratios.items():
            if number < columns:
                shares[place, number] = ratio
    later = shares[:, 1:][~np.isnan(shares[:, 1:])]
    top = float(later.max()) if later.size and later.max() > 0 else 1.0
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(1.6 + 0.5 * columns, 0.9 + 0.3 * len(rows)), dpi=150)
        axes = figure.subplots()
        axes.imshow(
            np.ma.masked_invalid(np.minimum(shares, top)), cmap=_COLOURS, vmin=0.0, vmax=top, aspect="auto"
        )
        for place, number in zip(*np.nonzero(~np.isnan(shares)), strict=True):
            share = shares[place, number]
            colour = "white" if min(share, top) > _BRIGHT_FROM * top else "#1c2733"
            axes.text(
                number, place, f"{100 * share:.0f}", ha="center", va="center", color=colour, fontsize=7.5
            )
        axes.set_xticks(range(columns), [str(number) for number in range(columns)])
        axes.set_yticks(range(len(rows)), [f"{row.name}  ({row.size:,})" for row in rows])
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.set_xlabel(f"{period}s after the first; % active")
        axes.set_xticks(np.arange(-0.5, columns), minor=True)
        axes.set_yticks(np.arange(-0.5, len(rows)), minor=True)
        axes.grid(which="minor", color="white", linewidth=1.5)
        axes.tick_params(which="minor", length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        file = io.BytesIO()
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()
