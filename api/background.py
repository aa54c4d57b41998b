"""What runs beside the requests until the process ends."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

log = logging.getLogger("ebbwatch.api")

_AGAIN_S: Final = 0.1


class Background:
    """One coroutine, begun at most once."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """From the running loop."""
        self._task = asyncio.create_task(work)

    async def stop(self) -> None:
        """Return when it has ended.

        It is told so again and again: a client may take a cancellation that comes together with its answer for a
        fault of the connection, and a loop that goes on after faults would go on for ever.
        """
        task = self._task
        if task is None:
            return
        while not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=_AGAIN_S)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("what ran beside the requests had ended by itself", exc_info=fault)
