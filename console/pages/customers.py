"""The explorer: all customers at risk, ranked, a page at a time, by the API's pinned rankings."""

from typing import Any, Final

from nicegui import ui

from console.calling.caller import RefusedError
from console.pages.elements import button, customer_address, grid, text
from console.pages.visit import PageOf, Visit
from console.shown.ranking import COLUMNS, SORTS, TIERS, Paged, rows, wish_of

_ALL: Final = "All segments"


class _Explorer:
    """What one tab looks at."""

    def __init__(self, visit: Visit, segments: list[str]) -> None:
        self._visit = visit
        self._segments = segments
        self._wish = wish_of(visit.query)
        self._paged = Paged()

    async def build(self) -> None:
        wish = self._wish
        with ui.element("div").classes("controls"):
            search = ui.input(label="Find a customer by id").props("outlined dense clearable type=search")
            search.on("keydown.enter", self._visit.trying(lambda: self._find(search.value or "")))
            self._choice("Tier", TIERS, wish.tier, "tier")
            self._choice("Segment", {"": _ALL, **{s: s for s in self._segments}}, wish.segment, "segment")
            self._choice("Order", SORTS, wish.sort, "sort")
        found = await self._read()
        self._grid = grid(COLUMNS, rows(found["items"]))
        with ui.element("div").classes("controls"):
            self._back = button("Previous", self._visit.trying(self._go_back))
            self._forth = button("Next", self._visit.trying(self._go_forth))
            self._told = text("span", "", "note").props("role=status")
        self._tell(found)

    def _choice(self, label: str, options: dict[str, str], value: str, field: str) -> None:
        async def choose() -> None:
            self._wish = self._wish._replace(**{field: made.value or ""})
            self._paged = Paged()
            await self._show()

        given = value if value in options else ""
        made = ui.select(options, label=label, value=given, on_change=self._visit.trying(choose))
        made.props("outlined dense options-dense")

    async def _read(self) -> Any:
        parameters = self._wish.parameters() | {"cursor": self._paged.cursor}
        try:
            found = await self._visit.caller.get("/v1/users", parameters)
        except RefusedError as fault:
            if fault.kind != "expired_cursor":
                raise
            self._paged = Paged()
            ui.notify("The ranking was made anew, so this is its first page.")
            found = await self._visit.caller.get("/v1/users", self._wish.parameters())
        self._paged.read(found["next"])
        return found

    async def _show(self) -> None:
        found = await self._read()
        self._grid.run_grid_method("setGridOption", "rowData", rows(found["items"]))
        self._grid.run_grid_method("ensureIndexVisible", 0, "top")
        self._tell(found)

    def _tell(self, found: Any) -> None:
        self._told.text = self._paged.told(len(found["items"]), found["total"])
        self._back.set_enabled(not self._paged.first)
        self._forth.set_enabled(not self._paged.last)

    async def _go_back(self) -> None:
        self._paged.back()
        await self._show()

    async def _go_forth(self) -> None:
        self._paged.forth()
        await self._show()

    async def _find(self, user: str) -> None:
        if user.strip():
            ui.navigate.to(customer_address(user.strip()))


async def build(visit: Visit) -> None:
    """The page."""
    found = await visit.caller.get("/v1/segments")
    await _Explorer(visit, sorted({row["segment"] for row in found["items"]})).build()


PAGE: Final = PageOf("/customers", "Customers", "groups", "read", build)
