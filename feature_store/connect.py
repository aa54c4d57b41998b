"""Connections to Redis."""

from collections.abc import Iterable
from typing import Any

import hiredis
from redis import Redis
from redis import asyncio as aredis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

_TIMEOUT_S = 30.0  # a disk that syncs every write may stall for seconds; a dead server is noticed by then


class _PackedConnection(aredis.Connection):
    """Packs commands in C: redis-py's asyncio connection does it in Python, 0.4 µs an argument."""

    def pack_command(self, *args: Any) -> list[bytes]:
        return [hiredis.pack_command(_plain(args))]

    def pack_commands(self, commands: Iterable[Iterable[Any]]) -> list[bytes]:
        return [hiredis.pack_command(_plain(tuple(c))) for c in commands]


def _plain(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """As redis-py: a first argument of two words is two arguments."""
    first = args[0]
    if isinstance(first, str) and " " in first:
        return (*first.split(), *args[1:])
    return args


def connect_async(url: str) -> aredis.Redis:
    """For the worker. Does not retry by itself: a write that may have happened is looked at first."""
    pool: aredis.ConnectionPool = aredis.ConnectionPool.from_url(
        url,
        connection_class=_PackedConnection,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=5.0,
        retry=AsyncRetry(NoBackoff(), 0),
        protocol=2,
    )
    return aredis.Redis.from_pool(pool)


def connect(url: str) -> Redis:
    """For commands and tests."""
    return Redis.from_url(
        url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=5.0, retry=Retry(NoBackoff(), 0), protocol=2
    )
