"""What every answer gets, also one to a fault that nobody has foreseen."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request

from api import envelope
from api.app import create_app
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
