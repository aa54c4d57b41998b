"""What would change a risk: days of silence, and other values of features."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from console.pages.elements import badge, card, note, slider, table, text
from console.pages.visit import Visit
from console.shown.person import MOST_DAYS, Knob, amount, changed, digits, moved_rows
from console.shown.words import percent


class WhatIf:
    """Sliders, and what the API says of them."""

    def __init__(
        self, visit: Visit, given: list[Knob], ask: Callable[[dict[str, Any]], Awaitable[Any]]
    ) -> None:
        """
        Args:
            given: sliders for features; that of days stands above them.
            ask: puts the question to the API, whose answer has the shape of `POST /v1/users/{id}/what-if`.
        """
        self._visit = visit
        self._question = ask
        self._knobs = given
        self._days = 0.0
        self._asked = 0
        self._moved = {knob.name: knob.value for knob in given}

    def build(self) -> None:
        """The sliders, and a place for the answer."""
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
        found = await self._question(asked)
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
