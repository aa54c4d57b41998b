"""What a training has found: who, why, how sure, what it costs, and what to do about whom."""

import asyncio
from typing import Any

from nicegui import ui

from console.pages.elements import button, card, chart, columns, note, table, text, tile, tiles
from console.pages.one_file import kinds
from console.pages.one_file.actions import Actions
from console.pages.one_file.customers import Customers
from console.pages.one_file.mapping import Ask
from console.pages.results import pictured
from console.pages.simulator import Campaign
from console.pages.visit import Visit
from console.sending import FETCH
from console.shown import findings
from console.shown.asking import fields
from console.shown.cohorts import extent, grid_table, heatmap
from console.shown.kinds import choices
from console.shown.survival import at_risk, curve

_DRAWN = 1000
_LISTS = (
    ("targets.csv", "Whom to contact, as CSV", "download"),
    ("predictions.csv", "Everybody, as CSV", "download"),
    ("summary.pdf", "Two pages for who decides, as PDF", "picture_as_pdf"),
    ("model-card.html", "Model card", "badge"),
)


async def build(visit: Visit, path: str, found: dict[str, Any], ask: Ask) -> None:
    """All of it."""
    summary, document, charts, charted = await asyncio.gather(
        visit.caller.get(f"{path}/results"),
        visit.caller.get("/v1/openapi.json"),
        visit.caller.get(f"{path}/charts"),
        visit.caller.get(f"{path}/customers", {"limit": _DRAWN}),
    )
    labels = {name: field.label for name, field in fields(document).items()}
    with tiles():
        for figure in findings.figures(summary):
            tile(*figure)
    _lists(found, charts["items"])
    await Campaign(visit, f"{path}/simulate", (found["learn"] or {}).get("offer")).build()
    await Customers(visit, path, found["id"], choices(summary)).build()
    await Actions(visit, path).build()
    _why(summary, labels)
    _warnings(summary)
    kinds.show(summary)
    _staying(summary, charted["items"])
    _outlook(summary)
    _quality(summary)
    with ui.element("div").classes("controls"):
        button("Train anew", visit.trying(lambda: ask("preparing")), icon="model_training")
        button("Correct the columns", visit.trying(lambda: ask("mapping")), icon="undo")


def _lists(found: dict[str, Any], charts: list[dict[str, Any]]) -> None:
    here = f"{FETCH}/{found['id']}"
    with card("Take it with you"):
        with ui.element("div").classes("controls"):
            for name, words, icon in _LISTS:
                with ui.element("a").classes("download") as to:
                    to.props["href"] = f"{here}/{name}"
                    to.props["download"] = name
                    ui.icon(icon).props("aria-hidden=true")
                    text("span", words)
        with ui.element("details").classes("folded"):
            text("summary", "Every chart as an image")
            rows = [
                (one["shows"], *((form, f"{here}/charts/{one['name']}.{form}") for form in ("svg", "png")))
                for one in charts
            ]
            table("Charts", ("What it shows", "For print", "For slides"), rows, figures_from=3)


def _why(summary: dict[str, Any], labels: dict[str, str]) -> None:
    with columns():
        with card():
            chart("Why customers leave", findings.drivers(summary, labels), 380)
            note("Red: more of it raises the risk; green: lowers it; grey: neither, or not told.")
        if summary["dependence"]:
            _dependence(summary, labels)
    rows = findings.rule_rows(summary)
    if rows:
        with card("Rules in words"):
            table("Rules", ("Rule", "Cases", "Were lost"), rows)


def _dependence(summary: dict[str, Any], labels: dict[str, str]) -> None:
    known = findings.dependences(summary, labels)
    first = next(iter(known))
    with card():
        chooser = ui.select(known, label="Feature", value=first).props("outlined dense options-dense")
        drawn = chart("Risk if everybody had a value of it", findings.dependence(summary, first, labels), 260)

        def choose(name: str) -> None:
            drawn.options.update(findings.dependence(summary, name, labels))
            drawn.update()

        chooser.on_value_change(lambda event: choose(event.value))


def _warnings(summary: dict[str, Any]) -> None:
    rows = findings.moved_rows(summary)
    with card("Moved up within the last week"):
        if not rows:
            text("p", "Nobody has.")
            return
        table("Moved up", ("Customer", "Tier", "Risk", "Money at risk"), rows)
        if len(summary["warnings"]) > len(rows):
            note(f"{len(rows)} of {len(summary['warnings'])}, the most money at risk first.")


def _staying(summary: dict[str, Any], customers: list[dict[str, Any]]) -> None:
    cohorts, survivors = findings.cohorts(summary), findings.survivors(summary)
    with columns():
        if survivors:
            with card():
                chart("Not lost yet, with 95 % limits", curve(survivors), 300)
                heads, rows = at_risk(survivors)
                table("Customers at risk", heads, rows)
                note(findings.median_words(summary))
        with card():
            chart("Customers by silence and revenue", findings.positions(customers), 300)
            note(f"The {len(customers):,} with the most money at risk.")
    if cohorts.cells:
        with card():
            width, height = extent(cohorts)
            title = "Cohorts by the month of the first purchase, % with a purchase in each month"
            pictured(title, heatmap(cohorts, "month"), *grid_table(cohorts, "month"), height, width)


def _outlook(summary: dict[str, Any]) -> None:
    said = {series: findings.outlook_words(summary, series) for series in ("revenue", "customers")}
    if any(said.values()):
        with columns():
            for series, words in said.items():
                with card():
                    chart(f"Outlook: {series}", findings.outlook(summary, series), 280)
                    note(f"Sums with 80 % intervals: {words}.")


def _quality(summary: dict[str, Any]) -> None:
    with columns():
        with card():
            chart("Is the risk what it says?", findings.reliability(summary), 300)
            note(f"Each of {summary['snapshots']:,} predictions was made before its outcome was known.")
        with card("Of those with the highest risk"):
            table(
                "Top of the list",
                ("Customers", "Were lost", "Of all lost", "Lift"),
                findings.top_rows(summary),
            )
    with card("Contestants"):
        heads = (
            "Contestant", "Score", "F1", "F1, all flagged", "Recall", "ROI", "Stability", "ROC-AUC", "Log loss",
        )  # fmt: skip
        table("Contestants", heads, findings.contestant_rows(summary))
        note("Score: 0.4 F1 + 0.3 recall + 0.2 ROI + 0.1 stability. The tournament chooses by log loss.")
