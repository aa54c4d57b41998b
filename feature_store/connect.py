"""Connections to Redis: one server or a cluster, with TLS or without, as the URL says (`connections.redis`)."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final, cast

import hiredis
from redis import Redis, RedisCluster
from redis import asyncio as aredis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as AwayError
from redis.exceptions import RedisClusterException
from redis.retry import Retry

from connections.redis import apart

_TIMEOUT_S: Final = (
    30.0  # a disk that syncs every write may stall for seconds; a dead server is noticed by then
)
_CONNECT_S: Final = 5.0
_ONCE_MORE: Final = 1
"""Of a cluster: redis-py looks for moved slots and new masters only between two attempts."""


class _Packing:
    """Packs commands in C: redis-py's asyncio connections do it in Python, 0.4 µs an argument."""

    def pack_command(self, *args: Any) -> list[bytes]:
        return [hiredis.pack_command(_plain(args))]

    def pack_commands(self, commands: Iterable[Iterable[Any]]) -> list[bytes]:
        return [hiredis.pack_command(_plain(tuple(c))) for c in commands]


class _PackedConnection(_Packing, aredis.Connection):
    pass


class _PackedSSLConnection(_Packing, aredis.SSLConnection):
    pass


def _plain(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """As redis-py: a first argument of two words is two arguments."""
    first = args[0]
    if isinstance(first, str) and " " in first:
        return (*first.split(), *args[1:])
    return args


class _AsyncCluster(aredis.RedisCluster):
    """A cluster none of whose nodes answers is away like any other Redis."""

    async def initialize(self, *args: Any, **kwargs: Any) -> "aredis.RedisCluster":
        try:
            return await super().initialize(*args, **kwargs)
        except RedisClusterException as fault:
            raise AwayError(str(fault)) from fault


def connect_async(url: str) -> aredis.Redis:
    """For the worker. Does not retry by itself: a write that may have happened is looked at first.

    A client of a cluster does, once; `feature_store.write` knows a step that was done already. It is no
    `aredis.Redis`, but has all of it that is used here.
    """
    plain, cluster = apart(url)
    if cluster:
        clustered = _AsyncCluster.from_url(
            plain,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_CONNECT_S,
            retry=AsyncRetry(NoBackoff(), _ONCE_MORE),
            protocol=2,
        )
        return cast(aredis.Redis, clustered)
    pool: aredis.ConnectionPool = aredis.ConnectionPool.from_url(
        plain,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_CONNECT_S,
        retry=AsyncRetry(NoBackoff(), 0),
        protocol=2,
    )
    packed: dict[type, Any] = {
        aredis.Connection: _PackedConnection,
        aredis.SSLConnection: _PackedSSLConnection,
    }
    pool.connection_class = packed.get(pool.connection_class, pool.connection_class)
    return aredis.Redis.from_pool(pool)


def connect(url: str) -> Redis:
    """For commands and tests.

    Raises:
        redis.exceptions.ConnectionError: no node of a cluster answers; one server is asked only when it is needed.
    """
    plain, cluster = apart(url)
    if not cluster:
        return Redis.from_url(
            plain,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_CONNECT_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
    try:
        clustered = RedisCluster.from_url(
            plain,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_CONNECT_S,
            retry=Retry(NoBackoff(), _ONCE_MORE),
            protocol=2,
        )
    except RedisClusterException as fault:
        raise AwayError(str(fault)) from fault
    nodes: Any = clustered.nodes_manager
    nodes.initialize = _or_away(nodes.initialize)
    return cast(Redis, clustered)


def _or_away(look: Callable[..., None]) -> Callable[..., None]:
    """As `_AsyncCluster`."""

    @wraps(look)
    def looked(*args: Any, **kwargs: Any) -> None:
        try:
            look(*args, **kwargs)
        except RedisClusterException as fault:
            raise AwayError(str(fault)) from fault

    return looked
