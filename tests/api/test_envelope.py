"""What every answer gets, also one to a fault that nobody has foreseen."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response

from api import envelope
from api.app import create_app
from logs import context
from tests.api.settings import config

NAMES = {
    "x-content-type-options", "referrer-policy", "x-frame-options", "content-security-policy",
    "cross-origin-resource-policy",
}  # fmt: skip


@pytest.fixture
def app() -> FastAPI:
    """With a route that fails and one that reads its body."""
    made = create_app(config())

    async def fails() -> None:
        raise RuntimeError("unforeseen")

    async def reads(request: Request) -> int:
        return len(await request.body())

    made.add_api_route("/fails", fails)
    made.add_api_route("/reads", reads, methods=["POST"])
    return made


def client(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://api")


@pytest.mark.parametrize(
    ("path", "status"), [("/healthz", 200), ("/fails", 500), ("/nowhere", 404), ("/v1/users/a/risk", 401)]
)
async def test_every_answer_has_the_headers(app: FastAPI, path: str, status: int) -> None:
    async with client(app) as calls:
        answer = await calls.get(path)
    assert answer.status_code == status
    assert answer.headers.keys() >= NAMES
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_page_says_itself_what_it_needs(app: FastAPI) -> None:
    async def page() -> Response:
        return Response("", headers={"Content-Security-Policy": "style-src 'unsafe-inline'"})

    app.add_api_route("/page", page)
    async with client(app) as calls:
        answer = await calls.get("/page")
    assert answer.headers.get_list("content-security-policy") == ["style-src 'unsafe-inline'"]
    assert answer.headers.keys() >= NAMES


@pytest.mark.parametrize("given", ["", "a" * 65, "-x", "a b", 'a"b', "ä", "a\nb: c"])
async def test_an_id_that_may_not_stand_in_a_log_is_replaced(given: str) -> None:
    made = envelope.request_id([(b"x-other", b"o1"), (b"x-request-id", given.encode())])
    assert re.fullmatch("[0-9a-f]{16}", made)
    assert made != envelope.request_id([])


@pytest.mark.parametrize("path", ["/told", "/fails", "/nowhere"])
async def test_an_answer_and_its_log_lines_name_the_request(app: FastAPI, path: str) -> None:
    async def told() -> dict[str, Any]:
        return dict(context.fields())

    app.add_api_route("/told", told)
    async with client(app) as calls:
        one = await calls.get(path, headers={"X-Request-Id": "shop:7.a_b-c"})
        other = await calls.get(path)
    assert one.headers["x-request-id"] == "shop:7.a_b-c"
    assert re.fullmatch("[0-9a-f]{16}", other.headers["x-request-id"])
    if path == "/told":
        assert one.json() == {"request": "shop:7.a_b-c"}
        assert other.json() == {"request": other.headers["x-request-id"]}


async def test_methods_that_nobody_uses_are_counted_as_one(app: FastAPI) -> None:
    async with client(app) as calls:
        for method in ("BREW", "PROPFIND"):
            await calls.request(method, "/nowhere")
        metrics = (await calls.get("/metrics")).text
    assert 'ebbwatch_api_requests_total{method="other",route="none",status="404"} 2.0' in metrics


async def test_a_fault_is_counted(app: FastAPI) -> None:
    async with client(app) as calls:
        await calls.get("/fails")
        metrics = (await calls.get("/metrics")).text
    assert 'ebbwatch_api_requests_total{method="GET",route="/fails",status="500"} 1.0' in metrics


async def test_a_body_that_grows_too_long_is_refused(app: FastAPI) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536

    async with client(app) as calls:
        answer = await calls.post("/reads", content=endless())
    assert answer.status_code == 413
    assert answer.json()["type"].endswith("/too_large")
    assert answer.headers.keys() >= NAMES


async def test_a_body_that_does_not_come_is_given_up(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "_BODY_S", 0.01)

    async def stuck() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    async with client(app) as calls:
        answer = await calls.post("/reads", content=stuck())
    assert answer.status_code == 408
    assert answer.json()["type"].endswith("/too_slow")
    assert answer.headers["connection"] == "close"
