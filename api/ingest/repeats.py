"""Idempotency keys: a request that comes again under the same key is answered as before, and nothing is done twice.

The answer follows from the body (`api.ingest.admission`), so that only a digest of the body has to be kept.
"""

import asyncio
import hashlib
from typing import Any, Final

from redis import asyncio as aredis
from redis.exceptions import RedisError

from api.problems import ProblemError
from feature_store.keys import PREFIX

KEEP_S: Final = 86_400
_PATIENCE_S: Final = 2.0
_UNDER_WAY_S: Final = 30
"""A process that dies in between holds a key for so long."""

_DONE: Final = b"done:"
_BEGUN: Final = b"begun:"


class Repeats:
    """Keys of all callers, in Redis."""

    def __init__(self, store: aredis.Redis) -> None:
        self._store = store

    async def begin(self, caller: str, key: str, body: bytes) -> bool:
        """Whether this is a repeat of a request that was answered; if not, the key is taken.

        Args:
            caller: id of the API key: each has keys of its own.

        Raises:
            ProblemError: 409, the first one is still under way, or had another body; 503, Redis is away.
        """
        digest = _digest(body)
        name = _name(caller, key)
        try:
            taking: Any = self._store.set(name, _BEGUN + digest, nx=True, ex=_UNDER_WAY_S)
            if await asyncio.wait_for(taking, _PATIENCE_S):
                return False
            reading: Any = self._store.get(name)
            stored: bytes = await asyncio.wait_for(reading, _PATIENCE_S) or _BEGUN + digest
        except (RedisError, OSError) as fault:
            raise _away() from fault
        if not stored.endswith(b":" + digest):
            raise ProblemError(409, "other_body", "this Idempotency-Key was used with another body")
        if stored.startswith(_BEGUN):
            raise ProblemError(
                409,
                "under_way",
                "the first request with this Idempotency-Key is still under way",
                {"Retry-After": "1"},
            )
        return True

    async def done(self, caller: str, key: str, body: bytes) -> None:
        """It was answered.

        Raises:
            ProblemError: 503, Redis is away; the events are in Kafka, and their own ids make a repeat harmless.
        """
        try:
            storing: Any = self._store.set(_name(caller, key), _DONE + _digest(body), ex=KEEP_S)
            await asyncio.wait_for(storing, _PATIENCE_S)
        except (RedisError, OSError) as fault:
            raise _away() from fault

    async def failed(self, caller: str, key: str) -> None:
        """It was not answered with a promise: the key is free again. Without Redis it is in a moment, by itself."""
        try:
            removing: Any = self._store.delete(_name(caller, key))
            await asyncio.wait_for(removing, _PATIENCE_S)
        except (RedisError, OSError):
            return


def _name(caller: str, key: str) -> str:
    return f"{PREFIX}:idempotency:{caller}:{hashlib.sha256(key.encode()).hexdigest()}"


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()


def _away() -> ProblemError:
    return ProblemError(
        503,
        "store_away",
        "Redis does not answer: without Idempotency-Key events are taken",
        {"Retry-After": "2"},
    )
