"""Calls of the API by what came of them."""

import asyncio
import contextlib

import httpx
import pytest
from prometheus_client import CollectorRegistry

from console.calling.caller import AwayError, Caller, RefusedError
from console.calling.counted import Counted, outcome
from console.metrics import OUTCOMES, ConsoleMetrics, Outcome


@pytest.mark.parametrize(
    ("status", "came"),
    [
        (200, "answered"), (204, "answered"), (303, "answered"), (401, "refused"), (429, "refused"),
        (500, "failed"), (501, "failed"), (502, "away"), (503, "away"), (504, "away"), (505, "failed"),
    ],
)  # fmt: skip
def test_by_status(status: int, came: Outcome) -> None:
    assert outcome(status) == came


def calling(registry: CollectorRegistry, answer: object) -> httpx.AsyncClient:
    """A client that is answered so."""
    inner = httpx.MockTransport(answer)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=Counted(inner, ConsoleMetrics(registry)), base_url="http://api")


def counted(registry: CollectorRegistry) -> dict[str, float]:
    found = {
        each: registry.get_sample_value("ebbwatch_console_calls_total", {"outcome": each})
        for each in OUTCOMES
    }
    return {name: value for name, value in found.items() if value}


async def test_what_pages_are_told_is_what_is_counted() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/none":
                raise httpx.ConnectError("nobody listens")
            case "/slow":
                await asyncio.sleep(60)
        return httpx.Response(int(request.url.path[1:]), json={"detail": "no", "type": "x"})

    registry = CollectorRegistry()
    async with calling(registry, answer) as client:
        caller = Caller(client)
        await caller.get("/200")
        for path, fault in (("/404", RefusedError), ("/503", AwayError), ("/none", AwayError)):
            with pytest.raises(fault):
                await caller.get(path)
        with pytest.raises(RefusedError):
            await caller.get("/500")
        leaving = asyncio.create_task(caller.get("/slow"))
        await asyncio.sleep(0.05)
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
    assert counted(registry) == {"answered": 1, "refused": 1, "away": 2, "failed": 1, "cancelled": 1}
    slow = registry.get_sample_value("ebbwatch_console_call_seconds_sum", {"outcome": "cancelled"})
    assert slow is not None
    assert 0.04 < slow < 30
