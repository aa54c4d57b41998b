"""What pages of the batch jobs' results have in common: choices, the day of the figures, pictures with tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from nicegui import ui

from console.calling.results import Found
from console.pages.elements import Cell, chart, heading, note, table, text
from console.pages.visit import Action, Visit

Options = Mapping[str, str]
"""Labels by value, the first one is chosen unless the address says otherwise."""


class Choices:
    """Fields above the figures; what is chosen stands in the page's address, so that it can be passed on."""

    def __init__(self, visit: Visit, path: str, changed: Action) -> None:
        """
        Args:
            path: of the page.
            changed: shows the figures anew.
        """
        self._visit = visit
        self._path = path
        self._changed = changed
        self._chosen: dict[str, str] = {}
        self._fields: dict[str, ui.select] = {}

    def __getitem__(self, name: str) -> str:
        """What is chosen."""
        return self._chosen[name]

    def add(self, name: str, label: str, options: Options) -> None:
        """One field.

        Args:
            name: of the parameter in the address.
            options: at least one.
        """

        async def choose() -> None:
            if made.value == self._chosen[name]:
                return
            self._chosen[name] = made.value
            await self._changed()
            ui.navigate.history.replace(f"{self._path}?{urlencode(self._chosen)}")

        given = self._visit.query.get(name, "")
        self._chosen[name] = given if given in options else next(iter(options))
        made = ui.select(dict(options), label=label, value=self._chosen[name])
        made.on_value_change(self._visit.trying(choose))
        made.props("outlined dense options-dense")
        self._fields[name] = made

    def narrow(self, name: str, options: Options) -> None:
        """Let a field offer others; what is chosen stays where it is among them.

        Args:
            options: at least one.
        """
        if self._chosen[name] not in options:
            self._chosen[name] = next(iter(options))
        self._fields[name].set_options(dict(options), value=self._chosen[name])


def said_why(found: Found) -> bool:
    """Whether there is nothing to show; the API's reason is shown then."""
    if not found.rows:
        text("p", f"Nothing to show: {found.reason}.", "note")
    return not found.rows


def as_of(found: Found) -> None:
    """Up to when the figures are known."""
    note(f"As of {found.as_of}: everything before the midnight (UTC) at which this day begins.")


def folded(words: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], figures_from: int = 1) -> None:
    """A table that is unfolded, and only then made, by who wants it."""
    with ui.element("details").classes("folded") as around:
        text("summary", words)
        inside = ui.element("div")

    def unfold() -> None:
        if not inside.default_slot.children:
            with inside:
                table(words, heads, rows, figures_from)

    around.on("toggle", unfold, [])


def pictured(
    title: str,
    options: dict[str, Any],
    heads: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    height: int = 320,
    least_width: int = 0,
    figures_from: int = 1,
) -> None:
    """A picture, and its figures in a table for who does not see it; without figures, a sentence in their place.

    Args:
        height: pixels.
        least_width: pixels; where there is less room the picture scrolls.
    """
    figures = list(rows)
    if not figures:
        heading(title)
        note("Too few for a picture yet.")
        return
    around = ui.element("div").classes("scrolls").props("tabindex=0 role=region")
    around.props["aria-label"] = title
    with around, ui.element("div").style(f"min-width: {least_width}px"):
        chart(title, options, height)
    folded(f"{title}: figures", heads, figures, figures_from)
