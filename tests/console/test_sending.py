"""What may be fetched by a path that the browser names."""

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from console.access.sessions import Session
from console.calling.caller import Caller
from console.sending import carrying

ID = "abcdefghijklmnopqrstuvwxyz"


class SignedIn:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["session"] = Session("key", "founder", frozenset({"workspaces"}), 0.0)
        await self._app(scope, receive, send)


@pytest.mark.parametrize(
    "path",
    [
        f"{ID}/%2e%2e/keys", f"{ID}/results", f"{ID}/charts/..%2f..%2fx.svg", f"{ID}/charts/%2e%2e/x.svg",
        "a/targets.csv", f"{ID[:-1]}A/targets.csv", f"{ID}/targets.csv/", f"{ID}/targets.csv%00",
    ],
)  # fmt: skip
async def test_nothing_but_what_there_is(path: str) -> None:
    app = FastAPI()
    app.include_router(carrying(Caller(httpx.AsyncClient(base_url="http://127.0.0.1:1"))))
    transport = httpx.ASGITransport(SignedIn(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
        assert (await client.get(f"/fetch/{path}")).status_code == 404
        there = await client.get(f"/fetch/{ID}/targets.csv")
        assert there.status_code == 503, "it asks the API, which is away"
