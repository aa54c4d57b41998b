"""What Prometheus is told of the console after pages, sign-ins that were refused, and open sockets."""

import time
from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message
from starlette.websockets import WebSocket

from console.access.guard import Guard
from console.access.sessions import COOKIE, Session, Sessions
from console.access.signing import signing
from console.calling.caller import Caller
from console.calling.counted import Counted
from console.counting import OTHER, Counting, routes
from console.metrics import ConsoleMetrics
from exposition.port import WELL, of, serve
from tests.promtool import require_clean_metrics

HERE = "http://testserver"
ROUTE = routes(("/", "/customers", "/sign-in"))


async def api(request: Request) -> Response:
    """Knows one key, which may read, and one that may send events alone."""
    scopes = {"Bearer good": ["read"], "Bearer events": ["ingest"]}.get(request.headers["authorization"])
    if scopes is None:
        return JSONResponse({"type": "x/unauthorized", "detail": "no such key"}, 401)
    return JSONResponse({"id": "1", "name": "founder", "scopes": scopes})


class Here(NamedTuple):
    """A console with one page, and what it counts."""

    app: ASGIApp
    client: httpx.AsyncClient
    registry: CollectorRegistry
    sessions: Sessions

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"ebbwatch_console_{name}", labels)


@pytest.fixture
async def here() -> AsyncIterator[Here]:
    registry, sessions = CollectorRegistry(), Sessions(3600)
    metrics = ConsoleMetrics(registry, 4, lambda: sessions.number(time.monotonic()))
    behind = FastAPI()
    behind.add_api_route("/v1/keys/self", api)
    calls = httpx.AsyncClient(transport=Counted(httpx.ASGITransport(behind), metrics), base_url="http://api")
    app = FastAPI()
    app.include_router(signing(Caller(calls), sessions, metrics))
    app.add_api_route("/customers", lambda: PlainTextResponse("all of them"))

    @app.websocket("/_nicegui_ws/socket.io/")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    counting = Counting(Guard(app, sessions), metrics, ROUTE)
    transport = httpx.ASGITransport(counting)
    async with calls, httpx.AsyncClient(transport=transport, base_url=HERE) as client:
        yield Here(counting, client, registry, sessions)


async def sign_in(here: Here, key: str) -> int:
    answer = await here.client.post(
        "/sign-in", data={"key": key, "next": "/customers"}, headers={"Origin": HERE}
    )
    return answer.status_code


async def test_a_scrape_after_pages_and_refused_sign_ins(here: Here) -> None:
    assert (await here.client.get("/customers?user=somebody")).status_code == 303
    assert await sign_in(here, "nonsense") == 401
    assert await sign_in(here, "events") == 403
    assert await sign_in(here, "good") == 303
    for _ in range(2):
        assert (await here.client.get("/customers?user=somebody")).text == "all of them"
    assert (await here.client.get("/customers/somebody@example.org")).status_code == 404
    port = serve("127.0.0.1", 0, of(here.registry), lambda: WELL, "metrics")
    try:
        async with httpx.AsyncClient() as client:
            told = (await client.get(f"http://127.0.0.1:{port.server_port}/metrics")).text
    finally:
        port.shutdown()
        port.server_close()
    require_clean_metrics(told)
    lines = dict(line.rsplit(" ", 1) for line in told.splitlines() if not line.startswith("#"))
    counted = {name: float(value) for name, value in lines.items() if "_requests_total" in name}
    assert counted == {
        'ebbwatch_console_requests_total{route="/customers",status="303"}': 1,
        'ebbwatch_console_requests_total{route="/customers",status="200"}': 2,
        'ebbwatch_console_requests_total{route="/sign-in",status="401"}': 1,
        'ebbwatch_console_requests_total{route="/sign-in",status="403"}': 1,
        'ebbwatch_console_requests_total{route="/sign-in",status="303"}': 1,
        'ebbwatch_console_requests_total{route="none",status="404"}': 1,
    }
    assert here.value("request_seconds_count", route="/customers") == 3
    assert here.value("refused_sign_ins_total", reason="key") == 1
    assert here.value("refused_sign_ins_total", reason="scopes") == 1
    assert (here.value("sessions"), here.value("clients"), here.value("restarts")) == (1, 0, 4)
    assert here.value("calls_total", outcome="answered") == 2
    assert here.value("calls_total", outcome="refused") == 1
    assert "somebody" not in told, "labels name nobody"


async def test_a_page_is_open_as_long_as_its_socket(here: Here) -> None:
    open_: list[float | None] = []
    answers: list[Message] = []

    async def visit(signed_in: bool) -> None:
        id_ = here.sessions.begin(Session("key", "founder", frozenset({"read"}), time.monotonic()))
        messages: list[Message] = [
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "text": "a"},
            {"type": "websocket.disconnect", "code": 1000},
        ]
        cookie = [(b"cookie", f"{COOKIE}={id_}".encode())] if signed_in else []

        async def receive() -> Message:
            return messages.pop(0)

        async def send(message: Message) -> None:
            answers.append(message)
            open_.append(here.value("clients"))

        headers = [(b"host", b"testserver"), (b"origin", HERE.encode()), *cookie]
        scope = {"type": "websocket", "path": "/_nicegui_ws/socket.io/", "headers": headers, "query_string": b"",
                 "subprotocols": []}  # fmt: skip
        await here.app(scope, receive, send)

    await visit(signed_in=True)
    assert [message["type"] for message in answers] == ["websocket.accept", "websocket.send"]
    assert open_ == [1, 1]
    assert here.value("clients") == 0
    await visit(signed_in=False)
    assert (answers[-1]["type"], open_[-1]) == ("websocket.close", 0), "who is turned away has nothing open"
    assert here.value("clients") == 0


async def test_an_answer_that_breaks_off_is_counted_as_a_fault() -> None:
    async def broken(*_: object) -> None:
        raise OSError("the disk is gone")

    registry = CollectorRegistry()
    counting = Counting(broken, ConsoleMetrics(registry), ROUTE)
    with pytest.raises(OSError, match="gone"):
        await counting({"type": "http", "path": "/"}, broken, broken)  # type: ignore[arg-type]
    assert registry.get_sample_value("ebbwatch_console_requests_total", {"route": "/", "status": "500"}) == 1


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/", "/"), ("/customers", "/customers"), ("/customers/", OTHER), ("/customers/anna", OTHER),
        ("/_nicegui/3.18.0/static/x.js", "/_nicegui"), ("/static/console.css", "/static"),
        ("/fetch/abc/targets.csv", "/fetch"), ("/staticky", OTHER), ("", OTHER),
    ],
)  # fmt: skip
def test_paths_that_visitors_make_up_have_one_label(path: str, label: str) -> None:
    assert ROUTE(path) == label
