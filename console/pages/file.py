"""One file on its way from columns to results: what is shown is the step at which it stands."""

from functools import partial
from typing import Any, Final

from nicegui import ui

from console.calling.caller import ApiError, RefusedError, in_path
from console.pages.elements import badge, button, card, fault, link, note, text
from console.pages.one_file import mapping, preparing, results
from console.pages.visit import PageOf, Visit, key_is_gone
from console.shown.files import (
    STEPS,
    WORKING,
    Watched,
    facts,
    progress_words,
    state_kind,
    state_words,
    step,
    watched,
)

_LOOK_S: Final = 1.0


class _File:
    """What one tab looks at."""

    def __init__(self, visit: Visit, id_: str) -> None:
        self._visit = visit
        self._path = f"/v1/workspaces/{in_path(id_)}"
        self._state = ""
        self._since: Watched | None = None

    async def build(self) -> None:
        link("All files", "/files")
        self._head = ui.element("div").classes("head-of-file")
        self._working = ui.element("div").props("aria-live=polite")
        self._body = ui.element("div").classes("body-of-file")
        await self._show(await self._visit.caller.get(self._path))
        self._timer = ui.timer(_LOOK_S, self._look)

    async def _look(self) -> None:
        if self._state not in WORKING:
            return
        try:
            found = await self._visit.caller.get(self._path)
            if found["state"] != self._state:
                await self._show(found)
            else:
                self._tell(found)
        except ApiError as refused:
            if key_is_gone(refused) or isinstance(refused, RefusedError):
                self._timer.deactivate()
                fault(str(refused))

    async def again(self, found: Any) -> None:
        """Something was asked of it; `found` is what the API says it is now."""
        await self._show(found)

    async def _show(self, found: dict[str, Any]) -> None:
        self._state = found["state"]
        self._since = None
        for part in (self._head, self._body):
            part.clear()
        with self._head:
            self._header(found)
        self._tell(found)
        with self._body:
            await self._step(found)

    def _header(self, found: dict[str, Any]) -> None:
        with ui.element("div").classes("controls"):
            text("h2", found["name"])
            badge(state_words(found), state_kind(found))
        note(facts(found))
        here = step(found)
        with ui.element("ol").classes("steps").props('aria-label="Steps"'):
            for number, words in enumerate(STEPS):
                made = text("li", words, "done" if number < here else "")
                if number == here:
                    made.props("aria-current=step")
        if found["error"]:
            fault(found["error"])

    def _tell(self, found: dict[str, Any]) -> None:
        self._working.clear()
        if found["state"] not in WORKING:
            return
        progress = found["progress"]
        with self._working, card(classes="working"):
            if progress is None:
                text("p", "Waits for its turn.")
                ui.linear_progress(show_value=False).props('indeterminate aria-label="Waits"')
            else:
                self._since = watched(self._since, progress)
                text("p", progress_words(progress, self._since))
                bar = ui.linear_progress(value=progress["share"], show_value=False)
                bar.props["aria-label"] = progress["stage"]
            if found["state"] == "training":
                button("Cancel", self._visit.trying(self._cancel), icon="close")

    async def _cancel(self) -> None:
        await self._visit.caller.delete(f"{self._path}/training")
        await self._show(await self._visit.caller.get(self._path))

    async def _step(self, found: dict[str, Any]) -> None:
        state = found["state"]
        asked = partial(self._ask, found)
        if state == "read" or (state == "failed" and found["rows"] is not None and found["events"] is None):
            await mapping.build(self._visit, self._path, found, asked)
        elif state in ("mapped", "failed") and found["events"] is not None:
            await preparing.build(self._visit, self._path, found, asked)
        elif state == "trained":
            await results.build(self._visit, self._path, found, asked)

    async def _ask(self, found: dict[str, Any], step_: str) -> None:
        """Show an earlier step again, or look anew (`""`)."""
        if not step_:
            await self._show(await self._visit.caller.get(self._path))
            return
        self._body.clear()
        with self._body:
            steps = {"mapping": mapping.build, "preparing": preparing.build, "results": results.build}
            await steps[step_](self._visit, self._path, found, partial(self._ask, found))


async def build(visit: Visit) -> None:
    """The page of `?id=`."""
    await _File(visit, visit.query.get("id", "")).build()


PAGE: Final = PageOf("/file", "File", "description", "workspaces", build, listed=False)
