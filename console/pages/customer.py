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
    slider,
    table,
    text,
    tile,
    tiles,
)
from console.pages.visit import PageOf, Visit
from console.shown.life import history, weeks
from console.shown.person import (
    MOST_DAYS,
    Knob,
    amount,
    changed,
    digits,
    knobs,
    moved_rows,
    reason_rows,
)
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
            _WhatIf(visit, user, knobs(found["features"])).build()
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


class _WhatIf:
    """Sliders, and what the API says of them."""

    def __init__(self, visit: Visit, user: str, given: list[Knob]) -> None:
        self._visit = visit
        self._user = user
        self._knobs = given
        self._days = 0.0
        self._asked = 0
        self._moved = {knob.name: knob.value for knob in given}

    def build(self) -> None:
        with card("What if"):
            self._slider("Further days of silence", 0.0, 0.0, float(MOST_DAYS), 1.0, self._set_days)
            for knob in self._knobs:
                label = f"{knob.label} ({knob.unit})" if knob.unit else knob.label
                self._slider(label, knob.value, knob.low, knob.high, knob.step, self._setter(knob.name))
            self._answer = ui.element("div").classes("answer").props("aria-live=polite")
            with self._answer:
                note("Move a slider: the API says what the risk would be.")

    def _slider(self, label: str, value: float, low: float, high: float, step: float, put: Any) -> None:
        def moved(value: float) -> Any:
            shown.text = amount(value)
            put(value)
            return self._visit.trying(self._ask)()

        with ui.element("div").classes("slider"):
            with ui.element("div"):
                text("span", label)
                shown = text("output", amount(value))
            slider(label, value, low, high, step, moved)

    def _set_days(self, days: float) -> None:
        self._days = days

    def _setter(self, name: str) -> Any:
        def put(value: float) -> None:
            self._moved[name] = value

        return put

    async def _ask(self) -> None:
        asked: dict[str, Any] = {"silent_days": self._days}
        if features := changed(self._moved, self._knobs):
            asked["features"] = features
        self._asked += 1
        mine = self._asked
        found = await self._visit.caller.post(f"/v1/users/{in_path(self._user)}/what-if", asked)
        if mine != self._asked:
            return  # a later question is on its way
        self._answer.clear()
        with self._answer:
            _told(found)


def _told(found: dict[str, Any]) -> None:
    before, after = found["before"], found["after"]
    with ui.element("p").classes("verdict"):
        text("span", f"{percent(before['score'])} → {percent(after['score'])}")
        badge(after["tier"], after["tier"])
    with ui.element("p").classes("note"):
        text("code", f"{digits(before['score'])} → {digits(after['score'])}")
    if found["gone"]:
        note("By then the customer would count as gone.")
    table(
        "What has moved it",
        ("Feature", "Before", "After", "Log-odds"),
        moved_rows(found["features"]),
    )


PAGE: Final = PageOf("/customer", "Customer", "person", "read", build, listed=False)
