"""Pages that say what to do when an alert fires, where alerts and boards link to. Open to all: they name nobody."""

import re
import sys
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from markdown_it import MarkdownIt

from api.problems import ProblemError

router = APIRouter(include_in_schema=False)

_INDEX: Final = "README"
_PLACES: Final = (
    Path(__file__).parents[2] / "docs" / "runbooks",
    Path(sys.prefix) / "share" / "ebbwatch" / "runbooks",
)
"""In a checkout, and as installed."""
_PAGE_LINK: Final = re.compile(r'<a href="([a-z-]+)\.md">')
_OTHER_LINK: Final = re.compile(r'<a href="\.\./[^"]*">(.*?)</a>')
"""To documents that are not served: their name stays."""
_SHELL: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    '<meta name="viewport" content="width=device-width"><title>{title}</title></head><body>{body}</body></html>'
)


@router.get("/runbooks")
def index() -> HTMLResponse:
    """All alerts, each with its page."""
    return HTMLResponse(_rendered(_INDEX))


@router.get("/runbooks/{page}")
def runbook(page: str) -> HTMLResponse:
    """What to do about one alert."""
    if page not in pages():
        raise ProblemError(
            404, "no_such_runbook", f"there is no runbook of that name; /runbooks lists {len(pages())}"
        )
    return HTMLResponse(_rendered(page))


@cache
def pages() -> tuple[str, ...]:
    """Names of the pages; none where the installation has left them out."""
    return tuple(sorted(path.stem for path in _folder().glob("*.md") if path.stem != _INDEX))


@cache
def _rendered(page: str) -> str:
    path = _folder() / f"{page}.md"
    if not path.exists():
        raise ProblemError(404, "no_runbooks", f"no runbooks are installed: {path} is not there")
    text = path.read_text("utf-8")
    body = MarkdownIt().enable("table").render(text)
    body = _OTHER_LINK.sub(r"\1", _PAGE_LINK.sub(r'<a href="/runbooks/\1">', body))
    return _SHELL.format(title=text.partition("\n")[0].removeprefix("# "), body=body)


def _folder() -> Path:
    return next((place for place in _PLACES if place.is_dir()), _PLACES[-1])
