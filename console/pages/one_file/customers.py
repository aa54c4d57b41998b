"""Customers of a file, a page at a time, with what drives each."""

from typing import Any

from nicegui import ui

from console.pages.elements import button, card, text
from console.pages.visit import Visit
from console.shown.filed import COLUMNS, PAGE, TIERS, range_words, rows


class Customers:
    """What one tab looks at."""

    def __init__(self, visit: Visit, path: str) -> None:
        """
        Args:
            path: of the workspace in the API.
        """
        self._visit = visit
        self._path = path
        self._tier = ""
        self._start = 0

    async def build(self) -> None:
        """Filter, grid, and the way through it."""
        found = await self._read()
        with card("Customers"):
            with ui.element("div").classes("controls"):
                tier = ui.select(TIERS, label="Tier", value="").props("outlined dense options-dense")

                async def choose() -> None:
                    self._tier, self._start = tier.value or "", 0
                    await self._show()

                tier.on_value_change(self._visit.trying(choose))
            self._grid = ui.aggrid(
                {
                    "columnDefs": [dict(column) for column in COLUMNS],
                    "defaultColDef": {"sortable": False, "resizable": True, "suppressMovable": True},
                    "rowData": rows(found["items"]),
                    "ensureDomOrder": True,
                    "suppressColumnVirtualisation": True,
                    "rowHeight": 36,
                    "overlayNoRowsTemplate": "No customer fits.",
                }
            ).classes("short-grid")
            with ui.element("div").classes("controls"):
                self._back = button("Previous", self._visit.trying(self._go_back))
                self._forth = button("Next", self._visit.trying(self._go_forth))
                self._told = text("span", "", "note").props("role=status")
        self._tell(found)

    async def _read(self) -> Any:
        asked = {"tier": self._tier or None, "limit": PAGE, "cursor": self._start}
        return await self._visit.caller.get(f"{self._path}/customers", asked)

    async def _show(self) -> None:
        found = await self._read()
        self._grid.run_grid_method("setGridOption", "rowData", rows(found["items"]))
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
