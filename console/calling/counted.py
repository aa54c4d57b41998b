"""Calls of the API, counted where they leave: whatever they are for, and however they end."""

import asyncio
import time
from typing import Final

import httpx

from console.metrics import ConsoleMetrics, Outcome

AWAY: Final = frozenset({502, 503, 504})
"""Statuses that say that what the API needs is away, or the API itself."""


def outcome(status: int) -> Outcome:
    """Of a call that was answered."""
    if status < 400:
        return "answered"
    if status in AWAY:
        return "away"
    return "refused" if status < 500 else "failed"


class Counted(httpx.AsyncBaseTransport):
    """A transport that tells of each call."""

    def __init__(self, inner: httpx.AsyncBaseTransport, metrics: ConsoleMetrics) -> None:
        self._inner = inner
        self._metrics = metrics

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One call; raises what the inner transport does."""
        begun = time.perf_counter()
        came: Outcome = "failed"
        try:
            answer = await self._inner.handle_async_request(request)
            came = outcome(answer.status_code)
        except asyncio.CancelledError:
            came = "cancelled"
            raise
        except httpx.HTTPError:
            came = "away"
            raise
        finally:
            self._metrics.call(came, time.perf_counter() - begun)
        return answer

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._inner.aclose()
