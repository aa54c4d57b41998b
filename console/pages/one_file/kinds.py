"""Kinds of customers of a file, by how they behave: who is of which, what is typical, what became of them."""

from typing import Any

from console.pages.elements import card, chart, columns, note, table
from console.shown.kinds import kind_rows, kinds_centres, kinds_lost, kinds_map, kinds_moved


def show(summary: dict[str, Any]) -> None:
    """All of it; nothing of a training that told none."""
    rows = kind_rows(summary)
    if not rows:
        return
    with card("Kinds of customers"):
        heads = (
            "Kind",
            "Customers",
            "Share",
            "Not gone",
            "Revenue of 90 days",
            "Lost of those there, % (95 %)",
        )
        table("Kinds of customers", heads, rows)
        note(
            "By how they behave, not by their risk. Lost: who was there one limit of silence before the end of the "
            "file, was of that kind then, and has not come since."
        )
    with columns():
        with card():
            chart("Map of customers", kinds_map(summary), 380)
            note("Each point is a customer, each diamond the middle of a group; alike customers lie close.")
        with card():
            chart("Lost by kind", kinds_lost(summary), 240)
            table("From kind to kind", *kinds_moved(summary))
            note("A row a kind of one limit of silence before the end, a column a kind at the end.")
    with card("What is typical of each group"):
        table("Centres of the groups", *kinds_centres(summary))
        note("Of the last 90 days; days seen since the first. Groups of the same name are one kind.")
