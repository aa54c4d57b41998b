"""Errors of the app."""

import httpx
from fastapi import FastAPI

from api.app import ROUTERS
from api.problems import install, methods_of
from profiles.questions import vector


def test_all_methods_of_a_path_are_named_though_several_routes_have_it() -> None:
    assert methods_of(ROUTERS, "/v1/webhooks") == ["GET", "POST"]
    assert methods_of(ROUTERS, "/v1/webhooks/wh_1") == ["DELETE", "GET", "PATCH"]
    assert methods_of(ROUTERS, "/v1/users/risk") == ["POST"]
    assert methods_of(ROUTERS, "/nowhere") == []


async def test_a_value_that_no_feature_can_have_is_a_fault_of_who_sends_it() -> None:
    app = FastAPI()
    install(app, [])

    @app.get("/ask")
    async def ask() -> None:
        vector({"consistency": 1e300})

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        answer = await client.get("/ask")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("consistency: ")
