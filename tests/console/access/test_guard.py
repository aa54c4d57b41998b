"""Only pages of the console itself may ask for changes, and only who is signed in sees anything."""

import time
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message
from starlette.websockets import WebSocket

from console.access.guard import Guard, cookie, same_origin
from console.access.sessions import COOKIE, Session, Sessions

HERE = "http://testserver"


async def page(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.state.session.name if request.state.session else "nobody")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"heard {text}")


@pytest.fixture
def sessions() -> Sessions:
    return Sessions(3600)


@pytest.fixture
def app(sessions: Sessions) -> ASGIApp:
    routes = [
        Route("/customers", page, methods=["GET", "POST"]),
        Route("/sign-in", page),
        Route("/static/console.css", page),
        WebSocketRoute("/socket", socket),
    ]
    return Guard(Starlette(routes=routes), sessions)


@pytest.fixture
async def client(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as made:
        yield made


class Socket:
    """The browser's end of a websocket, which sends what it is told and keeps what comes."""

    def __init__(
        self, app: ASGIApp, cookies: httpx.Cookies, origin: str | None, said: tuple[str, ...]
    ) -> None:
        headers = [(b"host", b"testserver")]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        for name, value in cookies.items():
            headers.append((b"cookie", f"{name}={value}".encode()))
        self._scope = {
            "type": "websocket", "path": "/socket", "headers": headers, "query_string": b"", "subprotocols": [],
        }  # fmt: skip
        self._app = app
        texts: list[Message] = [{"type": "websocket.receive", "text": text} for text in said]
        self._messages = [
            {"type": "websocket.connect"},
            *texts,
            {"type": "websocket.disconnect", "code": 1000},
        ]
        self.heard: list[str] = []
        self.refused = False

    async def run(self, before: dict[str, object] | None = None) -> "Socket":
        """To its end.

        Args:
            before: what is done before a text goes out, by text.
        """

        async def receive() -> Message:
            message = self._messages.pop(0)
            act = (before or {}).get(str(message.get("text")))
            if callable(act):
                act()
            return message

        async def send(message: Message) -> None:
            if message["type"] == "websocket.send":
                self.heard.append(message["text"])
            elif message["type"] == "websocket.close":
                self.refused = message["code"] == 1008

        await self._app(self._scope, receive, send)
        return self


def signed_in(client: httpx.AsyncClient, sessions: Sessions) -> Session:
    made = Session("key", "founder", frozenset({"read"}), time.monotonic())
    client.cookies.set(COOKIE, sessions.begin(made))
    return made


async def test_who_is_not_signed_in_is_sent_to_the_form_and_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/customers?tier=high", headers={"Sec-Fetch-Mode": "navigate"})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/sign-in?next=%2Fcustomers%3Ftier%3Dhigh",
    )
    assert (await client.get("/customers", headers={"Sec-Fetch-Mode": "cors"})).status_code == 401
    assert (await client.post("/customers", headers={"Origin": HERE})).status_code == 401
    for path in ("/sign-in", "/static/console.css"):
        assert (await client.get(path)).text == "nobody"
    assert (await client.get("/static/../customers")).status_code == 303


async def test_who_is_signed_in_comes_in_until_the_end_of_the_session(
    client: httpx.AsyncClient, sessions: Sessions
) -> None:
    session = signed_in(client, sessions)
    assert (await client.get("/customers")).text == "founder"
    session.over = True
    assert (await client.get("/customers")).status_code == 303


async def test_every_answer_carries_the_policy_with_a_number_of_its_own(client: httpx.AsyncClient) -> None:
    policies = [
        (await client.get(path)).headers["content-security-policy"]
        for path in ("/sign-in", "/sign-in", "/customers")
    ]
    assert len(set(policies)) == 3
    for policy in policies:
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        assert rules["default-src"] == "'none'"
        assert rules["frame-ancestors"] == "'none'"
        assert "unsafe-inline" not in rules["script-src"]


@pytest.mark.parametrize(
    "origin", ["http://elsewhere.example", "null", "http://testserver.elsewhere.example", ""]
)
async def test_a_change_that_another_site_asks_for_is_refused(
    client: httpx.AsyncClient, sessions: Sessions, origin: str
) -> None:
    signed_in(client, sessions)
    assert (await client.post("/customers", headers={"Origin": origin})).status_code == 403
    assert (await client.post("/customers")).status_code == 403, "browsers name the origin of every POST"
    assert (await client.post("/customers", headers={"Origin": HERE})).text == "founder"


async def test_a_socket_is_of_who_is_signed_in_and_of_our_own_pages(
    app: ASGIApp, client: httpx.AsyncClient, sessions: Sessions
) -> None:
    assert (await Socket(app, client.cookies, HERE, ("a",)).run()).refused
    signed_in(client, sessions)
    assert (await Socket(app, client.cookies, "http://elsewhere.example", ("a",)).run()).refused
    assert (await Socket(app, client.cookies, None, ("a",)).run()).refused
    assert (await Socket(app, client.cookies, HERE, ("a",)).run()).heard == ["heard a"]


async def test_a_socket_ends_with_its_session(
    app: ASGIApp, client: httpx.AsyncClient, sessions: Sessions
) -> None:
    session = signed_in(client, sessions)

    def over() -> None:
        session.over = True

    assert (await Socket(app, client.cookies, HERE, ("a", "b", "c")).run({"b": over})).heard == ["heard a"]


async def test_what_a_visitor_does_is_a_sign_of_life_and_what_the_page_does_by_itself_is_none(
    app: ASGIApp, client: httpx.AsyncClient, sessions: Sessions
) -> None:
    session = signed_in(client, sessions)
    session.seen -= 1000
    before = session.seen
    await Socket(app, client.cookies, HERE, ("3",)).run()
    assert session.seen == before
    await Socket(app, client.cookies, HERE, ('42["event",{}]',)).run()
    assert session.seen > before


def test_origins_and_cookies_that_make_no_sense() -> None:
    assert not same_origin(Headers({"origin": "", "host": ""}))
    assert not same_origin(Headers({"origin": "http://", "host": ""}))
    assert same_origin(Headers({"origin": "https://a:8080", "host": "a:8080"}))
    assert cookie(Headers({"cookie": f"x=1; {COOKIE}=abc"})) == "abc"
    assert cookie(Headers({"cookie": "=;;;\\"})) is None
    assert cookie(Headers({})) is None
