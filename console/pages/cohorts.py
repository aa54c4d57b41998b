"""Who stays: retention by cohort, its mean by group, and the money that stays."""

import asyncio
from typing import Final

from nicegui import ui

from console.calling.results import Found, read
from console.pages.elements import card, columns, note, tile, tiles
from console.pages.results import Choices, as_of, pictured, said_why
from console.pages.visit import PageOf, Visit
from console.shown import groups
from console.shown.cohorts import (
    GRAINS,
    KINDS,
    MOST,
    curve_table,
    curves,
    days_kept,
    extent,
    first_of_last,
    grid,
    grid_table,
    heatmap,
    heatmap_title,
    money_curve,
    money_table,
    of_dimension,
)

_JOB: Final = "retention"
_PATH: Final = "/cohorts"
_NO_MONEY: Final = "day"
"""Grain by which revenue is not told."""


class _Cohorts:
    """What one tab looks at."""

    def __init__(self, visit: Visit) -> None:
        self._caller = visit.caller
        self._choices = Choices(visit, _PATH, self._show)

    async def build(self) -> None:
        everybody, all_groups = await asyncio.gather(
            read(self._caller, _JOB, "retention_curve", grain="day", kind="classic", dimension="all"),
            read(self._caller, _JOB, "retention_curve", grain="month", kind="classic"),
        )
        if said_why(everybody):
            return
        as_of(everybody)
        with tiles():
            for one in days_kept(everybody.rows):
                tile(*one)
        with ui.element("div").classes("controls"):
            self._choices.add("grain", "Periods", GRAINS)
            self._choices.add("kind", "Counts as retained", KINDS)
            self._choices.add("group", "Customers", groups.options(all_groups.rows))
        self._figures = ui.element("div").classes("figures")
        await self._show()

    async def _show(self) -> None:
        grain, kind = self._choices["grain"], self._choices["kind"]
        dimension, value = groups.parted(self._choices["group"])
        own = {"grain": grain, "dimension": dimension, "group": value}
        sizes, mean = await asyncio.gather(
            read(self._caller, _JOB, "cohorts", **own),
            read(self._caller, _JOB, "retention_curve", grain=grain, kind=kind, dimension=dimension),
        )
        since = first_of_last(sizes.rows, MOST[grain])
        cells = await read(self._caller, _JOB, "retention", kind=kind, first=since, **own)
        money = None if grain == _NO_MONEY else await read(self._caller, _JOB, "money_curve", **own)
        self._figures.clear()
        with self._figures:
            _heatmap(cells, grain, kind)
            with columns():
                _mean(mean, dimension, grain)
                if money is not None:
                    _money(money, grain)


def _heatmap(cells: Found, grain: str, kind: str) -> None:
    with card():
        if said_why(cells):
            return
        shown = grid(cells.rows, MOST[grain])
        width, height = extent(shown)
        heads, rows = grid_table(shown, grain)
        pictured(heatmap_title(grain, kind), heatmap(shown, grain), heads, rows, height, width)
        note(
            f"A row is a cohort by its first {grain}, with its users; a period counts from each user's own "
            "first day. Periods that are not over for everybody are left out; a zero means that nobody was there."
        )


def _mean(mean: Found, dimension: str, grain: str) -> None:
    with card():
        if said_why(mean):
            return
        of = of_dimension(mean.rows, dimension)
        heads, rows = curve_table(of, grain)
        by = "" if dimension == groups.ALL else f", by {dimension}"
        pictured(f"Mean retention{by}", curves(of, grain), heads, rows)
        note("Over the cohorts that are old enough, weighted by their size.")


def _money(money: Found, grain: str) -> None:
    with card():
        if said_why(money):
            return
        heads = (grain.capitalize(), "Net", "Gross", "Payers of the beginning", "Paying")
        pictured("Revenue that stays", money_curve(money.rows, grain), heads, money_table(money.rows))
        note(
            "Of those who paid in their first period: net counts what they pay more as well, gross leaves out what "
            "exceeds each one's own beginning."
        )


async def build(visit: Visit) -> None:
    """The page."""
    await _Cohorts(visit).build()


PAGE: Final = PageOf(_PATH, "Cohorts", "grid_on", "read", build)
