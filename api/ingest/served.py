"""Which topic is served now: `repartition` moves the pointer in Redis, and events follow it."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec
from redis import asyncio as aredis
from redis.exceptions import RedisError

from feature_store.keys import STREAM
from feature_store.stream import Stream

log = logging.getLogger("ebbwatch.api")

_STALE_S: Final = 1.0
_PATIENCE_S: Final = 1.0


class ServedTopic:
    """The pointer as it was last read. Callers at the same time share a reading."""

    def __init__(
        self, store: aredis.Redis, topic: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """
        Args:
            topic: served when the process was configured.
        """
        self._store = store
        self._topic = topic
        self._monotonic = monotonic
        self._read_at = float("-inf")
        self._next: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    async def recent(self) -> str:
        """As it was within the last second."""
        if self._monotonic() - self._read_at > _STALE_S:
            await self.now()
        return self._topic

    async def now(self) -> str:
        """As it is at some moment after this call. While Redis is away nobody moves it: the last one known holds."""
        if self._next is None:
            self._next = asyncio.create_task(self._read())
        await asyncio.shield(self._next)
        return self._topic

    async def _read(self) -> None:
        async with self._lock:  # whoever comes from here on waits for the next reading
            self._next = None
            self._read_at = self._monotonic()
            try:
                reading: Any = self._store.get(STREAM)
                stored: bytes | None = await asyncio.wait_for(reading, _PATIENCE_S)
            except (RedisError, OSError) as fault:
                log.warning("the served topic cannot be read: %s", fault)
                return
            if stored is not None:
                self._topic = msgspec.json.decode(stored, type=Stream).topic
