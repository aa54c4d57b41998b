"""Reads of the worker: the states that a batch touches, and the timers that are due."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from redis import asyncio as aredis

from domain.leaving import Items
from domain.packing import DamagedStateError, unpack
from domain.state import States
from domain.steps import Due
from feature_store.keys import STREAM, Keys
from feature_store.outbox import DamagedItemError, items
from feature_store.position import RefusedError
from feature_store.served import Trailers, facts, trailers

DUE_AT_ONCE = 4000
"""Timers read with one batch; more wait for the next read."""


class Loaded(NamedTuple):
    """What a batch works on."""

    users: list[str]
    """The batch's own, then those that are only due."""
    states: States
    trailers: Trailers
    """What is served of them."""
    due: Due


class Some(NamedTuple):
    """Some users at risk."""

    cursor: int
    """Where the next ones begin; 0 after the last."""
    users: list[bytes]
    states: States
    trailers: Trailers


class Reader:
    """Reads states of any partition over one pool of connections."""

    def __init__(self, store: aredis.Redis) -> None:
        self._store = store

    async def load(
        self, keys: Keys, users: Sequence[str], mark: int | None, *, erasing: bool = False
    ) -> Loaded:
        """States of `users`, and of all whose timers are due at `mark` (ms), if one is given.

        Args:
            erasing: read all that waits to leave, not only what may leave at the mark: some of it has to be dropped.

        Raises:
            RefusedError: a record or an item of the outbox cannot be read.
            redis.exceptions.RedisError: Redis is away or refuses.
        """
        async with self._store.pipeline(transaction=False) as pipe:
            if users:
                pipe.hmget(keys.users, list(users))
            if mark is not None:
                pipe.zrangebyscore(keys.timers, "-inf", mark, start=0, num=DUE_AT_ONCE)
            if mark is not None or erasing:
                pipe.zrangebyscore(
                    keys.outbox, "-inf", "+inf" if erasing or mark is None else mark, withscores=True
                )
            answers = await pipe.execute()
        stored: list[Any] = answers[0] if users else []
        due = [] if mark is None else [d.decode() for d in answers[-2]]
        own = set(users)
        more = [d for d in due if d not in own]
        if more:
            stored = [*stored, *await self._store.hmget(keys.users, more)]
        everybody = [*users, *more]
        states = _states(keys, everybody, stored)
        try:
            waiting = items(answers[-1]) if mark is not None or erasing else Items()
        except DamagedItemError as fault:
            raise RefusedError(f"{keys.outbox}: {fault}: run `ebbwatch rebuild`") from fault
        return Loaded(everybody, states, trailers(stored), Due(due, len(due) < DUE_AT_ONCE, waiting))

    async def some_at_risk(self, keys: Keys, cursor: int, count: int) -> Some:
        """About `count` users of the ranking, from `cursor` on (0 at first); all come in turn.

        Raises:
            RefusedError: a record cannot be read.
            redis.exceptions.RedisError: Redis is away or refuses.
        """
        found: Any = await self._store.zscan(keys.ranking, cursor, count=count)
        following, ranked = found
        ids = list(dict.fromkeys(user for user, _ in ranked))  # a scan may name somebody twice
        stored: Any = await self._store.hmget(keys.users, ids) if ids else []
        states = _states(keys, [user.decode() for user in ids], stored)
        return Some(int(following), ids, states, trailers(stored))

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


def _states(keys: Keys, users: Sequence[str], stored: Sequence[bytes | None]) -> States:
    try:
        return unpack(facts(stored))
    except DamagedStateError as fault:
        raise RefusedError(
            f"{keys.users}: user {users[fault.record]!r}: {fault}: run `ebbwatch rebuild`"
        ) from fault
