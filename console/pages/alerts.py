"""The inbox: alerts by state, and what can be done with each; it follows the stream while it is open."""

import time
from functools import partial
from typing import Any, Final

from nicegui import ui

from console.calling.caller import ApiError, in_path
from console.pages.dialogs import answers, asking
from console.pages.elements import badge, button, card, customer_address, link, note, table, text
from console.pages.visit import PageOf, Visit
from console.shown import inbox
from console.shown.inbox import Shown, Step, history, shown, snoozed_until, steps

_PAGE: Final = 50
_LOOK_S: Final = 5.0


class _Inbox:
    """What one tab looks at."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._state = "open"
        self._tier = ""
        self._next: str | None = None
        self._shown = 0
        self._seen = "0"
        """Place in the feed behind which all is new."""

    async def build(self) -> None:
        with ui.element("div").classes("controls"):
            self._choice("State", inbox.STATES, "_state", "open")
            self._choice("Tier", inbox.TIERS, "_tier", "")
        self._news = button("", self._visit.trying(self._show), icon="refresh")
        self._news.set_visibility(False)
        self._list = ui.element("div").classes("inbox").props("aria-live=polite")
        self._more = button("More", self._visit.trying(self._further), icon="expand_more")
        await self._show()
        ui.timer(_LOOK_S, self._look)

    def _choice(self, label: str, options: dict[str, str], field: str, value: str) -> None:
        async def choose() -> None:
            setattr(self, field, made.value or "")
            await self._show()

        made = ui.select(options, label=label, value=value, on_change=self._visit.trying(choose))
        made.props("outlined dense options-dense")

    async def _read(self, cursor: str | None) -> Any:
        asked = {"state": self._state, "tier": self._tier or None, "limit": _PAGE, "cursor": cursor}
        found = await self._visit.caller.get("/v1/alerts", asked)
        self._next = found["next"]
        self._more.set_visibility(self._next is not None)
        return found

    async def _show(self) -> None:
        found = await self._read(None)
        self._seen = found["end"]
        self._news.set_visibility(False)
        self._list.clear()
        self._shown = 0
        self._add(found["items"])
        if not self._shown and self._next is None:
            with self._list:
                text("p", f"No alert is {self._state}.")

    async def _further(self) -> None:
        self._add((await self._read(self._next))["items"])

    def _add(self, entries: list[Any]) -> None:
        with self._list:
            for entry in entries:
                _Card(self._visit, shown(entry)).build()
        self._shown += len(entries)

    async def _look(self) -> None:
        try:
            found = await self._visit.caller.get("/v1/alerts", {"cursor": self._seen, "limit": 1000})
        except ApiError:
            return  # what the visitor does next says it
        if found["items"]:
            self._news.set_text(f"{len(found['items']):,} changes: show them")
            self._news.set_visibility(True)


class _Card:
    """One alert."""

    def __init__(self, visit: Visit, alert: Shown) -> None:
        self._visit = visit
        self._alert = alert

    def build(self) -> None:
        alert = self._alert
        with card(classes="alert"):
            with ui.element("div").classes("controls"):
                if alert.user:
                    link(alert.user, customer_address(alert.user))
                else:
                    text("span", "A segment")
                badge(alert.tier, alert.tier)
                self._state = badge(alert.state, "gone")
                self._owner = text("span", alert.owner and f"with {alert.owner}", "note")
            text("p", alert.why)
            note(alert.facts)
            if alert.action:
                text("p", f"Recommended: {alert.action}")
            self._buttons = ui.element("div").classes("controls")
            self._offer(alert.state)

    def _offer(self, state: str) -> None:
        self._buttons.clear()
        with self._buttons:
            for step in steps(state):
                made = button(step.words, self._visit.trying(partial(self._begin, step)), icon=step.icon)
                made.props["aria-label"] = f"{step.words}: {self._alert.user}"
            button("History", self._visit.trying(self._history), icon="history")

    async def _begin(self, step: Step) -> None:
        if step is inbox.SNOOZE:
            self._ask_days()
        elif step is inbox.ACKNOWLEDGE:
            await self._take(step, None)
        else:
            self._ask_words(step)

    def _ask_days(self) -> None:
        with asking("For how long?") as dialog:
            days = ui.select(inbox.SNOOZES, label="Come back in", value=7).props("outlined dense")

            async def snooze() -> None:
                await self._take(inbox.SNOOZE, snoozed_until(int(time.time() * 1000), days.value))

            answers(self._visit, dialog, inbox.SNOOZE.words, snooze, inbox.SNOOZE.icon)

    def _ask_words(self, step: Step) -> None:
        field = "owner" if step is inbox.ASSIGN else "reason"
        label = "Who takes care" if step is inbox.ASSIGN else "Why (for those who look later)"
        with asking(f"{step.words} the alert about {self._alert.user or 'a segment'}") as dialog:
            words = ui.input(label=label).props("outlined dense autofocus maxlength=128")

            async def take() -> None:
                await self._take(step, {field: words.value or ""})

            answers(self._visit, dialog, step.words, take, step.icon)

    async def _take(self, step: Step, body: dict[str, Any] | None) -> None:
        found = await self._visit.caller.post(f"/v1/alerts/{in_path(self._alert.id)}/{step.name}", body)
        self._state.text = found["state"]
        if body and "owner" in body:
            self._owner.text = body["owner"] and f"with {body['owner']}"
        self._offer(found["state"])
        ui.notify(f"{step.words}: done")

    async def _history(self) -> None:
        found = await self._visit.caller.get(f"/v1/alerts/{in_path(self._alert.id)}")
        with asking("What was done with it") as dialog:
            heads = ("When", "What", "By", "Said")
            table("History of the alert", heads, history(found["steps"]), figures_from=9)
            button("Close", dialog.close)


async def build(visit: Visit) -> None:
    """The page."""
    await _Inbox(visit).build()


PAGE: Final = PageOf("/alerts", "Alerts", "notifications", "alerts", build)
