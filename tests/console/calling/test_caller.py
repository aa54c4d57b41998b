"""What the API refuses, or does not answer, is told in its own words."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from console.calling.caller import AwayError, Caller, RefusedError, in_path

PROBLEM = {
    "type": "https://ebbwatch.dev/problems/invalid",
    "detail": "see `errors`",
    "errors": [{"field": "body.name", "message": "too long"}],
}


async def echo(request: Request) -> Response:
    body = (await request.body()).decode()
    return JSONResponse(
        {
            "method": request.method,
            "query": dict(request.query_params),
            "key": request.headers.get("authorization"),
            "length": request.headers.get("content-length"),
            "body": body,
        }
    )


def answering(status: int, body: Any) -> Any:
    async def answer(_: Request) -> Response:
        return JSONResponse(body, status) if isinstance(body, dict) else PlainTextResponse(str(body), status)

    return answer


APP = Starlette(
    routes=[
        Route("/echo", echo, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        Route("/refused", answering(422, PROBLEM)),
        Route("/plain", answering(404, "nothing here")),
        Route("/away", answering(503, {"type": "x", "detail": "Kafka is away"})),
        Route("/list", answering(200, "a,b\r\n")),
    ]
)


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://api") as client:
        yield Caller(client).with_key("ebb_1_2")


async def test_calls_carry_the_key_and_what_is_given(caller: Caller) -> None:
    found = await caller.get("/echo", {"tier": "high", "cursor": None})
    assert (found["query"], found["key"]) == ({"tier": "high"}, "Bearer ebb_1_2")
    for call, method in ((caller.post, "POST"), (caller.patch, "PATCH"), (caller.put, "PUT")):
        found = await call("/echo", {"a": 1})
        assert (found["method"], json.loads(found["body"])) == (method, {"a": 1})
    assert (await caller.post("/echo"))["body"] == ""
    await caller.delete("/echo")


async def test_what_is_no_text_of_a_header_is_no_key(caller: Caller) -> None:
    assert (await caller.with_key("a\nb").get("/echo"))["key"] is None
    assert (await caller.with_key("schlüssel").get("/echo"))["key"] is None


async def test_a_refusal_says_what_was_wrong_and_where(caller: Caller) -> None:
    with pytest.raises(RefusedError, match=r"see `errors`; body\.name: too long") as refused:
        await caller.get("/refused")
    assert (refused.value.status, refused.value.kind) == (422, "invalid")
    with pytest.raises(RefusedError, match="the API answered with 404"):
        await caller.get("/plain")


async def test_who_does_not_answer_is_away(caller: Caller) -> None:
    with pytest.raises(AwayError, match="Kafka is away"):
        await caller.get("/away")
    async with httpx.AsyncClient(base_url="http://127.0.0.1:1") as client:
        nobody = Caller(client)
        with pytest.raises(AwayError, match="does not answer"):
            await nobody.get("/echo")
        with pytest.raises(AwayError):
            await nobody.fetch("/list")
        with pytest.raises(AwayError):
            await nobody.send("/echo", {}, blocks(), None)


async def blocks() -> AsyncIterator[bytes]:
    yield b"ab"
    yield b"c"


async def test_files_go_and_come_as_they_are(caller: Caller) -> None:
    sent = await caller.send("/echo", {"name": "a b"}, blocks(), 3)
    assert (sent["body"], sent["length"], sent["query"]) == ("abc", "3", {"name": "a b"})
    kind, content = await caller.fetch("/list")
    assert kind.startswith("text/plain")
    assert b"".join([block async for block in content]) == b"a,b\r\n"
    with pytest.raises(RefusedError):
        await caller.fetch("/refused")


def test_ids_of_any_kind_fit_into_a_path() -> None:
    assert in_path("a/b?c#d e") == "a%2Fb%3Fc%23d%20e"
