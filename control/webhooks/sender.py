"""One POST to a receiver that may be hostile: never inside, never redirected, never long, never much."""

import socket
import ssl
import time
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from domain.targets import address_fault, url_fault
from domain.webhooks import Answer, retry_after

TIMEOUT_S: Final = 15.0
_READ_BYTES: Final = 65_536
"""Of an answer; its content is of no interest, and is kept nowhere."""
_CONNECTIONS: Final = 256

AddressInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


class RefusedTargetError(OSError):
    """The target, or what its name resolves to, lies inside."""


class Sender:
    """Sends; a context manager."""

    def __init__(
        self, *, private: bool, timeout_s: float = TIMEOUT_S, resolver: AbstractResolver | None = None
    ):
        """
        Args:
            private: whether loopback and private networks are allowed (`domain.targets`).
            resolver: of names; the operating system's by default.
        """
        self._private = private
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Sender":
        connector = aiohttp.TCPConnector(
            limit=_CONNECTIONS,
            resolver=_OutsideResolver(self._resolver or ThreadedResolver(), self._private),
            socket_factory=self._socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # nobody looks into an answer: a small one must not become a large one
            trust_env=False,  # a proxy would connect on our behalf, unchecked
            headers={"User-Agent": "Ebbwatch-Webhooks/1"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def send(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """One attempt. Whatever goes wrong is in the answer."""
        assert self._session is not None
        begun = time.monotonic()
        status: int | None = None
        fault, asked = "", None
        try:
            if url_fault(url, self._private):
                raise RefusedTargetError
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                status = response.status  # what follows is of no interest, also if it is cut off
                asked = retry_after(response.headers, int(time.time() * 1000))
                await _drain(response)
        except (aiohttp.ClientError, OSError, ValueError) as raised:
            fault = "" if status is not None else _word(raised)
        return Answer(status, int((time.monotonic() - begun) * 1000), fault, asked)

    def _socket(self, info: AddressInfo) -> socket.socket:
        """The last door: this very address is connected to next, whatever the name resolved to before."""
        family, kind, protocol, _, address = info
        if address_fault(str(address[0]), self._private):
            raise RefusedTargetError
        return socket.socket(family, kind, protocol)


class _OutsideResolver(AbstractResolver):
    """Leaves out addresses inside, so that a name that has none but those is refused as such."""

    def __init__(self, inner: AbstractResolver, private: bool) -> None:
        self._inner = inner
        self._private = private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        outside = [one for one in found if address_fault(one["host"], self._private) is None]
        if found and not outside:
            raise RefusedTargetError
        return outside

    async def close(self) -> None:
        await self._inner.close()


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read an answer so that its connection can be used again; a long one costs it the connection."""
    left = _READ_BYTES
    while left > 0 and (piece := await response.content.read(left)):
        left -= len(piece)
    if left <= 0:
        response.close()


def _word(fault: BaseException) -> str:
    """Kinds of faults, in a word: their texts may hold the URL."""
    seen: BaseException | None = fault
    while seen is not None:
        if isinstance(seen, RefusedTargetError):
            return "refused_target"
        seen = getattr(seen, "os_error", None) or seen.__cause__
    match fault:
        case TimeoutError():
            return "timeout"
        case aiohttp.ClientConnectorDNSError():
            return "dns"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return "tls"
        case aiohttp.InvalidURL():
            return "invalid_url"
        case aiohttp.ClientConnectionError() | OSError():
            return "connection"
        case _:
            return "protocol"
