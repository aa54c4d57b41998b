"""What the columns are: proposed by the API, corrected by who knows."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from console.pages.elements import button, card, note, table, text
from console.pages.visit import Visit
from console.shown.files import (
    AMOUNTS,
    NEEDED,
    ROLES,
    amount_is,
    lacking,
    mapping_said,
    offers,
    preview_table,
)

Ask = Callable[[str], Awaitable[None]]
"""Shows another step of the way, or looks anew."""
_ROWS = 8


async def build(visit: Visit, path: str, found: dict[str, Any], ask: Ask) -> None:
    """The first rows, and a choice for each role."""
    rows = await visit.caller.get(f"{path}/preview", {"rows": _ROWS})
    names = [column["name"] for column in found["columns"]]
    with card("The first rows"):
        table("First rows", names, preview_table(rows["items"], found["columns"]), figures_from=len(names))
        for words in found["notes"]:
            note(words)
    chosen: dict[str, ui.select] = {}
    with card("What the columns are"):
        note("Filled in as it seems; correct what is wrong. Customer, date and amount are needed.")
        with ui.element("div").classes("fields"):
            for role, offer in offers(found).items():
                label = f"{ROLES[role]} (needed)" if role in NEEDED else ROLES[role]
                made = ui.select(names, label=label, value=offer.column, clearable=role not in NEEDED)
                made.props("outlined dense")
                if offer.why:
                    made.props["hint"] = offer.why
                chosen[role] = made
            amount = ui.select(AMOUNTS, label="Amounts are", value=amount_is(found)).props("outlined dense")
        told = text("p", "", "fault").props("role=alert")
        told.set_visibility(False)

        async def confirm() -> None:
            given = {role: made.value for role, made in chosen.items()}
            told.text = lacking(given)
            told.set_visibility(bool(told.text))
            if not told.text:
                await visit.caller.put(f"{path}/mapping", mapping_said(given, amount.value))
                await ask("")

        button("These are the columns", visit.trying(confirm), icon="check", flat=False)
