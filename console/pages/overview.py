"""The first page: customers, risk, money, alerts and health in one look."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from console.pages.elements import (
    badge,
    card,
    chart,
    columns,
    customer_address,
    link,
    note,
    table,
    text,
    tile,
    tiles,
)
from console.pages.visit import PageOf, Visit
from console.shown.figure import Figure
from console.shown.inbox import why
from console.shown.overview import TIERS, churn_rows, figure_tiles, health, risk_tiles, tiers_by
from console.shown.words import money, percent

_TOP: Final = 8


async def build(visit: Visit) -> None:
    """The page."""
    get = visit.caller.get
    ready, figures, churn, at_risk, by_tier, top, *live = await asyncio.gather(
        visit.caller.ready(),
        get("/v1/overview"),
        get("/v1/overview", {"table": "churn"}),
        get("/v1/value", {"table": "revenue_at_risk", "limit": 200}),
        get("/v1/value", {"table": "tiers", "limit": 1000}),
        get("/v1/users", {"limit": _TOP}),
        *(get("/v1/users", {"tier": tier, "limit": 1}) for tier in TIERS),
    )
    counts = {tier: found["total"] for tier, found in zip(TIERS, live, strict=True)}
    _state(ready)
    _row(risk_tiles(at_risk["items"], counts))
    with columns():
        _most_at_risk(top)
        if visit.session.may("alerts"):
            await _newest_alerts(visit)
    if figures["reason"]:
        note(figures["reason"])
        return
    with card(f"The last 30 days, as of {figures['as_of']}"):
        _row(figure_tiles(figures["items"]))
    with columns():
        with card():
            chart("Customers at risk by segment", tiers_by(by_tier["items"], "segment"), 280)
        with card("Churn rate by group"):
            heads = ("Group", "Customers", "Lost", "Churn rate")
            table("Churn rate by group", heads, churn_rows(churn["items"]))


def _row(shown: list[Figure]) -> None:
    with tiles():
        for one in shown:
            tile(*one)


def _state(ready: Mapping[str, Any]) -> None:
    good = bool(ready.get("ready"))
    with ui.element("details").classes("health"):
        with ui.element("summary"):
            badge("All is well" if good else "Not all is well", "low" if good else "high")
        table("Health", ("Part", "State", "Why"), health(ready), figures_from=3)


def _most_at_risk(top: Mapping[str, Any]) -> None:
    with card("Most at risk"):
        rows = [
            (
                (item["user"], customer_address(item["user"])),
                percent(item["score"]),
                money(item["value_at_risk"]),
            )
            for item in top["items"]
        ]
        table("Customers most at risk", ("Customer", "Risk", "Value at risk"), rows)
        link(f"All {top['total']:,} customers", "/customers")


async def _newest_alerts(visit: Visit) -> None:
    found = await visit.caller.get("/v1/alerts", {"state": "open", "limit": _TOP})
    with card("Open alerts"):
        if not found["items"]:
            text("p", "No alert is open.")
        for entry in found["items"]:
            with ui.element("p"):
                link(entry["user"] or "A segment", "/alerts")
                text("span", f" {why(entry)}")
        link("The inbox", "/alerts")


PAGE: Final = PageOf("/", "Overview", "dashboard", "read", build)
