"""Settings: thresholds to read; keys and webhooks for administrators."""

import time
from functools import partial
from typing import Any, Final

from nicegui import ui

from console.calling.caller import in_path
from console.pages.dialogs import answers, asking, confirming
from console.pages.elements import badge, button, card, note, table, text
from console.pages.visit import PageOf, Visit
from console.shown.settings import (
    DAYS,
    SCOPES,
    contact_words,
    delivery_words,
    holds,
    key_state,
    names,
    threshold_rows,
    webhook_state,
)


def _now_ms() -> int:
    return int(time.time() * 1000)


class _Keys:
    """Keys of the API."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    async def build(self) -> None:
        with card("Keys"):
            note("Whoever calls the API or signs in here has one. A key is shown once, when it is made.")
            self._list = ui.element("div").classes("rows")
            button("Make a key", self._ask, icon="add")
        await self._show()

    async def _show(self) -> None:
        found, now = await self._visit.caller.get("/v1/keys"), _now_ms()
        self._list.clear()
        with self._list:
            for key in sorted(found["items"], key=lambda key: (not holds(key, now), -key["created"])):
                self._row(key, now)

    def _row(self, key: dict[str, Any], now: int) -> None:
        with ui.element("div").classes("row-of"):
            with ui.element("div"):
                text("strong", key["name"])
                note(f"{key['id']} · {names(key['scopes'])} · {key_state(key, now)}")
            if holds(key, now):
                made = button("Revoke", partial(self._ask_revoke, key), icon="block")
                made.props["aria-label"] = f"Revoke {key['name']}"

    def _ask_revoke(self, key: dict[str, Any]) -> None:
        async def revoke() -> None:
            await self._visit.caller.post(f"/v1/keys/{in_path(key['id'])}/revoke")
            await self._show()

        says = "Whoever uses it is refused from a second later on. It cannot be undone."
        confirming(self._visit, f"Revoke the key “{key['name']}”?", says, "Revoke", revoke)

    def _ask(self) -> None:
        with asking("A new key") as dialog:
            name = ui.input(label="Whose it is").props("outlined dense autofocus maxlength=128")
            scopes = ui.select(SCOPES, label="What it may do", value=["read"], multiple=True)
            scopes.props("outlined dense")
            days = ui.select(DAYS, label="It holds", value=0).props("outlined dense")

            async def make() -> None:
                body = {"name": name.value or "", "scopes": scopes.value, "days": days.value}
                _told(
                    "The key, which is not shown again",
                    (await self._visit.caller.post("/v1/keys", body))["key"],
                )
                await self._show()

            answers(self._visit, dialog, "Make it", make)


class _Webhooks:
    """Where alerts are delivered to."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    async def build(self) -> None:
        with card("Webhooks"):
            note("Alerts are delivered to these addresses, signed.")
            self._list = ui.element("div").classes("rows")
            button("Add a webhook", self._ask, icon="add")
        await self._show()

    async def _show(self) -> None:
        found = await self._visit.caller.get("/v1/webhooks", {"limit": 100})
        self._list.clear()
        with self._list:
            if not found["items"]:
                text("p", "There is none yet.")
            for webhook in found["items"]:
                self._row(webhook)

    def _row(self, webhook: dict[str, Any]) -> None:
        name = webhook["name"]
        on = webhook["enabled"]
        turn = self._visit.trying(partial(self._enable, webhook, not on))
        steps = (
            ("Test", "send", self._visit.trying(partial(self._test, webhook))),
            ("Pause", "pause", turn) if on else ("Go on", "play_arrow", turn),
            ("Delete", "delete", partial(self._ask_delete, webhook)),
        )
        with ui.element("div").classes("row-of"):
            with ui.element("div"):
                text("strong", name)
                note(f"{webhook['url']} · {webhook_state(webhook)}")
            with ui.element("div").classes("controls"):
                for words, icon, action in steps:
                    button(words, action, icon=icon).props["aria-label"] = f"{words}: {name}"

    async def _test(self, webhook: dict[str, Any]) -> None:
        found = await self._visit.caller.post(f"/v1/webhooks/{in_path(webhook['id'])}/test")
        ui.notify(
            delivery_words(found), type="positive" if found["delivered"] else "negative", close_button="Close"
        )

    async def _enable(self, webhook: dict[str, Any], on: bool) -> None:
        await self._visit.caller.patch(f"/v1/webhooks/{in_path(webhook['id'])}", {"enabled": on})
        await self._show()

    def _ask_delete(self, webhook: dict[str, Any]) -> None:
        async def delete() -> None:
            await self._visit.caller.delete(f"/v1/webhooks/{in_path(webhook['id'])}")
            await self._show()

        says = f"Nothing more is delivered to {webhook['url']}, and what waits is forgotten."
        confirming(self._visit, f"Delete the webhook “{webhook['name']}”?", says, "Delete", delete)

    def _ask(self) -> None:
        with asking("A new webhook") as dialog:
            name = ui.input(label="Name").props("outlined dense autofocus maxlength=100")
            url = ui.input(label="Address, https://…").props("outlined dense type=url maxlength=2000")
            tiers = ui.select(
                {"high": "high", "medium": "medium"}, label="Tiers; all, if none is chosen", multiple=True
            )
            tiers.props("outlined dense")

            async def add() -> None:
                body = {
                    "name": name.value or "",
                    "url": url.value or "",
                    "filter": {"tiers": tiers.value or []},
                }
                found = await self._visit.caller.post("/v1/webhooks", body)
                _told("The secret that its receiver needs, which is not shown again", found["secret"])
                await self._show()

            answers(self._visit, dialog, "Add it", add)


def _told(what: str, secret: str) -> None:
    with asking(what) as dialog:
        text("code", secret, "secret")
        button("I have kept it", dialog.close, flat=False)


def _thresholds(model: dict[str, Any]) -> None:
    with card("Thresholds"):
        heads = ("Tier", "Begins at a risk of", "Were really lost")
        table("Thresholds", heads, threshold_rows(model))
        note(contact_words(model.get("contact")))
        note("They are set where Ebbwatch is started: EBBWATCH_TIER_HIGH and the others of its settings.")


async def build(visit: Visit) -> None:
    """The page."""
    _thresholds(await visit.caller.get("/v1/model"))
    if visit.session.may("admin"):
        await _Webhooks(visit).build()
        await _Keys(visit).build()
    else:
        badge("Keys and webhooks want a key with the scope admin", "gone")


PAGE: Final = PageOf("/settings", "Settings", "settings", "read", build)
