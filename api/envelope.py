"""What every request gets, whatever its route: limits of size and patience, headers, metrics."""

import asyncio
import re
import secrets
import time
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import audit
from api.exposition import LATEST
from api.problems import problem
from logs import context

MAX_BODY_BYTES: Final = 1 << 20
"""As it is sent, and after decompression; the routes that decompress see to the latter."""
_BODY_S: Final = 20.0
"""A body that is not there after so long is given up."""
FILES: Final = "/v1/workspaces"
"""Where whole files are sent to: they are written to disk as they come, and never held in memory."""
MAX_FILE_BYTES: Final = 100 << 20
_FILE_S: Final = 600.0

_ID: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HEADERS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_WITH_POLICY: Final = [*_HEADERS, _POLICY]


class ApiMetrics:
    """Requests by route and status; labels name no user."""

    def __init__(self, registry: CollectorRegistry, restarts: int = 0) -> None:
        Gauge(
            "ebbwatch_api_restarts", "Times that the supervisor has started it anew.", registry=registry,
            multiprocess_mode=LATEST,
        ).set(restarts)  # fmt: skip
        self.requests = Counter(
            "ebbwatch_api_requests_total",
            "Requests answered.",
            ["route", "method", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "ebbwatch_api_request_seconds", "From a request's head to the end of its answer.", ["route", "status"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10), registry=registry,
        )  # fmt: skip
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request; looking its labels up costs more than counting it."""
        method = method if method in _METHODS else "other"  # it is the caller's word
        found = self._children.get((route, method, status))
        if found is None:
            found = (self.requests.labels(route, method, status), self.seconds.labels(route, status))
            self._children[route, method, status] = found
        found[0].inc()
        found[1].observe(seconds)


class TooLargeError(Exception):
    """The body is longer than it may be."""


class TooSlowError(Exception):
    """The body does not arrive."""


class Envelope:
    """ASGI middleware around the whole app, also around what answers unforeseen faults."""

    def __init__(self, app: ASGIApp, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, inside of its limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        id_ = request_id(scope["headers"])
        context.put(request=id_)  # for its task: also for what uvicorn says of it after this
        named = (b"x-request-id", id_.encode())
        status, whole, size = 500, False, 0
        scope.setdefault("state", {})
        scope["path"] = routed(scope.get("raw_path", scope["path"].encode()))
        most, patience = _most(scope)
        deadline = asyncio.get_running_loop().time() + patience

        async def received() -> Message:
            nonlocal size, whole
            if whole:  # what follows is only that the caller has gone
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as fault:
                raise TooSlowError from fault
            size += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if size > most:
                raise TooLargeError
            return message

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = message.get("headers", [])
                # a page that people look at says what it needs itself
                common = _HEADERS if any(name == _POLICY[0] for name, _ in own) else _WITH_POLICY
                message["headers"] = [*own, *common, named, *_limits(scope)]
            await send(message)

        size = _declared(scope)
        try:
            if size > most:  # refused before its first byte
                await _too_large(most)(scope, received, sent)
            else:
                size = 0
                await self._app(scope, received, sent)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.count(route, scope["method"], status, time.perf_counter() - begun)
            line = audit.entry(scope, id_, status, int(time.time() * 1000))
            if line is not None:
                audit.log.info(line.decode())


def install(app: FastAPI) -> None:
    """Bodies that break a limit while they are read are answered."""

    async def too_large(request: Request, __: Exception) -> Response:
        return _too_large(_most(request.scope)[0])

    async def too_slow(request: Request, __: Exception) -> Response:
        detail = f"the body did not arrive within {_most(request.scope)[1]:g} s"
        return problem(408, "too_slow", detail, {"Connection": "close"})

    app.add_exception_handler(TooLargeError, too_large)
    app.add_exception_handler(TooSlowError, too_slow)


def routed(raw: bytes) -> str:
    """The path by which a request finds its route: decoded, but for slashes and percent signs.

    So an id may hold a slash; `api.paths` decodes what is left.
    """
    if b"%" not in raw:  # nearly all
        return raw.decode("ascii", "replace")
    kept = raw.replace(b"%25", b"%2525").replace(b"%2F", b"%252F").replace(b"%2f", b"%252F")
    return unquote(kept.decode("ascii", "replace"), errors="replace")


def request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The caller's, if it can stand in a log; else a new one, 16 hex digits."""
    for name, value in headers:
        if name == b"x-request-id" and _ID.fullmatch(value):
            return value.decode()
    return secrets.token_hex(8)


def _most(scope: Scope) -> tuple[int, float]:
    """Bytes that the body may have, and seconds that it may take."""
    if scope["method"] == "POST" and scope["path"] == FILES:
        return MAX_FILE_BYTES, _FILE_S
    return MAX_BODY_BYTES, _BODY_S


def _too_large(most: int) -> Response:
    detail = f"a body may have {most:,} bytes: send several, or a shorter time"
    return problem(413, "too_large", detail, {"Connection": "close"})


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _limits(scope: Scope) -> list[tuple[bytes, bytes]]:
    limits = scope["state"].get("limits")
    if limits is None:
        return []
    limit, remaining, reset = limits
    return [
        (b"ratelimit-limit", b"%d" % limit),
        (b"ratelimit-remaining", b"%d" % remaining),
        (b"ratelimit-reset", b"%d" % reset),
    ]
