"""Quality of the file, the silence that makes a customer lost, and the offer: then it can be trained on."""

import asyncio
from typing import Any

from nicegui import ui

from console.pages.elements import button, card, chart, columns, note, slider, table, text, tile, tiles
from console.pages.one_file.mapping import Ask
from console.pages.visit import Visit
from console.shown.files import kept_words, left_out
from console.shown.quality import (
    LEAST_DAYS,
    MOST_DAYS,
    choice_words,
    choices,
    column_rows,
    facts,
    gaps,
    months,
    outlier_rows,
    quality_rows,
)


async def build(visit: Visit, path: str, found: dict[str, Any], ask: Ask) -> None:
    """What was found, and what to train for."""
    profile, threshold = await asyncio.gather(
        visit.caller.get(f"{path}/profile"), visit.caller.get(f"{path}/threshold")
    )
    with columns():
        days = _silence(threshold, found)
        _training(visit, path, days, found, ask)
    _quality(profile, found)
    with ui.element("div").classes("controls"):
        button("Correct the columns", visit.trying(lambda: ask("mapping")), icon="undo")


def _silence(threshold: dict[str, Any], found: dict[str, Any]) -> dict[str, int]:
    """The slider; what it stands at is under `days`."""
    known = choices(threshold)
    learn = found["learn"]
    chosen = {
        "days": min(max(learn["inactivity_days"] if learn else threshold["days"], LEAST_DAYS), MOST_DAYS)
    }
    with card("When is a customer lost?"):
        note(f"The gaps between purchases suggest {threshold['days']} days of silence.")
        drawn = chart("Gaps between purchases", gaps(threshold, chosen["days"]), 240)
        said = text("p", choice_words(known[chosen["days"]])).props("role=status")

        def move(value: float) -> None:
            chosen["days"] = int(value)
            said.text = choice_words(known[chosen["days"]])
            drawn.options.update(gaps(threshold, chosen["days"]))
            drawn.update()

        label = "Days of silence that make a customer lost"
        slider(label, chosen["days"], LEAST_DAYS, MOST_DAYS, 1, move, live=True)
    return chosen


def _training(visit: Visit, path: str, days: dict[str, int], found: dict[str, Any], ask: Ask) -> None:
    with card("Train"):
        note("What a contact costs and brings decides whom it pays to contact; it can be changed later.")
        with ui.element("div").classes("fields"):
            cost = ui.number(label="Cost of a contact", value=5, min=0).props("outlined dense")
            saved = ui.number(label="Would-be leavers that a contact keeps, %", value=35, min=0, max=100)
            discount = ui.number(label="Discount for who stays, %", value=0, min=0, max=100)
            for made in (saved, discount):
                made.props("outlined dense")
        note(
            "It learns day by day, as it would have at the time, and is judged before it learns. A few minutes."
        )
        if words := kept_words(found):
            note(words)

        async def train() -> None:
            body = {
                "inactivity_days": days["days"],
                "contact": cost.value or 0,
                "save_rate": (saved.value or 0) / 100,
                "discount": (discount.value or 0) / 100,
            }
            await visit.caller.post(f"{path}/training", body)
            await ask("")

        button("Train", visit.trying(train), icon="model_training", flat=False)


def _quality(profile: dict[str, Any], found: dict[str, Any]) -> None:
    with tiles():
        for figure in facts(profile):
            tile(*figure)
    with columns():
        with card():
            chart("Revenue and customers by month", months(profile["months"]), 280)
        with card("What lowers the quality"):
            table("Quality", ("Why", "Points"), quality_rows(profile))
            if found["rejected"]:
                table("Rows left out", ("Rows left out", "Rows"), left_out(found))
    with columns():
        with card("Columns"):
            heads = ("Column", "Kind", "Missing", "Different values")
            table("Columns", heads, column_rows(profile), figures_from=2)
        with card("Far from the others"):
            heads = ("What", "Mean", "Beyond 3 sigma", "Beyond the fences")
            table("Outliers", heads, outlier_rows(profile))
            note("They are kept: the model looks at them as they are.")
            for words in profile["notes"]:
                note(words)
