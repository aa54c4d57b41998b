"""Rosters and rankings in the Redis without persistence, where all API processes find them."""

import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from redis import asyncio as aredis

from api.people.roster import COLUMNS, Columns, Ranked, Roster
from api.problems import ProblemError

KEPT_S: Final = 900
"""For so long a ranking can be paged through after somebody has got its first page."""
_BLOCK: Final = 16
"""Rows of one value: a page of a hundred rows, which lie anywhere, reads a hundred values at most."""
_AT_ONCE: Final = 200
"""Values in one command."""
_MOST_ROWS: Final = 3_000_000
"""Of all rosters that are kept: some hundred megabytes."""
_PREFIX: Final = "ebbwatch:ranking"
_KEPT: Final = f"{_PREFIX}:kept"
_BEING_MADE_S: Final = 60

_ROWS: Final = msgspec.msgpack.Decoder(list[Ranked])

Order = npt.NDArray[np.uint32]
"""Places in a roster, in the order of a ranking."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Of a roster."""

    id: str
    """16 hex digits."""
    rows: int
    made: int
    """ms since 1970, wall clock."""
    shared_s: float
    """So long it is good for who asks anew."""


class Stretch(NamedTuple):
    """A part of a ranking."""

    order: Order
    total: int


class LaidDown:
    """What is kept."""

    def __init__(self, scratch: aredis.Redis) -> None:
        self._scratch = scratch

    async def newest(self, generation: int) -> Head | None:
        """The roster that is shared, of a generation of the store."""
        stored = await self._scratch.get(f"{_PREFIX}:newest:{generation}")
        return None if stored is None else msgspec.json.decode(stored, type=Head)

    async def begin(self, generation: int) -> bool:
        """Whether it is for the caller to make a new one: of all processes, one does."""
        key = f"{_PREFIX}:making:{generation}"
        return bool(await self._scratch.set(key, 1, nx=True, ex=_BEING_MADE_S))

    async def put(self, generation: int, head: Head, made: Roster, stale_s: float) -> None:
        """Lay a roster down, and share it.

        Args:
            stale_s: so long it may be handed out.

        Raises:
            ProblemError: 503, too many are kept.
        """
        kept_s, now = _kept_s(stale_s), time.time()
        async with self._scratch.pipeline(transaction=False) as pipe:
            pipe.zremrangebyscore(_KEPT, "-inf", now)
            pipe.zrange(_KEPT, 0, -1)
            _, kept = await pipe.execute()
        if sum(int(entry.partition(b":")[2]) for entry in kept) + head.rows > _MOST_ROWS:
            raise ProblemError(
                503, "too_many_rankings", "too many rankings are pinned; try later", {"Retry-After": "60"}
            )
        await self._scratch.zadd(_KEPT, {f"{head.id}:{head.rows}": now + kept_s})
        rows = self._key(head.id, "rows")
        blocks = [_block(made.rows[begin : begin + _BLOCK]) for begin in range(0, len(made.rows), _BLOCK)]
        for begin in range(0, len(blocks), _AT_ONCE):
            some: dict[Any, Any] = dict(enumerate(blocks[begin : begin + _AT_ONCE], begin))
            await self._scratch.hset(rows, mapping=some)
        await self._scratch.expire(rows, kept_s)
        await self._scratch.set(self._key(head.id, "columns"), made.columns.tobytes(), ex=kept_s)
        await self._scratch.set(self._key(head.id, "head"), msgspec.json.encode(head), ex=kept_s)
        await self._scratch.set(
            f"{_PREFIX}:newest:{generation}", msgspec.json.encode(head), px=int(stale_s * 1000)
        )
        await self._scratch.delete(f"{_PREFIX}:making:{generation}")

    async def head(self, id_: str) -> Head | None:
        """Of a roster that is still kept."""
        stored = await self._scratch.get(self._key(id_, "head"))
        return None if stored is None else msgspec.json.decode(stored, type=Head)

    async def columns(self, id_: str) -> Columns | None:
        """Of a roster that is still kept."""
        stored: Any = await self._scratch.get(self._key(id_, "columns"))
        return None if stored is None else np.frombuffer(stored, COLUMNS)

    async def put_order(self, id_: str, query: str, order: Order, stale_s: float) -> None:
        """Lay a ranking of a roster down.

        Args:
            query: its fingerprint.
            stale_s: as of the roster: the last who gets the first page then pages on for `KEPT_S`.
        """
        await self._scratch.set(self._key(id_, query), order.astype("<u4").tobytes(), ex=_kept_s(stale_s))

    async def stretch(self, id_: str, query: str, begin: int, limit: int) -> Stretch | None:
        """A part of a ranking; None if it is not kept."""
        key, size = self._key(id_, query), 4
        async with self._scratch.pipeline(transaction=False) as pipe:
            pipe.exists(key)
            pipe.strlen(key)
            pipe.getrange(key, begin * size, (begin + limit) * size - 1)
            there, length, part = await pipe.execute()
        return Stretch(np.frombuffer(part, "<u4"), length // size) if there else None

    async def rows(self, id_: str, places: Order) -> list[Ranked] | None:
        """Rows of a roster; None if it is not kept."""
        if not len(places):
            return []
        numbers = np.unique(places // _BLOCK).tolist()
        stored: Sequence[Any] = await self._scratch.hmget(self._key(id_, "rows"), numbers)
        if any(block is None for block in stored):
            return None
        blocks = {n: _ROWS.decode(block) for n, block in zip(numbers, stored, strict=True)}
        return [blocks[place // _BLOCK][place % _BLOCK] for place in places.tolist()]

    @staticmethod
    def _key(id_: str, what: str) -> str:
        return f"{_PREFIX}:{id_}:{what}"


def _kept_s(stale_s: float) -> int:
    return int(KEPT_S + stale_s) + 1


def _block(rows: Sequence[bytes]) -> bytes:
    """Packed rows as one packed array (MessagePack specification, "array 16")."""
    return b"\xdc" + len(rows).to_bytes(2, "big") + b"".join(rows)
