"""That looking at a board finds what is wrong with it: on a page with Grafana's marks, which is no Grafana."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from dashboards.panels.told import USUALLY_EMPTY
from tests.integration.browser import ABSENT, browser, program
from tests.integration.grafana import Running, faults, seen

BOARD: dict[str, Any] = {
    "uid": "b",
    "panels": [
        {"type": kind, "title": title, "description": description, "gridPos": {"y": 0, "h": 4}}
        for kind, title, description in (
            ("row", "Heading", ""),
            ("timeseries", "Drawn", ""),
            ("stat", "A figure", ""),
            ("trend", "Of $group", ""),
            ("timeseries", "Quiet", f"*{USUALLY_EMPTY}:* for a reason"),
        )
    ],
}
WELL = {"text": "", "error": False, "drawn": True}
ALL_WELL = [
    WELL | {"title": "Drawn"},
    WELL | {"title": "A figure", "text": "A figure\n12 %", "drawn": False},
    WELL | {"title": "Of web"},
    WELL | {"title": "Of ios (new)"},
    WELL | {"title": "Quiet", "text": "Quiet\nNo data", "drawn": False},
]
ERROR = '<button data-testid="data-testid Panel status error"></button>'


def test_a_board_that_is_well() -> None:
    assert faults(BOARD, ALL_WELL) == []


@pytest.mark.parametrize(
    ("title", "shown", "said"),
    [
        ("Drawn", {"error": True}, "Drawn: an error"),
        ("Drawn", {"text": "Drawn\nNo data", "drawn": False}, "Drawn: No data"),
        ("Drawn", {"text": "Drawn", "drawn": False}, "Drawn: nothing is drawn"),
        ("A figure", {"text": "A figure\nErr"}, "A figure: Err"),
        ("Of web", {"text": "Of web\nUnable to find field: Day"}, "Of web: Unable to find field"),
        ("Quiet", {"error": True}, "Quiet: an error"),
    ],
)
def test_what_is_wrong_is_found(title: str, shown: dict[str, Any], said: str) -> None:
    assert faults(BOARD, [each | shown if each["title"] == title else each for each in ALL_WELL]) == [said]


def test_a_panel_that_has_not_come_is_found() -> None:
    assert faults(BOARD, [each for each in ALL_WELL if each["title"] != "A figure"]) == [
        "A figure: is not there"
    ]


def section(title: str, inside: str) -> str:
    return f'<section data-testid="data-testid Panel header {title}"><h2>{title}</h2>{inside}</section>'


@contextmanager
def page_of(body: str, asked: list[tuple[str, str | None]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<!doctype html>{body}".encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.grafana
def test_a_browser_sees_it() -> None:
    if program() is None:
        pytest.skip(ABSENT)
    late = "setTimeout(() => document.body.insertAdjacentHTML('beforeend', `{}`), 500)"
    body = (
        section("Drawn", f"<canvas></canvas>{ERROR}")
        + section("A figure", "12 %")
        + section("Quiet", "none, as usual")
        + f"<script>{late.format(section('Of web', '<canvas></canvas>'))}</script>"
    )
    asked: list[tuple[str, str | None]] = []
    with page_of(body, asked) as url, browser() as chromium:
        looked = seen(chromium.new_page(), Running(url, ("admin", "secret"), None), BOARD, "light")

    assert faults(BOARD, looked) == ["Drawn: an error"]
    path, who = asked[0]
    assert path.startswith("/d/b?")
    assert "theme=light" in path
    assert who == "Basic YWRtaW46c2VjcmV0"
