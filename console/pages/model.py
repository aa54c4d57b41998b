"""The model: what serves and why, how good everybody is, versions, and orders of administrators."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from nicegui import ui

from console.calling.caller import RefusedError
from console.pages.dialogs import answers, asking, confirming
from console.pages.elements import button, card, columns, fault, note, table, text, tile
from console.pages.elements import tiles as row_of_tiles
from console.pages.results import Choices, folded, pictured
from console.pages.visit import Action, PageOf, Visit, key_is_gone
from console.shown.model import (
    FIGURE_HEADS,
    answer_words,
    contact_words,
    contestant_rows,
    curves_of,
    decision_rows,
    evidence,
    importance,
    importance_rows,
    importances,
    nameable,
    reliability,
    reliability_rows,
    serving_rows,
    standing,
    tier_rows,
    tiles,
    top_rows,
    version_rows,
)

_PATH: Final = "/model"
_VERSIONS: Final = 100
_SHOWN: Final = 6
_WHOLE: Final = "all"


class _Model:
    """What one tab looks at."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._choices = Choices(visit, _PATH, self._show)
        self._shown: dict[str, Any] = {}
        self._metrics: dict[str, Any] = {}
        self._versions: list[dict[str, Any]] = []
        self._unpinning: ui.button | None = None
        """Offered while there is a pin, to those who may give orders."""

    async def build(self) -> None:
        self._serving = ui.element("div").classes("figures")
        if self._visit.session.may("admin"):
            self._orders()
        self._controls = ui.element("div").classes("controls")
        self._figures = ui.element("div").classes("figures")
        await self._read()
        parts = self._metrics["parts"] or [_WHOLE]
        curves = list(curves_of(self._shown, self._metrics["contestants"]))
        with self._controls:
            self._choices.add("part", "Contestants judged on", {part: part for part in parts})
            if curves:
                self._choices.add("curve", "Calibration of", {name: name for name in curves})
        await self._show()

    async def _read(self) -> None:
        get = self._visit.caller.get
        shown, metrics, listed = await asyncio.gather(
            get("/v1/model"), get("/v1/model/metrics"), get("/v1/model/versions", {"limit": _VERSIONS})
        )
        self._shown, self._metrics, self._versions = shown, metrics, listed["items"]

    async def _show(self) -> None:
        part = self._choices["part"]
        judged = self._metrics
        if part != _WHOLE:
            judged = await self._visit.caller.get("/v1/model/metrics", {"part": part})
        if self._unpinning is not None:
            self._unpinning.set_visibility(bool(self._shown["pinned"]))
        self._serving.clear()
        with self._serving:
            _serving(self._shown)
        self._figures.clear()
        with self._figures:
            _contestants(judged)
            with columns():
                self._calibration()
                _importance(self._shown)
            with columns():
                _tiers(self._shown)
                _tops(self._shown)
            _decisions(self._shown)
            _versions(self._versions)

    def _calibration(self) -> None:
        curves = curves_of(self._shown, self._metrics["contestants"])
        if not curves:
            return
        name = self._choices["curve"]
        with card():
            heads = ("Risk that was said", "Lost, % (95 %)", "Predictions")
            bins = curves[name if name in curves else next(iter(curves))]
            pictured(f"Calibration of {name}", reliability(bins, name), heads, reliability_rows(bins), 360)
            note(
                "Settled predictions in fifteen parts of equal weight; on the diagonal it is as it was said."
            )

    def _orders(self) -> None:
        with card("Orders"):
            with ui.element("div").classes("controls"):
                button("Promote …", self._visit.trying(self._promote), icon="upgrade")
                button("Pin …", self._visit.trying(self._pin), icon="push_pin")
                self._unpinning = button("Unpin …", self._visit.trying(self._unpin), icon="location_off")
                button("Roll back …", self._visit.trying(self._roll_back), icon="undo")
            self._answer = text("p", "", "answer").props("role=status")
            note("Orders count for everybody and at once; the trainer says what has become of them.")

    async def _promote(self) -> None:
        names = [row["contestant"] for row in self._metrics["contestants"] if row["role"] != "champion"]
        if not names:
            self._tell("There is no other contestant.")
            return
        with asking("Promote a contestant") as dialog:
            text("p", "It serves everybody at once. Evidence may take it back; a pin keeps it.")
            chosen = _choice("Contestant", {name: name for name in names})
            answers(self._visit, dialog, "Promote", self._order("promote", lambda: {"name": chosen.value}))

    async def _pin(self) -> None:
        with asking("Pin what serves") as dialog:
            text("p", "It serves whatever evidence says, until somebody unpins it.")
            chosen = _choice("What", nameable(self._metrics["contestants"], self._versions))
            order = self._order("pin", lambda: {"name": chosen.value} if chosen.value else {})
            answers(self._visit, dialog, "Pin", order)

    async def _unpin(self) -> None:
        says = "Evidence decides again who serves."
        confirming(self._visit, "Unpin", says, "Unpin", self._order("unpin", lambda: None))

    async def _roll_back(self) -> None:
        before = self._shown["predecessor"]
        says = f"{before or 'The predecessor, if there is one,'} serves again; what serves now rests for a while."
        confirming(self._visit, "Roll back", says, "Roll back", self._order("rollback", lambda: None))

    def _order(self, name: str, given: Callable[[], Any]) -> Action:
        async def order() -> None:
            self._tell("The trainer is asked.")
            try:
                found = await self._visit.caller.post(f"/v1/model/{name}", given())
            except RefusedError as refused:
                if key_is_gone(refused):
                    raise
                self._tell(f"Refused: {refused}.")
                return
            self._tell(answer_words(found["items"]))
            await self._read()
            await self._show()

        return order

    def _tell(self, words: str) -> None:
        self._answer.text = words


def _choice(label: str, options: Mapping[str, str]) -> ui.select:
    made = ui.select(dict(options), label=label, value=next(iter(options)))
    return made.props("outlined dense options-dense")


def _serving(shown: Mapping[str, Any]) -> None:
    if shown["fault"]:
        fault(f"What is announced cannot serve: {shown['fault']}")
    with row_of_tiles():
        for one in tiles(shown):
            tile(*one)
    with card("What serves"):
        heads = ("Version", "Contestant", "Users", "Examples", "Trained until", "Calibrated", "ROC AUC")
        table("Versions that serve", heads, serving_rows(shown), figures_from=2)
        table("Standing", ("Standing", "As it is"), standing(shown), figures_from=2)


def _contestants(judged: Mapping[str, Any]) -> None:
    with card("Contestants"):
        if not judged["contestants"]:
            note("Nothing was judged yet: outcomes are known only when the horizon has passed.")
            return
        table("Contestants", ("Contestant", "Learned", *FIGURE_HEADS), contestant_rows(judged["contestants"]))
        note(
            f"Over the last settled predictions of the part {judged['part']}, the best log loss first; "
            f"{judged['settled']:,} outcomes are settled in all. F1 is at the risk from which on a contact pays."
        )


def _importance(shown: Mapping[str, Any]) -> None:
    themes = importances(shown)
    if not themes:
        return
    with card():
        pictured("What weighs most", importance(themes), ("Theme", "Weight"), importance_rows(themes), 360)
        note("Of the version that serves, over the customers of its time.")


def _tiers(shown: Mapping[str, Any]) -> None:
    with card("Tiers"):
        heads = ("Tier", "From", "Predictions", "Share", "Lost, % (95 %)")
        table("Tiers", heads, tier_rows(shown))
        note(contact_words(shown))


def _tops(shown: Mapping[str, Any]) -> None:
    with card("Of those at the highest risk"):
        heads = ("First", "Share of all", "Lost", "Of all the lost", "Lift")
        table("Precision and recall", heads, top_rows(shown["served"]), figures_from=0)
        note("Of what was served. Lift: how many times the share of all that are lost.")


def _decisions(shown: Mapping[str, Any]) -> None:
    with card("Decisions"):
        if not shown["decisions"]:
            note("Nothing was decided yet.")
            return
        heads = ("When", "What", "By", "Why")
        table("Decisions", heads, decision_rows(shown["decisions"]), figures_from=4)
        heads_of_evidence = (
            "When",
            "What",
            "Compared",
            "Outcomes",
            "Log losses",
            "Difference",
            "e-value",
            "Alpha",
        )
        folded("The evidence for them", heads_of_evidence, evidence(shown["decisions"]), figures_from=3)


def _versions(versions: list[dict[str, Any]]) -> None:
    with card("Versions"):
        if not versions:
            note("No version was published yet.")
            return
        heads = ("Version", "Contestant", "State", "Examples", "Trained until", "Kept for")
        rows = version_rows(versions)
        table("Versions", heads, rows[:_SHOWN], figures_from=3)
        if len(rows) > _SHOWN:
            folded("Earlier versions", heads, rows[_SHOWN:], figures_from=3)


async def build(visit: Visit) -> None:
    """The page."""
    await _Model(visit).build()


PAGE: Final = PageOf(_PATH, "Model", "model_training", "read", build)
