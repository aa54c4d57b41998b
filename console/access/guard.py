"""What stands before all pages: only who is signed in comes in, and nothing changes on behalf of another origin."""

import re
import secrets
import time
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.access.policy import headers
from console.access.sessions import COOKIE, Session, Sessions

SIGN_IN: Final = "/sign-in"
_OPEN: Final = re.compile(r"/(sign-in|healthz|static/[a-z_.]+|favicon\.ico)")
_READS: Final = ("GET", "HEAD")
_SIGN: Final = '42["event"'
"""How a message begins that tells of something that the visitor did; others come by themselves."""


class Guard:
    """Pure ASGI, so that websockets pass through it as well."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or one websocket to its end."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        nonce = secrets.token_urlsafe(16)
        given = Headers(scope=scope)
        id_ = cookie(given)
        session = self._sessions.find(id_, time.monotonic())
        scope.setdefault("state", {}).update(nonce=nonce, session=session, session_id=id_)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers(nonce))
            await send(message)

        if scope["method"] not in _READS and not same_origin(given):
            answer: ASGIApp = PlainTextResponse("This was asked for by another site.\n", 403)
        elif session is None and not _OPEN.fullmatch(scope["path"]):
            answer = _to_sign_in(scope, given)
        else:
            if session is not None and given.get("sec-fetch-mode") == "navigate":
                session.seen = time.monotonic()
            answer = self._app
        waiting = Waiting(receive)
        try:
            await answer(scope, waiting, guarded)
        except RuntimeError:
            if (
                not waiting.gone
            ):  # Starlette's middleware says so of a browser that went on before the answer came
                raise

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope)
        session = self._sessions.find(cookie(given), time.monotonic())
        if session is None or not same_origin(given):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return

        async def signed_in() -> Message:
            message = await receive()
            now = time.monotonic()
            if not self._sessions.holds(session, now):
                return {"type": "websocket.disconnect", "code": 1008}
            _note(message, session, now)
            return message

        await self._app(scope, signed_in, send)


class Waiting:
    """What a browser sends, and whether it has gone."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.gone = False

    async def __call__(self) -> Message:
        """The next message."""
        message = await self._receive()
        self.gone = self.gone or message["type"] == "http.disconnect"
        return message


def cookie(given: Headers) -> str | None:
    """The session's number, as the browser sent it."""
    try:
        found = SimpleCookie(given.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return None if found is None else found.value


def same_origin(given: Headers) -> bool:
    """Whether a request comes from a page of the console itself.

    Browsers name the origin of every POST and every websocket. A proxy may take the TLS away, so hosts are compared.
    """
    origin = given.get("origin")
    return origin is not None and urlsplit(origin).netloc == given.get("host") != ""


def _to_sign_in(scope: Scope, given: Headers) -> ASGIApp:
    if scope["method"] not in _READS or given.get("sec-fetch-mode", "navigate") != "navigate":
        return PlainTextResponse("Sign in first.\n", 401)
    path = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
    return RedirectResponse(f"{SIGN_IN}?next={quote(path, safe='')}", 303)


def _note(message: Message, session: Session, now: float) -> None:
    if (message.get("text") or "").startswith(_SIGN):
        session.seen = now
