"""Reads of the worker: the states that a batch touches, and the timers that are due."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from redis import asyncio as aredis

from domain.leaving import Items
from domain.packing import DamagedStateError, unpack
from domain.state import States
from domain.steps import Due
from feature_store.keys import STREAM, Keys
from feature_store.outbox import DamagedItemError, items
from feature_store.position import RefusedError
from feature_store.served import facts, ranks

DUE_AT_ONCE = 4000
"""Timers read with one batch; more wait for the next read."""


class Loaded(NamedTuple):
    """What a batch works on."""

    users: list[str]
    """The batch's own, then those that are only due."""
    states: States
    ranks: npt.NDArray[np.int64]
    """Where the ranking has them."""
    due: Due


class Reader:
    """Reads states of any partition over one pool of connections."""

    def __init__(self, store: aredis.Redis) -> None:
        self._store = store

    async def load(self, keys: Keys, users: Sequence[str], mark: int | None) -> Loaded:
        """States of `users`, and of all whose timers are due at `mark` (ms), if one is given.

        Raises:
            RefusedError: a record or an item of the outbox cannot be read.
            redis.exceptions.RedisError: Redis is away or refuses.
        """
        async with self._store.pipeline(transaction=False) as pipe:
            if users:
                pipe.hmget(keys.users, list(users))
            if mark is not None:
                pipe.zrangebyscore(keys.timers, "-inf", mark, start=0, num=DUE_AT_ONCE)
                pipe.zrangebyscore(keys.outbox, "-inf", mark, withscores=True)
            answers = await pipe.execute()
        stored: list[Any] = answers[0] if users else []
        due = [] if mark is None else [d.decode() for d in answers[-2]]
        own = set(users)
        more = [d for d in due if d not in own]
        if more:
            stored = [*stored, *await self._store.hmget(keys.users, more)]
        everybody = [*users, *more]
        try:
            states = unpack(facts(stored))
        except DamagedStateError as fault:
            raise RefusedError(
                f"{keys.users}: user {everybody[fault.record]!r}: {fault}: run `ebbwatch rebuild`"
            ) from fault
        try:
            waiting = Items() if mark is None else items(answers[-1])
        except DamagedItemError as fault:
            raise RefusedError(f"{keys.outbox}: {fault}: run `ebbwatch rebuild`") from fault
        return Loaded(everybody, states, ranks(stored), Due(due, len(due) < DUE_AT_ONCE, waiting))

    async def begin(self, keys: Keys) -> tuple[bytes, int, int]:
        """What a lane begins with: the position's text (empty for none), gaps seen, and their seconds."""
        async with self._store.pipeline(transaction=False) as pipe:
            pipe.get(keys.position)
            pipe.hmget(keys.counts, ["gaps", "gap_seconds"])
            stored, (gaps, seconds) = await pipe.execute()
        return stored or b"", int(gaps or 0), int(seconds or 0)

    async def positions(self, keys: Sequence[Keys]) -> list[bytes]:
        """Texts of positions, empty for none."""
        async with self._store.pipeline(transaction=False) as pipe:
            for k in keys:
                pipe.get(k.position)
            return [stored or b"" for stored in await pipe.execute()]

    async def stream(self) -> bytes | None:
        """Text of the stream pointer."""
        stored: Any = await self._store.get(STREAM)
        return stored  # type: ignore[no-any-return]
