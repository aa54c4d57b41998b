"""The sequence of alerts that readers follow: cursor, live stream and webhooks read the same."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec
from redis import Redis
from redis import asyncio as aredis

from control import tables
from domain.control import FeedEntry


def entries_after(store: Redis, number: int, count: int) -> list[FeedEntry]:
    """The next entries behind a number, at most `count`, in order."""
    return _decoded(cast(Any, store.zrangebyscore(tables.FEED, f"({number}", "+inf", 0, count)))


async def entries_after_async(store: aredis.Redis, number: int, count: int) -> list[FeedEntry]:
    """`entries_after` for the API."""
    reading: Any = store.zrangebyscore(tables.FEED, f"({number}", "+inf", 0, count)
    return _decoded(await reading)


async def entry_async(store: aredis.Redis, number: int) -> FeedEntry | None:
    """The entry of a number; None if it was taken away, as those of an erased user are."""
    reading: Any = store.zrangebyscore(tables.FEED, number, number)
    return next(iter(_decoded(await reading)), None)


async def last_number_async(store: aredis.Redis) -> int:
    """Of the newest entry; -1 while there is none."""
    found: Any = await store.zrange(tables.FEED, -1, -1, withscores=True)
    return int(found[0][1]) if found else -1


def _decoded(stored: Sequence[bytes]) -> list[FeedEntry]:
    return [msgspec.json.decode(member, type=FeedEntry) for member in stored]
