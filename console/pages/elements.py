"""What pages are made of, so that all look and read alike."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from console.shown.charts import file_name, standalone

_PATIENCE_S: Final = 10.0
"""For a browser to draw a picture that is to be kept."""
Cell = str | tuple[str, str]
"""Text, or text with the address that it leads to."""


def text(tag: str, words: str, classes: str = "") -> TextElement:
    """An element of HTML with text in it."""
    return TextElement(tag=tag, text=words).classes(classes)


def heading(words: str, level: int = 2) -> None:
    """Of a page (1), of a part of it (2), or within (3)."""
    text(f"h{level}", words)


def note(words: str) -> None:
    """Small print."""
    text("p", words, "note")


def fault(words: str) -> None:
    """What could not be shown, and why."""
    text("p", words, "fault").props("role=alert")


def link(words: str, target: str) -> None:
    """To another page of the console."""
    text("a", words).props["href"] = target


def badge(words: str, kind: str) -> TextElement:
    """A word on colour: a tier, a state."""
    return text("span", words, f"badge badge-{kind}")


@contextmanager
def tiles() -> Iterator[None]:
    """A row of tiles, which wraps."""
    with ui.element("dl").classes("tiles"):
        yield


def tile(label: str, value: str, beside: str = "", target: str = "") -> None:
    """One figure with its name.

    Args:
        beside: what to compare it with.
        target: where more is said of it.
    """
    with ui.element("div").classes("tile"):
        text("dt", label)
        with ui.element("dd"):
            if target:
                link(value, target)
            else:
                text("span", value)
            if beside:
                text("small", beside)


@contextmanager
def card(title: str = "", classes: str = "") -> Iterator[None]:
    """A part of a page."""
    with ui.element("section").classes(f"panel {classes}"):
        if title:
            heading(title)
        yield


@contextmanager
def columns() -> Iterator[None]:
    """Parts side by side where there is room."""
    with ui.element("div").classes("side-by-side"):
        yield


def table(name: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], figures_from: int = 1) -> None:
    """A table of a few rows.

    Args:
        name: for who cannot see it.
        figures_from: the column from which on there are figures, which stand to the right.
    """
    with ui.element("div").classes("scrolls").props("tabindex=0 role=region") as around:
        around.props["aria-label"] = name
        with ui.element("table"):
            with ui.element("thead"), ui.element("tr"):
                for place, head in enumerate(heads):
                    text("th", head, "figure" if place >= figures_from else "").props("scope=col")
            with ui.element("tbody"):
                for row in rows:
                    with ui.element("tr"):
                        for place, cell in enumerate(row):
                            _cell(cell, "figure" if place >= figures_from else "")


def chart(title: str, options: dict[str, Any], height: int = 320) -> ui.echart:
    """A picture with its title, which can be kept; drawn as SVG, so that its text takes the page's colour.

    Args:
        height: pixels.
    """

    async def keep() -> None:
        svg = await drawn.run_chart_method("renderToSVGString", timeout=_PATIENCE_S)
        ui.download(standalone(svg), file_name(title), "image/svg+xml")

    with ui.element("figure").classes("chart"):
        with ui.element("figcaption"):
            text("span", title)
            keeping = button("", keep, icon="download").props("dense size=sm")
            keeping.props["aria-label"] = f"Keep the picture: {title}"
            keeping.props["title"] = "Keep the picture"
        drawn = ui.echart(options, renderer="svg").style(f"height: {height}px")
        drawn.props("role=img")
        drawn.props["aria-label"] = title
    return drawn


def grid(columns: Sequence[dict[str, Any]], rows: Sequence[dict[str, str]]) -> ui.aggrid:
    """A page of customers; the first column holds links, and the API has chosen the order."""
    options = {
        "columnDefs": [dict(column) for column in columns],
        "defaultColDef": {"sortable": False, "resizable": True, "suppressMovable": True},
        "rowData": list(rows),
        "ensureDomOrder": True,
        "suppressColumnVirtualisation": True,
        "rowHeight": 36,
        "overlayNoRowsTemplate": "No customer fits.",
    }
    return ui.aggrid(options, html_columns=[0])


def button(words: str, action: Callable[..., Any], icon: str = "", flat: bool = True) -> ui.button:
    """A button; the plain ones stand back."""
    # without the library's colour, whose text would stay white on the light accent of the dark page
    made = ui.button(words, on_click=action, icon=icon or None, color=None).props("no-caps unelevated")
    return made.classes("plain" if flat else "main")


def slider(
    label: str,
    value: float,
    low: float,
    high: float,
    step: float,
    moved: Callable[[float], Any],
    *,
    live: bool = False,
) -> None:
    """The browser's own: it takes keys and speaks to screen readers, as the library's does not.

    Args:
        moved: gets the value.
        live: also while it is dragged; else when it is let go.
    """
    made = ui.element("input").classes("range").props("type=range")
    # "^": the attribute alone, so that a page that is drawn anew leaves the slider where the visitor has moved it
    for name, given in (
        ("min", low),
        ("max", high),
        ("step", step),
        ("^value", value),
        ("aria-label", label),
    ):
        made.props[name] = given
    made.on(
        "input" if live else "change",
        lambda event: moved(float(event.args)),
        js_handler="event => emit(event.target.value)",
    )


def customer_address(user: str) -> str:
    """Of the page of one customer."""
    return f"/customer?user={quote(user, safe='')}"


def _cell(cell: Cell, classes: str) -> None:
    if isinstance(cell, str):
        text("td", cell, classes)
        return
    with ui.element("td").classes(classes):
        link(*cell)
