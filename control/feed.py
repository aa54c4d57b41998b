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


def _decoded(stored: Sequence[bytes]) -> list[FeedEntry]:
    return [msgspec.json.decode(member, type=FeedEntry) for member in stored]
