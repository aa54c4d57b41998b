"""Sending to receivers that are hostile, with real sockets on this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from control.webhooks.sender import Sender

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Names(AbstractResolver):
    """Answers of a name server that its owner chooses, one after the other."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def receiver(handler: Handler) -> AsyncIterator[str]:
    """Its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "::ffff:127.0.0.1",
        "fe80::1",
        "100.64.0.1",
        "0.0.0.0",
    ],
)
async def test_a_name_that_resolves_inside_is_refused(address: str) -> None:
    async with Sender(private=False, resolver=Names(address)) as sender:
        answer = await sender.send("https://crm.example.com/", b"{}", {})
    assert (answer.status, answer.fault) == (None, "refused_target")


async def test_the_address_that_is_connected_to_is_looked_at_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a name to pass the resolver and point elsewhere a moment later, the socket would still not be made."""
    monkeypatch.setattr("control.webhooks.sender._OutsideResolver", lambda inner, _: inner)
    async with Sender(private=False, resolver=Names("127.0.0.1")) as sender:
        answer = await sender.send("https://crm.example.com/", b"{}", {})
    assert (answer.status, answer.fault) == (None, "refused_target")


@pytest.mark.parametrize(
    "url", ["https://2130706433/", "https://[::ffff:127.0.0.1]/", "https://127.0.0.1/", "http://example.com/"]
)
async def test_what_is_no_target_is_not_even_looked_up(url: str) -> None:
    async with Sender(private=False, resolver=Names("93.184.215.14")) as sender:
        assert (await sender.send(url, b"{}", {})).fault == "refused_target"


async def test_link_local_is_refused_even_where_private_addresses_are_allowed() -> None:
    async with Sender(private=True, resolver=Names("169.254.169.254")) as sender:
        assert (await sender.send("http://crm.example.com/", b"{}", {})).fault == "refused_target"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    seen: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=status, headers={"Location": "/inside"})

    async with receiver(redirect) as url, Sender(private=True) as sender:
        answer = await sender.send(url + "/hook", b"{}", {})
    assert (answer.status, seen) == (status, ["/hook"])


async def test_the_body_and_the_headers_arrive_as_they_are() -> None:
    async def echo(request: web.Request) -> web.Response:
        assert await request.read() == b'{"a":1}'
        assert request.headers["webhook-id"] == "msg_1"
        assert request.headers["User-Agent"] == "Ebbwatch-Webhooks/1"
        return web.Response(status=204)

    async with receiver(echo) as url, Sender(private=True) as sender:
        answer = await sender.send(url, b'{"a":1}', {"webhook-id": "msg_1"})
    assert (answer.status, answer.fault) == (204, "")


async def test_an_answer_without_end_is_read_a_little_and_left() -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 16_384)
            sent += 16_384

    async with receiver(endless) as url, Sender(private=True, timeout_s=120) as sender:
        answer = await asyncio.wait_for(sender.send(url, b"{}", {}), 60)
    assert answer.status == 200
    assert sent < 20_000_000, "what the sockets hold, and no more"


async def test_the_status_counts_also_if_what_follows_never_ends() -> None:
    async def stuck(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x")
        await asyncio.sleep(30)
        return response

    async with receiver(stuck) as url, Sender(private=True, timeout_s=3) as sender:
        answer = await sender.send(url, b"{}", {})
    assert (answer.status, answer.fault) == (200, "")


async def test_who_does_not_answer_is_given_up() -> None:
    async def silent(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with receiver(silent) as url, Sender(private=True, timeout_s=0.2) as sender:
        answer = await sender.send(url, b"{}", {})
    assert (answer.status, answer.fault) == (None, "timeout")
    assert 150 <= answer.ms < 20_000


async def test_what_goes_wrong_is_said_in_a_word() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Sender(private=True, timeout_s=60) as sender:
        assert (await sender.send(nobody, b"{}", {})).fault == "connection"
        assert (await sender.send(f"http://127.0.0.1:{port}/", b"{}", {})).fault == "protocol"
        assert (await sender.send(f"https://127.0.0.1:{port}/", b"{}", {})).fault == "tls"


async def test_who_asks_for_patience_is_heard() -> None:
    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "17"})

    async with receiver(busy) as url, Sender(private=True) as sender:
        answer = await sender.send(url, b"{}", {})
    assert (answer.status, answer.retry_after_s) == (429, 17.0)
