"""What is to be delivered to one webhook, in Redis; every transition is one script, so a crash falls between two.

An entry of the feed is in exactly one state: behind `handed` (not seen yet), waiting, dead, or none of these (it is
delivered, or the filter did not want it). Only the courier that owns the queues moves them; a person may bring the
dead back.
"""

from typing import Any, Final, NamedTuple

import msgspec
from redis import asyncio as aredis

from control import tables
from domain.webhooks import Breaker

OWNER: Final = f"{tables.BASE}:courier"
"""String: which courier delivers; the last one that began."""
LOG_LENGTH: Final = 1000
"""Attempts of one webhook that can be listed."""

Command = tuple[Any, ...]

# KEYS: owner, webhooks, waiting. ARGV: token, webhook, number that must be waiting or '', then for each command its
# length and its words
_OWNED: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then return 0 end
if ARGV[3] ~= '' and not redis.call('ZSCORE', KEYS[3], ARGV[3]) then return 0 end
local at = 4
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, at + words))
  at = at + words + 1
end
return 1
"""

# KEYS: dead, waiting, since, attempts. ARGV: now, then numbers
_REPLAY: Final = """
local moved = 0
for at = 2, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[at]) == 1 then
    redis.call('ZADD', KEYS[2], ARGV[1], ARGV[at])
    redis.call('ZADD', KEYS[3], ARGV[1], ARGV[at])
    redis.call('HDEL', KEYS[4], ARGV[at])
    moved = moved + 1
  end
end
return moved
"""


class LostQueueError(RuntimeError):
    """Another courier has taken over."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a delivery so far."""

    attempts: int = 0
    status: int | None = None
    """Of the last attempt."""
    fault: str = ""
    at: int = 0
    """ms: the last attempt."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log."""

    number: int
    at: int
    """ms: its end."""
    ms: int
    attempt: int
    """1 for the first."""
    outcome: str
    status: int | None
    fault: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the delivery to one webhook stands."""

    handed: int | None
    """Number of the last entry that was seen; None before the first look."""
    breaker: Breaker
    waiting: int
    dead: int
    oldest: int
    """ms: since when the oldest one waits; 0 if none does."""


class Queue(NamedTuple):
    """Names of the keys of one webhook, and the commands that change what stands there."""

    webhook: str

    def _key(self, part: str) -> str:
        return f"{tables.BASE}:webhook:{self.webhook}:{part}"

    @property
    def state(self) -> str:
        """Hash: `handed`, a number; `breaker`, JSON."""
        return self._key("state")

    @property
    def waiting(self) -> str:
        """Sorted set: numbers by the ms at which they are due."""
        return self._key("waiting")

    @property
    def since(self) -> str:
        """Sorted set: the same numbers by the ms since which they wait."""
        return self._key("since")

    @property
    def attempts(self) -> str:
        """Hash: number to `Tried`, of what waits or is dead."""
        return self._key("attempts")

    @property
    def dead(self) -> str:
        """Sorted set: numbers that were given up, by themselves."""
        return self._key("dead")

    @property
    def log(self) -> str:
        """Stream: `Attempt`, the newest `LOG_LENGTH`."""
        return self._key("log")

    def all(self) -> list[str]:
        """All keys."""
        return [self.state, self.waiting, self.since, self.attempts, self.dead, self.log]

    def hand_over(self, upto: int, numbers: list[int], now_ms: int) -> list[Command]:
        """Entries up to a number are seen; these of them shall be delivered."""
        commands: list[Command] = [("HSET", self.state, "handed", upto)]
        if numbers:
            pairs = [word for number in numbers for word in (now_ms, number)]
            commands += [("ZADD", self.waiting, *pairs), ("ZADD", self.since, *pairs)]
        return commands

    def done(self, attempt: Attempt, breaker: Breaker) -> list[Command]:
        """It is delivered, or there is nothing to deliver any more."""
        return [*self._out(attempt.number), *self._noted(attempt, breaker)]

    def again(self, attempt: Attempt, breaker: Breaker, due_ms: int) -> list[Command]:
        """It failed, and waits."""
        return [
            ("ZADD", self.waiting, due_ms, attempt.number),
            ("HSET", self.attempts, attempt.number, msgspec.json.encode(_tried(attempt))),
            *self._noted(attempt, breaker),
        ]

    def given_up(self, attempt: Attempt, breaker: Breaker) -> list[Command]:
        """It failed for the last time."""
        return [
            *self._out(attempt.number),
            ("ZADD", self.dead, attempt.number, attempt.number),
            ("HSET", self.attempts, attempt.number, msgspec.json.encode(_tried(attempt))),
            *self._noted(attempt, breaker),
        ]

    def _out(self, number: int) -> list[Command]:
        return [
            ("ZREM", self.waiting, number),
            ("ZREM", self.since, number),
            ("HDEL", self.attempts, number),
        ]

    def _noted(self, attempt: Attempt, breaker: Breaker) -> list[Command]:
        line = msgspec.json.encode(attempt)
        return [
            ("HSET", self.state, "breaker", msgspec.json.encode(breaker)),
            ("XADD", self.log, "MAXLEN", "~", LOG_LENGTH, "*", "attempt", line),
        ]


class Queues:
    """All of them, as one courier holds them."""

    def __init__(self, store: aredis.Redis, token: str) -> None:
        """
        Args:
            token: of this courier; nobody else's.
        """
        self._store = store
        self._token = token
        self._script: Any = store.register_script(_OWNED)

    async def take(self) -> None:
        """From now on nobody else moves them."""
        await self._store.set(OWNER, self._token)

    async def move(self, queue: Queue, commands: list[Command], number: int | None = None) -> bool:
        """Apply, at once; False if the webhook is gone, or `number` does not wait any more.

        Raises:
            LostQueueError: another courier has taken over; nothing was changed.
        """
        words: list[Any] = []
        for command in commands:
            words += (len(command), *command)
        waits = "" if number is None else number
        answer = await self._script(
            keys=[OWNER, tables.WEBHOOKS, queue.waiting], args=[self._token, queue.webhook, waits, *words]
        )
        if answer == -1:
            raise LostQueueError("another courier has taken over")
        return bool(answer)


async def standing(store: aredis.Redis, queue: Queue) -> Standing:
    """Where it stands."""
    async with store.pipeline(transaction=False) as pipe:
        pipe.hgetall(queue.state)
        pipe.zcard(queue.waiting)
        pipe.zcard(queue.dead)
        pipe.zrange(queue.since, 0, 0, withscores=True)
        answers: Any = await pipe.execute()
    state, waiting, dead, oldest = answers
    breaker = state.get(b"breaker")
    return Standing(
        handed=int(state[b"handed"]) if b"handed" in state else None,
        breaker=Breaker() if breaker is None else msgspec.json.decode(breaker, type=Breaker),
        waiting=waiting,
        dead=dead,
        oldest=int(oldest[0][1]) if oldest else 0,
    )


async def due(store: aredis.Redis, queue: Queue, now_ms: int, count: int) -> list[int]:
    """Numbers that are due, the longest due first."""
    found: Any = await store.zrangebyscore(queue.waiting, "-inf", now_ms, 0, count)
    return [int(number) for number in found]


async def next_due_ms(store: aredis.Redis, queue: Queue) -> int | None:
    """ms when the next one is due, None if nothing waits."""
    found: Any = await store.zrange(queue.waiting, 0, 0, withscores=True)
    return int(found[0][1]) if found else None


async def tried(store: aredis.Redis, queue: Queue, number: int) -> Tried:
    """What came of it so far."""
    reading: Any = store.hget(queue.attempts, str(number))
    stored = await reading
    return Tried() if stored is None else msgspec.json.decode(stored, type=Tried)


async def dead_after(store: aredis.Redis, queue: Queue, after: int, count: int) -> list[tuple[int, Tried]]:
    """What was given up, with greater numbers than `after`, in order."""
    found: Any = await store.zrangebyscore(queue.dead, f"({after}", "+inf", 0, count)
    if not found:
        return []
    reading: Any = store.hmget(queue.attempts, found)
    stored = await reading
    return [
        (int(number), Tried() if value is None else msgspec.json.decode(value, type=Tried))
        for number, value in zip(found, stored, strict=True)
    ]


async def attempts_before(
    store: aredis.Redis, queue: Queue, before: str, count: int
) -> list[tuple[str, Attempt]]:
    """Lines of the log with their ids, the newest first.

    Args:
        before: id of a line, of which and after which none is wanted; empty for all.
    """
    if before == "0-0":  # nothing is before the first, and Redis takes it for no id of a range
        return []
    found: Any = await store.xrevrange(queue.log, f"({before}" if before else "+", "-", count)
    return [(id_.decode(), msgspec.json.decode(v[b"attempt"], type=Attempt)) for id_, v in found]


async def replay(store: aredis.Redis, queue: Queue, numbers: list[int], now_ms: int) -> int:
    """Bring dead ones back, with all their attempts before them; how many were dead."""
    script: Any = store.register_script(_REPLAY)
    return int(
        await script(keys=[queue.dead, queue.waiting, queue.since, queue.attempts], args=[now_ms, *numbers])
    )


def _tried(attempt: Attempt) -> Tried:
    return Tried(attempts=attempt.attempt, status=attempt.status, fault=attempt.fault, at=attempt.at)
