"""What stands around every page: its name, where to go, light or dark, and the way out."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import ui

from console.access.guard import SIGN_IN
from console.access.sessions import Session, Sessions
from console.calling.caller import ApiError, Caller
from console.pages.elements import fault, heading, text
from console.pages.visit import PageOf, Visit, key_is_gone

_LOOK_S: Final = 10.0
_DARK: Final[dict[bool | None, tuple[str, str, bool | None]]] = {
    None: ("brightness_auto", "Colours: as the browser likes; change to dark", True),
    True: ("dark_mode", "Colours: dark; change to light", False),
    False: ("light_mode", "Colours: light; change to what the browser likes", None),
}
"""Icon, what the button says, and what comes next."""


def framed(
    page: PageOf, pages: Sequence[PageOf], caller: Caller, sessions: Sessions
) -> Callable[[Request], Awaitable[Response | None]]:
    """A page with its frame, for the user interface library.

    Args:
        pages: all of them, in the order of the navigation.
    """

    async def shown(request: Request) -> Response | None:
        session: Session = request.state.session  # the guard lets nobody in without
        if page.path == "/" and not session.may(page.scope):
            elsewhere = next(other for other in pages if other.listed and session.may(other.scope))
            return RedirectResponse(elsewhere.path, 303)
        visit = Visit(caller.with_key(session.key), session, dict(request.query_params))
        _around(page, pages, session, sessions)
        if not session.may(page.scope):
            fault(f"Your key lacks the scope {page.scope}, which this page needs.")
            return None
        try:
            await page.build(visit)
        except ApiError as refused:
            if key_is_gone(refused):
                session.over = True
                return RedirectResponse(f"{SIGN_IN}?why=key", 303)
            fault(str(refused))
        return None

    return shown


def _around(page: PageOf, pages: Sequence[PageOf], session: Session, sessions: Sessions) -> None:
    ui.add_head_html('<link rel="stylesheet" href="/static/console.css">')
    dark = ui.dark_mode(session.dark)
    drawer = ui.left_drawer(value=False, bordered=True).props("width=220 breakpoint=900 show-if-above")
    with drawer, ui.element("nav").props('aria-label="Pages"'), ui.element("ul"):
        for other in pages:
            if other.listed and session.may(other.scope):
                _entry(other, here=other.path == page.path)
    with ui.header(bordered=True):
        ui.button(icon="menu", on_click=drawer.toggle).props('flat dense round aria-label="Navigation"')
        text("a", "Ebbwatch", "brand").props["href"] = "/"
        ui.space()
        text("span", session.name, "whose")
        _dark_button(session, dark)
        with ui.element("form").props("method=post action=/sign-out"):
            ui.button(icon="logout").props('type=submit flat dense round aria-label="Sign out"')
    heading(page.title, 1)
    ui.timer(_LOOK_S, lambda: _see_out(session, sessions))


def _entry(page: PageOf, here: bool) -> None:
    with ui.element("li"), ui.element("a") as to:
        to.props["href"] = page.path
        if here:
            to.props("aria-current=page")
        ui.icon(page.icon).props("aria-hidden=true")
        text("span", page.title)


def _dark_button(session: Session, dark: ui.dark_mode) -> None:
    def told() -> tuple[str, str]:
        icon, says, _ = _DARK[session.dark]
        return icon, says

    def change() -> None:
        session.dark = _DARK[session.dark][2]
        dark.value = session.dark
        made.set_icon(told()[0])
        made.props["aria-label"] = told()[1]

    made = ui.button(icon=told()[0], on_click=change).props("flat dense round")
    made.props["aria-label"] = told()[1]


def _see_out(session: Session, sessions: Sessions) -> None:
    """Nothing stays on the screen of somebody whose session is over."""
    if not sessions.holds(session, time.monotonic()):
        session.over = True
        ui.navigate.to(f"{SIGN_IN}?why=idle")
