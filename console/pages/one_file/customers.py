"""Customers of a file, a page at a time, with what drives each."""

from functools import partial
from typing import Any

from nicegui import ui

from console.pages.elements import button, card, grid, text
from console.pages.visit import Visit
from console.shown.filed import COLUMNS, PAGE, SORTS, TIERS, range_words, rows


class Customers:
    """What one tab looks at."""

    def __init__(self, visit: Visit, path: str, id_: str, kinds: dict[str, str]) -> None:
        """
        Args:
            path: of the workspace in the API.
            id_: of the workspace.
            kinds: of customers, to choose from.
        """
        self._visit = visit
        self._path = path
        self._id = id_
        self._kinds = kinds
        self._wish: dict[str, str] = {"tier": "", "segment": "", "search": "", "sort": "value"}
        self._start = 0

    async def build(self) -> None:
        """Filters, grid, and the way through it."""
        found = await self._read()
        with card("Customers"):
            with ui.element("div").classes("controls"):
                search = ui.input(label="Ids that begin with").props("outlined dense clearable debounce=250")
                tier = ui.select(TIERS, label="Tier", value="").props("outlined dense options-dense")
                kind = ui.select(self._kinds, label="Kind", value="").props("outlined dense options-dense")
                sort = ui.select(SORTS, label="Order", value="value").props("outlined dense options-dense")
                for name, made in (("search", search), ("tier", tier), ("segment", kind), ("sort", sort)):
                    made.on_value_change(self._visit.trying(partial(self._choose, name, made)))
            self._grid = grid(COLUMNS, rows(found["items"], self._id)).classes("short-grid")
            with ui.element("div").classes("controls"):
                self._back = button("Previous", self._visit.trying(self._go_back))
                self._forth = button("Next", self._visit.trying(self._go_forth))
                self._told = text("span", "", "note").props("role=status")
        self._tell(found)

    async def _choose(self, name: str, made: Any) -> None:
        self._wish[name], self._start = made.value or "", 0
        await self._show()

    async def _read(self) -> Any:
        chosen = {name: value or None for name, value in self._wish.items()}
        return await self._visit.caller.get(
            f"{self._path}/customers", {**chosen, "limit": PAGE, "cursor": self._start}
        )

    async def _show(self) -> None:
        found = await self._read()
        self._grid.run_grid_method("setGridOption", "rowData", rows(found["items"], self._id))
        self._tell(found)

    def _tell(self, found: Any) -> None:
        self._told.text = range_words(self._start, len(found["items"]), found["total"])
        self._back.set_enabled(self._start > 0)
        self._forth.set_enabled(found["cursor"] is not None)

    async def _go_back(self) -> None:
        self._start = max(self._start - PAGE, 0)
        await self._show()

    async def _go_forth(self) -> None:
        self._start += PAGE
        await self._show()
