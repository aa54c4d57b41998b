"""Names behind codes, for words: read once, and again when one is missed. A name never changes its code."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from redis import asyncio as aredis

from feature_store import reading
from feature_store.stream import Stream

_T = TypeVar("_T")
_AGAIN_S: Final = 1.0
"""A code that has no name costs one read a second at most."""


class Known(dict[int, str]):
    """Names of one partition; notes whether one was wanted that is not there."""

    missed = False

    def get(self, code: int, default: str = "") -> str:  # type: ignore[override]
        """The name, or the default; the latter is noted."""
        try:
            return self[code]
        except KeyError:
            self.missed = True
            return default


class Names:
    """Of all partitions of one generation."""

    def __init__(self, store: aredis.Redis) -> None:
        self._store = store
        self._known: dict[tuple[int, int], tuple[float, Known]] = {}

    async def worded(self, stream: Stream, partition: int, say: Callable[[Known], _T]) -> _T:
        """What `say` makes of the names; said again with fresh ones if it missed one."""
        key = (stream.generation, partition)
        read_at, known = self._known.get(key, (0.0, None))
        if known is None:
            known = await self._read(stream, partition)
            return say(known)
        known.missed = False
        said = say(known)
        if known.missed and time.monotonic() - read_at > _AGAIN_S:
            return say(await self._read(stream, partition))
        return said

    async def _read(self, stream: Stream, partition: int) -> Known:
        known = Known(await reading.names(self._store, stream, partition))
        if any(generation != stream.generation for generation, _ in self._known):
            self._known.clear()
        self._known[stream.generation, partition] = (time.monotonic(), known)
        return known
