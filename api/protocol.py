"""uvicorn's HTTP protocol with limits that it lacks: how long a request's head may be, and how long it may take."""

from asyncio import TimerHandle, Transport
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.problems import problem

MAX_HEAD_BYTES: Final = 16_384
MAX_HEADERS: Final = 100
_HEAD_S: Final = 5.0
"""A head that is not whole after so long is given up: slow ones must not hold connections for ever."""


class LimitedProtocol(HttpToolsProtocol):
    """Answers 431 to a head that is too long, and hangs up on one that does not come to its end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._refused = False
        self._hang_up: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start the clock."""
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop it."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, unless the head was refused already."""
        if not self._refused:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._head_bytes = 0
        if self._hang_up is None:
            self._start_clock()

    def on_url(self, url: bytes) -> None:
        """Part of the request line."""
        self._count(len(url))
        if not self._refused:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._count(len(name) + len(value))
        if not self._refused:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop_clock()
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of the body."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if not self._refused:
            super().on_message_complete()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._refused or (self._head_bytes <= MAX_HEAD_BYTES and len(self.headers or ()) < MAX_HEADERS):
            return
        self._refused = True
        detail = f"a request's head may have {MAX_HEAD_BYTES:,} bytes and {MAX_HEADERS} headers"
        answer = problem(431, "head_too_large", detail)
        head = b"".join(b"%s: %s\r\n" % pair for pair in answer.raw_headers)
        body = bytes(answer.body)
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n" + head + b"\r\n" + body
        )
        self.transport.close()

    def _start_clock(self) -> None:
        self._hang_up = self.loop.call_later(_HEAD_S, self._give_up)

    def _stop_clock(self) -> None:
        if self._hang_up is not None:
            self._hang_up.cancel()
            self._hang_up = None

    def _give_up(self) -> None:
        self._hang_up = None
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()
