"""What variants, promotions and alerts bring, against customers who were left alone by lot."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from console.calling.results import read
from console.pages.elements import badge, card, columns, fault, note, table, text
from console.pages.results import as_of, folded, pictured, said_why
from console.pages.visit import PageOf, Visit
from console.shown.experiments import (
    about,
    arm_rows,
    effect_rows,
    forest,
    forest_height,
    look_metrics,
    look_rows,
    look_title,
    looks,
    of,
    ratio_fault,
    segment_rows,
    state,
)

_JOB: Final = "experiments"
_PARTS: Final = ("arms", "effects", "segments", "looks")


async def build(visit: Visit) -> None:
    """The page."""
    experiments, *parts = await asyncio.gather(
        read(visit.caller, _JOB, "experiments"),
        *(read(visit.caller, _JOB, f"experiment_{name}") for name in _PARTS),
    )
    if said_why(experiments):
        return
    as_of(experiments)
    for row in experiments.rows:
        own = {name: of(part.rows, row["experiment"]) for name, part in zip(_PARTS, parts, strict=True)}
        _experiment(row, own)


def _experiment(row: Mapping[str, Any], own: dict[str, list[Any]]) -> None:
    with card():
        with ui.element("div").classes("controls"):
            text("h2", row["experiment"])
            badge(*state(row))
        note(about(row))
        if why := ratio_fault(row):
            fault(why)
        if own["arms"]:
            heads = ("Variant", "Assigned", "Matured", "Treated", "Retention (95 %)", "Survival (95 %)")
            table(
                f"{row['experiment']}: variants",
                (*heads, "Revenue a user", "Days until the loss"),
                arm_rows(own["arms"]),
            )
        if not own["effects"]:
            return
        heads = ("Variant", "Metric", "Difference", "95 %, one look", "95 %, any number", "p, any number")
        table(
            f"{row['experiment']}: effects",
            (*heads, "Decided on"),
            effect_rows(own["effects"]),
            figures_from=2,
        )
        segments = ("Variant", "Known before", "Users", "Difference", "95 %, one look", "p", "p, by Holm")
        with columns():
            with ui.element("div"):
                pictured(
                    f"{row['experiment']}: what it brings",
                    forest(own["effects"], own["segments"]),
                    segments,
                    segment_rows(own["segments"]),
                    forest_height(own["effects"], own["segments"]),
                    figures_from=2,
                )
                note("Thick: 95 % for one look at a fixed moment; thin: however often one looks.")
            with ui.element("div"):
                _looks(own["looks"])


def _looks(rows: list[Any]) -> None:
    heads = ("Day", "Users", "Difference", "95 %, any number", "p")
    for variant, metric in look_metrics(rows):
        told = look_rows(rows, variant, metric)
        title = look_title(variant, metric)
        if len(told) > 1:
            pictured(title, looks(rows, variant, metric), heads, told, 240)
        else:
            folded(title, heads, told)


PAGE: Final = PageOf("/experiments", "Experiments", "science", "read", build)
