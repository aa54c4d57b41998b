"""One customer of a file: risk, reasons, purchases, and what would change it."""

import asyncio
from typing import Any, Final

from nicegui import ui

from console.calling.caller import in_path
from console.pages.elements import badge, card, chart, columns, link, note, table, text, tile, tiles
from console.pages.files import file_address
from console.pages.visit import PageOf, Visit
from console.pages.what_if import WhatIf
from console.shown.filed import driver_rows, facts, months
from console.shown.person import amount, knobs


async def build(visit: Visit) -> None:
    """The page of `?id=` and `?user=`."""
    id_, user = visit.query.get("id", ""), visit.query.get("user", "")
    path = f"/v1/workspaces/{in_path(id_)}"
    found, summary = await asyncio.gather(
        visit.caller.get(f"{path}/customers/{in_path(user)}"), visit.caller.get(f"{path}/results")
    )
    link("Back to the file", file_address(id_))
    with ui.element("div").classes("controls"):
        text("h2", found["user"])
        badge(found["tier"], found["tier"])
        for value in found["contact"].values():
            text("span", value, "note")
    with tiles():
        for figure in facts(found):
            tile(*figure)
    if found["action"]:
        text("p", f"Recommended: {found['action']}")
    with columns():
        with card("Why"):
            table(
                "Reasons", ("Reason", "Direction", "Log-odds"), driver_rows(found["drivers"]), figures_from=2
            )
            if found["drivers"] is None:
                note("Reasons were looked for among those with the most money at risk.")
        if found["probability"] is None:
            note("The customer is gone: there is no risk to move.")
        else:
            given = knobs(found["features"], dict(summary["importance"]))
            ask = {"user": user}
            WhatIf(visit, given, lambda asked: visit.caller.post(f"{path}/predict", ask | asked)).build()
    if found["months"]:
        with card():
            chart("Purchases by month", months(found["months"]), 260)
    _features(found)


def _features(found: dict[str, Any]) -> None:
    with card(), ui.element("details").classes("folded"):
        text("summary", "All features")
        rows = [(one["label"], one["window"], amount(one["value"])) for one in found["features"]]
        table("All features", ("Feature", "Window", "Value"), rows, figures_from=2)


PAGE: Final = PageOf("/file/customer", "Customer of a file", "person", "workspaces", build, listed=False)
