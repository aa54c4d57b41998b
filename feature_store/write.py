"""The fenced write: steps of one partition, each atomic, each only on top of the position that was read."""

from collections.abc import Sequence
from importlib import resources
from typing import Any, NamedTuple

from redis import asyncio as aredis
from redis.exceptions import NoScriptError

from feature_store.keys import Keys

SCRIPT = resources.files("feature_store").joinpath("apply.lua").read_text("utf-8")


class FencedError(RuntimeError):
    """Somebody else has moved the partition's position: this worker owns it no more."""


class Write(NamedTuple):
    """One step, as flat lists of arguments (`apply.lua` says in which order)."""

    after: bytes
    """Position after the step."""
    forget: int
    """ms: items of the outbox up to here have left; 0 for none."""
    users: list[Any]
    erased: list[Any]
    """Users who are none any more."""
    ranked: list[Any]
    unranked: list[Any]
    timers: list[Any]
    untimed: list[Any]
    dropped: list[Any]
    """Items of the outbox that will not leave."""
    kept: list[Any]
    counts: list[Any]
    names: list[Any]
    recalled: list[Any]
    """Alerts that have not left and will not."""
    alerts: list[Any]

    def arguments(self, before: bytes) -> list[Any]:
        """Arguments of the script, on top of the position `before`."""
        args: list[Any] = [before, self.after, self.forget]
        for part in self[2:]:
            args.append(len(part))
            args += part
        return args


class Writer:
    """Writes steps of any partition over one pool of connections."""

    def __init__(self, store: aredis.Redis) -> None:
        self._store = store
        self._sha = ""

    async def write(self, keys: Keys, before: bytes, writes: Sequence[Write]) -> None:
        """Apply the steps in order, in one round trip.

        A repeat after a lost answer is recognised: a step whose position stands in the store already is done.

        Raises:
            FencedError: the store stands elsewhere; nothing from there on was written.
            redis.exceptions.RedisError: Redis is away or refuses; which steps were applied is not known, and
                calling again with the same arguments is safe.
        """
        if not writes:
            return
        if not self._sha:
            self._sha = await self._store.script_load(SCRIPT)
        stands = await self._store.get(keys.position) or b""
        chain = [before, *(w.after for w in writes)]
        if stands not in chain:
            raise FencedError(f"{keys.position} stands at {stands!r}, expected {before!r}")
        done = chain.index(stands)
        try:
            await self._apply(keys, chain[done:], writes[done:])
        except NoScriptError:  # Redis was started anew
            self._sha = ""
            await self.write(keys, before, writes)

    async def write_once(self, keys: Keys, before: bytes, writes: Sequence[Write]) -> None:
        """As `write`, without looking first where the store stands: the way when nothing went wrong."""
        if not self._sha:
            self._sha = await self._store.script_load(SCRIPT)
        await self._apply(keys, [before, *(w.after for w in writes)], writes)

    async def _apply(self, keys: Keys, chain: list[bytes], writes: Sequence[Write]) -> None:
        names = keys.all()
        async with self._store.pipeline(transaction=False) as pipe:
            for before, write in zip(chain, writes, strict=False):
                pipe.execute_command("EVALSHA", self._sha, len(names), *names, *write.arguments(before))
            answers = await pipe.execute()
        for at, answer in enumerate(answers, 1):
            # a step of ours that stands there already was done, and its answer lost
            if answer != 1 and answer not in chain[at:]:
                raise FencedError(f"{keys.position} stands at {answer!r}, not before {chain[at]!r}")
