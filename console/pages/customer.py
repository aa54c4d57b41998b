"""One customer: risk, reasons, history, and what would change it."""

from typing import Any, Final

from nicegui import ui

from console.calling.caller import in_path
from console.pages.elements import (
    badge,
    card,
    chart,
    columns,
    heading,
    note,
    table,
    text,
    tile,
    tiles,
)
from console.pages.visit import PageOf, Visit
from console.pages.what_if import WhatIf
from console.shown.life import history, weeks
from console.shown.person import amount, knobs, reason_rows
from console.shown.words import day, minute, money, number, percent


async def build(visit: Visit) -> None:
    """The page of `?user=`."""
    user = visit.query.get("user", "")
    found = await visit.caller.get(f"/v1/users/{in_path(user)}")
    _head(found)
    with columns():
        _reasons(found)
        if found["score"] is None:
            note("The customer is gone, or never had a session: there is no risk to move.")
        else:
            path = f"/v1/users/{in_path(user)}/what-if"
            WhatIf(visit, knobs(found["features"]), lambda asked: visit.caller.post(path, asked)).build()
    with columns():
        with card():
            chart("Risk over time", history(found["history"], found["score"], found["as_of"]), 260)
            note("Weeks whose outcome is not known yet are left out; the last point is now.")
        with card():
            chart("Activity by week", weeks(found["weeks"]), 260)
    _alike(found)
    with card():
        heading("All features")
        table(
            "All features",
            ("Feature", "Window", "Value", "Adds to the log-odds"),
            [
                (f["label"], f["window"], amount(f["value"]), amount(f["contribution"]))
                for f in sorted(found["features"], key=lambda f: -abs(f["contribution"] or 0.0))[:30]
            ],
            figures_from=2,
        )
        note("The thirty that weigh most.")


def _head(found: dict[str, Any]) -> None:
    with ui.element("div").classes("controls"):
        text("h2", found["user"])
        badge(found["tier"], found["tier"])
        for alert in found["alerts"]:
            badge(f"alert {alert['state']}", "medium")
    with tiles():
        tile("Risk", percent(found["score"]), f"within {number(found['horizon_days'])} days")
        tile("Value at risk", money(found["value_at_risk"]), f"of {money(found['expected_spend'])} expected")
        tile("Silent for", f"{number(found['silence_days'], 1)} days")
        tile("Sessions", number(found["sessions"]), f"since {day(found['first_seen'])}")
        tile("As of", minute(found["as_of"]), found["contestant"])


def _reasons(found: dict[str, Any]) -> None:
    with card("Why"):
        table("Reasons", ("Reason", "Direction", "Log-odds"), reason_rows(found["themes"]), figures_from=2)
        how = "exact" if found["exact"] else "sampled"
        note(f"Contributions are {how} and add up, with the base, to the log-odds of the risk.")


def _alike(found: dict[str, Any]) -> None:
    alike = found["similar"]
    if not alike or alike["lost"] is None:
        return
    with card("What became of customers like this one"):
        text(
            "p",
            f"Of {number(alike['examples'])} past customers with a like risk and silence, "
            f"{percent(alike['lost'])} were lost ({percent(alike['low'])} to {percent(alike['high'])}).",
        )


PAGE: Final = PageOf("/customer", "Customer", "person", "read", build, listed=False)
