"""What runs beside the requests until the process ends."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from connections.ending import ended

log = logging.getLogger("ebbwatch.api")


class Background:
    """One coroutine, begun at most once."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """From the running loop."""
        self._task = asyncio.create_task(work)

    async def stop(self) -> None:
        """Return when it has ended."""
        task = self._task
        if task is None:
            return
        await ended((task,))
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("what ran beside the requests had ended by itself", exc_info=fault)
