"""One part of the report: words, a table, a picture; and how figures are written."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from matplotlib.figure import Figure

MOST_ROWS: Final = 8
"""Of a table; who wants more reads the results."""


class Grid(NamedTuple):
    """A table."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Picture(NamedTuple):
    """An image."""

    name: str
    png: bytes
    words: str
    """What it shows, for who does not see it."""


class Section(NamedTuple):
    """One part of the report."""

    title: str
    words: list[str]
    grid: Grid | None = None
    picture: Picture | None = None
    of: date | None = None
    """As-of of its result, where that is another than the report's."""


def png(figure: Figure) -> bytes:
    """A figure as bytes, always the same ones."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=150, metadata={"Software": None})
    return file.getvalue()


def written(value: float | None, unit: str) -> str:
    """A figure for people: shares as percent, money with its hundredths, a dash where nothing is known."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{value:,.2f}" if unit == "money" else f"{value:,.0f}"
