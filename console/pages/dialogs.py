"""Questions that stand before the page until they are answered."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from console.pages.elements import button, text
from console.pages.visit import Action, Visit


@contextmanager
def asking(question: str) -> Iterator[ui.dialog]:
    """A dialog that is open; what the block makes stands in it."""
    dialog = ui.dialog().props("aria-modal=true")
    dialog.props["aria-label"] = question
    dialog.open()
    with dialog, ui.card():
        text("h2", question)
        yield dialog


def answers(visit: Visit, dialog: ui.dialog, words: str, action: Action, icon: str = "") -> None:
    """The two buttons: do it, and leave it."""

    async def act() -> None:
        await action()
        dialog.close()

    with ui.element("div").classes("controls"):
        button(words, visit.trying(act), icon=icon, flat=False)
        button("Cancel", dialog.close)


def confirming(visit: Visit, question: str, says: str, words: str, action: Action) -> None:
    """Ask once more before something is done that others notice.

    Args:
        says: what will follow.
        words: of the button that does it.
    """
    with asking(question) as dialog:
        text("p", says)
        answers(visit, dialog, words, action)
