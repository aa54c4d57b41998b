"""Files that people send to be trained on: the list, and sending one."""

from functools import partial
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui
from nicegui.events import GenericEventArguments

from console.pages.dialogs import confirming
from console.pages.elements import badge, button, card, link, note, text
from console.pages.visit import PageOf, Visit
from console.sending import NAME, SEND
from console.shown.files import facts, state_kind, state_words

MOST_BYTES: Final = 100_000_000
_KINDS: Final = ".csv,.txt,.tsv,.xlsx,.xls,.xlsb,.ods,.parquet"
_NAMED: Final = f"files => [{{name: '{NAME}', value: encodeURIComponent(files[0].name)}}]"
_ANSWERED: Final = "info => emit(info.xhr.responseText)"
_LOOK_S: Final = 0.3


def file_address(id_: str) -> str:
    """Of the page of one file."""
    return f"/file?id={quote(id_, safe='')}"


async def build(visit: Visit) -> None:
    """The page."""
    _Sending().build()
    with card("Your files"):
        shown = ui.element("div").classes("rows")
    await _show(visit, shown)


class _Sending:
    """A file on its way. The library's uploader carries it; it stands behind a button, since it has no labels."""

    def build(self) -> None:
        with card("Send a file"):
            note(
                "Transactions of at least 100 customers and six months, a line each: customer, date, amount, and "
                "what else there is. CSV in any dialect, Excel or Parquet, up to 100 MB. Nobody with another key "
                "sees it, and it is deleted by itself."
            )
            carrier = ui.upload(auto_upload=True, max_file_size=MOST_BYTES).classes("unseen")
            carrier.props(f'send-raw url={SEND} accept="{_KINDS}"')
            carrier.props[":headers"] = _NAMED
            carrier.on("uploaded", _sent, js_handler=_ANSWERED)
            carrier.on("failed", self._failed, js_handler=_ANSWERED)
            carrier.on("uploading", lambda: self._under_way(True), js_handler="() => emit()")
            carrier.on_rejected(self._rejected)
            chooser = button("Choose a file", lambda: None, icon="upload_file", flat=False)
            chooser.on("click", js_handler=f"() => getElement({carrier.id}).pickFiles()")
            self._told = text("p", "").props("role=status")
            self._bar = ui.linear_progress(value=0, show_value=False).props('aria-label="Sending"')
            self._bar.set_visibility(False)
        self._carrier = carrier
        self._timer = ui.timer(_LOOK_S, self._look, active=False)

    def _under_way(self, going: bool) -> None:
        self._bar.set_visibility(going)
        self._timer.active = going
        if going:
            self._told.text = "Sending"

    async def _look(self) -> None:
        said = str(await self._carrier.get_computed_prop("uploadProgressLabel") or "0%")
        share = float(said.rstrip("%") or 0) / 100
        self._bar.value = share
        self._told.text = f"Sending: {100 * share:.0f} %"

    def _failed(self, event: GenericEventArguments) -> None:
        self._under_way(False)
        self._told.text = str(event.args or "") or "The file did not arrive; send it again."
        self._carrier.reset()

    def _rejected(self) -> None:
        self._told.text = "A file may have at most 100 MB, and must be CSV, Excel or Parquet."


def _sent(event: GenericEventArguments) -> None:
    ui.navigate.to(file_address(str(event.args)))


async def _show(visit: Visit, shown: ui.element) -> None:
    found = await visit.caller.get("/v1/workspaces")
    shown.clear()
    with shown:
        if not found["items"]:
            text("p", "There is none yet.")
        for workspace in found["items"]:
            _row(visit, shown, workspace)


def _row(visit: Visit, shown: ui.element, workspace: dict[str, Any]) -> None:
    with ui.element("div").classes("row-of"):
        with ui.element("div"):
            link(workspace["name"], file_address(workspace["id"]))
            badge(state_words(workspace), state_kind(workspace))
            note(workspace["error"] or facts(workspace))
        made = button("Delete", partial(_ask_delete, visit, shown, workspace), icon="delete")
        made.props["aria-label"] = f"Delete {workspace['name']}"


def _ask_delete(visit: Visit, shown: ui.element, workspace: dict[str, Any]) -> None:
    async def delete() -> None:
        await visit.caller.delete(f"/v1/workspaces/{workspace['id']}")
        await _show(visit, shown)

    says = "The file and all that was found in it are gone then."
    confirming(visit, f"Delete “{workspace['name']}”?", says, "Delete", delete)


PAGE: Final = PageOf("/files", "Files", "upload_file", "workspaces", build)
