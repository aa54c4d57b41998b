"""The Redis that all contestants write to: emptied before each, looked at after each."""

import time
from itertools import islice
from typing import Any, Final, cast

from redis import Redis

from benchmarks.peers.features import UserFeatures, decode_features, store_key

_AT_ONCE: Final = 5000
_REWRITE_SECONDS: Final = 60.0


class WrongFeaturesError(RuntimeError):
    """A contestant's features do not hold all events, or hold some twice."""


class UnsafeRedisError(RuntimeError):
    """Redis does not sync every write, so figures would not compare."""


def require_durable(store: Redis) -> None:
    """Raises `UnsafeRedisError` unless the append-only file is on and synced at every write."""
    settings = cast(dict[str, str], store.config_get("append*"))
    if settings.get("appendonly") != "yes" or settings.get("appendfsync") != "always":
        raise UnsafeRedisError("Redis must run with `appendonly yes` and `appendfsync always`")


def empty(store: Redis) -> None:
    """Forget all data and start a new append-only file, so that nobody pays for what others wrote."""
    store.flushall()
    store.bgrewriteaof()
    deadline = time.monotonic() + _REWRITE_SECONDS
    while _info(store, "persistence")["aof_rewrite_in_progress"] or _scheduled(store):
        if time.monotonic() > deadline:
            raise TimeoutError("Redis did not finish rewriting its append-only file")
        time.sleep(0.05)


def _scheduled(store: Redis) -> bool:
    return bool(_info(store, "persistence")["aof_rewrite_scheduled"])


def cpu_seconds(store: Redis) -> float:
    """CPU that Redis has used, forks included."""
    used = _info(store, "cpu")
    kinds = ("used_cpu_sys", "used_cpu_user", "used_cpu_sys_children", "used_cpu_user_children")
    return float(sum(used[kind] for kind in kinds))


def version(store: Redis) -> str:
    """Of the server."""
    return str(_info(store, "server")["redis_version"])


def _info(store: Redis, section: str) -> dict[str, Any]:
    return store.info(section)


def differing_users(store: Redis, expected: dict[bytes, UserFeatures]) -> int:
    """Users whose written features differ from `expected`.

    Raises:
        WrongFeaturesError: the events counted over all users are not those expected.
    """
    users = iter(expected)
    differing = counted = 0
    while some := list(islice(users, _AT_ONCE)):
        values = cast(list[bytes | None], store.mget([store_key(user) for user in some]))
        for user, value in zip(some, values, strict=True):
            features = decode_features(value) if value is not None else UserFeatures()
            counted += features.events
            differing += features != expected[user]
    wanted = sum(features.events for features in expected.values())
    if counted != wanted or store.dbsize() != len(expected):
        raise WrongFeaturesError(
            f"features of {store.dbsize():,} users hold {counted:,} events, not {wanted:,} events of "
            f"{len(expected):,} users"
        )
    return differing
