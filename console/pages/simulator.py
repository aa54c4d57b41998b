"""The campaign simulator: each change is asked of the API."""

from typing import Final

from nicegui import ui

from console.pages.elements import card, note, tile, tiles
from console.pages.visit import Visit
from console.shown.campaign import SCENARIOS, outcome, supposed

_OFFER: Final = {"contact": 5.0, "save_rate": 0.35, "discount": 0.0}


class Campaign:
    """Of a file, or of the live stream."""

    def __init__(self, visit: Visit, path: str, offer: dict[str, float] | None = None) -> None:
        """
        Args:
            path: of the call in the API.
            offer: to begin with: `contact`, `save_rate` and `discount`.
        """
        self._visit = visit
        self._path = path
        self._asked = 0
        self._offer = offer or _OFFER

    async def build(self) -> None:
        """Fields, and the answer beneath."""
        offer, visit = self._offer, self._visit
        with card("What would a campaign bring?"):
            with ui.element("div").classes("fields"):
                self._whom = ui.select(SCENARIOS, label="Contact", value="top_100").props("outlined dense")
                self._cost = ui.number(label="Cost of a contact", value=offer["contact"], min=0)
                self._saved = ui.number(
                    label="Would-be leavers that it keeps, %",
                    value=round(100 * offer["save_rate"], 2),
                    min=0,
                    max=100,
                )
                self._discount = ui.number(
                    label="Discount for who stays, %", value=round(100 * offer["discount"], 2), min=0, max=100
                )
            self._whom.on_value_change(visit.trying(self._ask))
            for made in (self._cost, self._saved, self._discount):
                made.props("outlined dense debounce=300").on_value_change(visit.trying(self._ask))
            self._answer = ui.element("div").props("aria-live=polite")
            note("How many a contact keeps is a guess until a group that is left alone measures it.")
        await self._ask()

    async def _ask(self) -> None:
        body = supposed(self._whom.value, self._cost.value, self._saved.value, self._discount.value)
        self._asked += 1
        mine = self._asked
        found = await self._visit.caller.post(self._path, body)
        if mine != self._asked:
            return  # a later question is on its way
        self._answer.clear()
        with self._answer, tiles():
            for figure in outcome(found):
                tile(*figure)
