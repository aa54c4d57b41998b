"""What is recommended, by reason and tier: read, and edited cell by cell."""

from functools import partial
from typing import Any

from nicegui import ui

from console.pages.dialogs import answers, asking
from console.pages.elements import button, card, note, text
from console.pages.visit import Visit
from console.shown.recommended import TIERS, cell, edited, themes
from console.shown.words import title


class Actions:
    """Of one file."""

    def __init__(self, visit: Visit, path: str) -> None:
        """
        Args:
            path: of the workspace in the API.
        """
        self._visit = visit
        self._path = f"{path}/actions"

    async def build(self) -> None:
        """The table, folded."""
        with card("Recommended actions"), ui.element("details").classes("folded"):
            text("summary", "What to do, by the heaviest reason and the tier")
            note(
                "Customers, lists and this page have an edit from the next look on; nothing is trained anew."
            )
            self._rows = ui.element("div").classes("rows")
        await self._show(await self._visit.caller.get(self._path))

    async def _show(self, found: dict[str, Any]) -> None:
        table = found["actions"]
        self._rows.clear()
        with self._rows:
            for theme in themes(table):
                for tier in TIERS:
                    with ui.element("div").classes("row-of"):
                        with ui.element("div"):
                            text("span", cell(table, theme, tier))
                            note(f"{title(theme)}, {tier}")
                        made = button("Edit", partial(self._ask, table, theme, tier), icon="edit")
                        made.props["aria-label"] = f"Edit {title(theme)}, {tier}"

    def _ask(self, table: dict[str, dict[str, str]], theme: str, tier: str) -> None:
        with asking(f"{title(theme)}, {tier}: what to do") as dialog:
            words = ui.textarea(label="What to do", value=cell(table, theme, tier))
            words.props("outlined dense autogrow autofocus maxlength=500")

            async def keep() -> None:
                body = {"actions": edited(table, theme, tier, words.value or "")}
                await self._show(await self._visit.caller.put(self._path, body))

            answers(self._visit, dialog, "Keep it", keep)
