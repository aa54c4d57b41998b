"""One page that somebody looks at: whose key it reads with, and what happens where the API refuses."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from nicegui import ui

from console.access.guard import SIGN_IN
from console.access.sessions import Session
from console.calling.caller import ApiError, Caller, RefusedError

Action = Callable[[], Awaitable[None]]


class Visit(NamedTuple):
    """Of one browser's tab."""

    caller: Caller
    """With the visitor's key."""
    session: Session
    query: Mapping[str, str]
    """Of the page's address."""

    def trying(self, action: Action) -> Action:
        """The same action; where the API refuses it the visitor is told so."""

        async def tried() -> None:
            if self.session.over:
                ui.navigate.to(f"{SIGN_IN}?why=out")
                return
            try:
                await action()
            except ApiError as fault:
                if key_is_gone(fault):
                    self.session.over = True
                    ui.navigate.to(f"{SIGN_IN}?why=key")
                else:
                    ui.notify(str(fault), type="negative", multi_line=True, close_button="Close")

        return tried


class PageOf(NamedTuple):
    """A page, and who may see it."""

    path: str
    title: str
    icon: str
    """Of the Material icons that the library brings."""
    scope: str
    """That a key needs to read what it shows."""
    build: Callable[[Visit], Awaitable[None]]
    listed: bool = True
    """Whether the navigation names it."""


def key_is_gone(fault: ApiError) -> bool:
    """Whether the API knows the key no more."""
    return isinstance(fault, RefusedError) and fault.status == 401
