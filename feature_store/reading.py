"""Reads for the API, without waiting: `feature_store.lookup` on asynchronous connections."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from redis import asyncio as aredis

from domain.packing import unpack
from domain.partitioner import partition_of
from feature_store.keys import STREAM
from feature_store.lookup import Facts, facts_of
from feature_store.position import decode
from feature_store.served import facts
from feature_store.stream import Stream


async def pointer(store: aredis.Redis) -> Stream | None:
    """What is served; None in a store that nothing was written to."""
    stored = await store.get(STREAM)
    return None if stored is None else msgspec.json.decode(stored, type=Stream)


async def users(store: aredis.Redis, stream: Stream, wanted: Sequence[str]) -> list[Facts]:
    """Users by partition, in one round trip; of those that nothing was applied of, the states are empty.

    Args:
        wanted: user ids; one that comes twice is read once.
    """
    by_partition: dict[int, list[str]] = {}
    for user in dict.fromkeys(wanted):
        by_partition.setdefault(partition_of(user.encode(), stream.partitions), []).append(user)
    async with store.pipeline(transaction=False) as pipe:
        for partition, there in by_partition.items():
            keys = stream.keys(partition)
            pipe.get(keys.position)
            pipe.hmget(keys.users, there)
        answers = await pipe.execute()
    states = unpack(facts([record for records in answers[1::2] for record in records]))
    found, begin = [], 0
    for (partition, there), position in zip(by_partition.items(), answers[0::2], strict=True):
        clock = decode(position).clock if position else 0
        found.append(Facts(partition, there, states[begin : begin + len(there)], clock))
        begin += len(there)
    return found


async def everybody(store: aredis.Redis, stream: Stream, partition: int, chunk: int) -> AsyncIterator[Facts]:
    """All users of a partition in chunks of about `chunk`; who is written meanwhile may come twice."""
    keys = stream.keys(partition)
    position: Any = await store.get(keys.position)
    cursor = 0
    while True:
        reading: Any = store.hscan(keys.users, cursor, count=chunk)
        cursor, found = await reading
        if found:
            yield facts_of(partition, [user.decode() for user in found], position, list(found.values()))
        if not cursor:
            return


async def names(store: aredis.Redis, stream: Stream, partition: int) -> dict[int, str]:
    """Names behind codes."""
    reading: Any = store.hgetall(stream.keys(partition).names)
    return {int(code): name.decode() for code, name in (await reading).items()}


async def gaps(store: aredis.Redis, stream: Stream) -> tuple[int, int]:
    """Gaps between sessions that all users have ended, and their sum in seconds."""
    async with store.pipeline(transaction=False) as pipe:
        for partition in range(stream.partitions):
            pipe.hmget(stream.keys(partition).counts, ["gaps", "gap_seconds"])
        answers = await pipe.execute()
    return sum(int(g or 0) for g, _ in answers), sum(int(s or 0) for _, s in answers)


async def clocks(store: aredis.Redis, stream: Stream) -> list[bytes | None]:
    """Stored positions of all partitions."""
    async with store.pipeline(transaction=False) as pipe:
        for partition in range(stream.partitions):
            pipe.get(stream.keys(partition).position)
        found: list[bytes | None] = await pipe.execute()
    return found
