"""Counts every request and every open page, around all else: also what the guard turns away."""

import time
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.metrics import ConsoleMetrics

SHARED: Final = ("/_nicegui", "/static", "/fetch")
"""Beginnings of paths that are counted as one: what pages load, and what is downloaded."""
OTHER: Final = "none"
"""Of what there is not: a path is the visitor's word."""


def routes(pages: tuple[str, ...]) -> Callable[[str], str]:
    """Names paths by as many labels as there are pages, and some.

    Args:
        pages: paths, of pages and of what is called by them.
    """
    known = frozenset(pages)

    def route(path: str) -> str:
        if path in known:
            return path
        return next((shared for shared in SHARED if path.startswith(f"{shared}/")), OTHER)

    return route


class Counting:
    """Pure ASGI, so that websockets pass through it as well."""

    def __init__(self, app: ASGIApp, metrics: ConsoleMetrics, route: Callable[[str], str]) -> None:
        """
        Args:
            route: the label of a path (`routes`).
        """
        self._app = app
        self._metrics = metrics
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or one websocket to its end."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = time.perf_counter(), 500
        path = scope["path"]  # before a mount takes part of it away

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            self._metrics.request(self._route(path), status, time.perf_counter() - begun)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        open_ = False

        async def sent(message: Message) -> None:
            nonlocal open_
            if message["type"] == "websocket.accept" and not open_:
                open_ = True
                self._metrics.clients.inc()
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            if open_:
                self._metrics.clients.dec()
