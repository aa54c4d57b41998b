"""A prediction by hand: features go in, the API's score comes out, with its reasons."""

from typing import Any, Final

from nicegui import ui

from console.calling.caller import in_path
from console.pages.elements import badge, button, card, columns, note, text
from console.pages.visit import PageOf, Visit
from console.shown.asking import Field, asked, fields, first_features, known_features
from console.shown.person import digits
from console.shown.words import percent, signed


class _Form:
    """The fields of one tab."""

    def __init__(self, visit: Visit, known: dict[str, Field], first: dict[str, Any]) -> None:
        self._visit = visit
        self._known = known
        self._first = first
        self._made: dict[str, Any] = {}

    def build(self) -> None:
        with columns():
            with card("Features"):
                note("What is left empty is unknown to the model.")
                self._fields = ui.element("div").classes("fields")
                for name, value in self._first.items():
                    self._add(name, value)
                labels = {name: field.label for name, field in self._known.items()}
                more = ui.select(labels, label="Add a feature", with_input=True).props("outlined dense")
                more.on_value_change(lambda event: self._add_chosen(more, event.value))
                self._load()
                button("Predict", self._visit.trying(self._ask), icon="insights", flat=False)
            with card("Score"):
                self._answer = ui.element("div").classes("answer").props("aria-live=polite")
                with self._answer:
                    note("The API's answer comes here.")

    def _load(self) -> None:
        with ui.element("div").classes("controls"):
            user = ui.input(label="Begin from a customer").props("outlined dense")

            async def load() -> None:
                found = await self._visit.caller.get(f"/v1/users/{in_path((user.value or '').strip())}")
                for name, value in known_features(found["features"], list(self._made)).items():
                    self._made[name].value = value

            button("Load", self._visit.trying(load), icon="person")

    def _add_chosen(self, chooser: ui.select, name: str | None) -> None:
        if name:
            self._add(name, None)
            chooser.value = None

    def _add(self, name: str, value: Any) -> None:
        if name in self._made or name not in self._known:
            return
        field = self._known[name]
        with self._fields:
            made: Any = (
                ui.input(label=field.label, value=value)
                if field.words
                else ui.number(label=field.label, value=value, min=field.low, max=field.high)
            )
            made.props("outlined dense")
        self._made[name] = made

    async def _ask(self) -> None:
        body = asked({name: made.value for name, made in self._made.items()})
        found = await self._visit.caller.post("/v1/predict", body)
        self._answer.clear()
        with self._answer:
            with ui.element("p").classes("verdict"):
                text("span", percent(found["score"]))
                badge(found["tier"], found["tier"])
            with ui.element("p").classes("note"):
                text("code", digits(found["score"]))
                text("span", f" log-odds {signed(found['log_odds'], 3)}; model {found['model']}")
            with ui.element("ul"):
                for reason in found["reasons"]:
                    text("li", reason)
            if not found["reasons"]:
                note("The model that serves gives no reasons.")


async def build(visit: Visit) -> None:
    """The page."""
    document = await visit.caller.get("/v1/openapi.json")
    _Form(visit, fields(document), first_features(document)).build()


PAGE: Final = PageOf("/predict", "Try a prediction", "calculate", "read", build)
