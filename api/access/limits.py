"""How many requests a key may make a second: counted in a Redis of its own, in leases.

A process takes a part of the second's allowance at once and counts it down in memory, so that a request rarely asks
Redis, and all processes together never give more than the allowance.
"""

import asyncio
import logging
import time
from typing import Any, Final

from redis import asyncio as aredis
from redis.exceptions import RedisError

from api.problems import ProblemError
from domain.control import ApiKey

log = logging.getLogger("ebbwatch.api")

_LEASES: Final = 10
"""An allowance is taken in so many parts."""


class _Lease:
    __slots__ = ("left", "second", "taken", "taking")

    def __init__(self) -> None:
        self.taking = asyncio.Lock()
        """Held by who asks Redis: all others wait for that one's lease."""
        self.second = 0
        self.left = 0
        self.taken = 0
        """Of the second, by all processes, when the lease was taken."""


class Limiter:
    """Fixed windows of a second."""

    def __init__(self, store: aredis.Redis, per_second: int) -> None:
        self._store = store
        self._per_second = per_second
        self._leases: dict[str, _Lease] = {}

    async def take(self, state: dict[str, Any], key: ApiKey) -> None:
        """Count a request; what is left goes into its state, for the headers.

        Args:
            state: ``scope["state"]`` of the request.

        Raises:
            ProblemError: 429, the second's allowance is used up.
        """
        limit = key.per_second or self._per_second
        if not limit:
            return
        lease = self._leases.setdefault(key.id, _Lease())
        while True:  # once more where the second has ended while Redis was asked
            second = int(time.time())
            if lease.second != second:
                lease.second, lease.left, lease.taken = second, 0, 0
            if lease.left or lease.taken >= limit:
                break
            async with lease.taking:
                if lease.second == second and not lease.left and lease.taken < limit:
                    await self._lease(key.id, lease, second, limit)
        remaining = max(0, limit - lease.taken) + lease.left
        if lease.left == 0:
            state["limits"] = (limit, 0, 1)
            raise ProblemError(
                429, "too_many_requests", f"this key may make {limit} requests a second", {"Retry-After": "1"}
            )
        lease.left -= 1
        state["limits"] = (limit, remaining - 1, 1)

    async def _lease(self, id_: str, lease: _Lease, second: int, limit: int) -> None:
        part = max(1, limit // _LEASES)
        name = f"ebbwatch:limit:{id_}:{second}"
        try:
            async with self._store.pipeline(transaction=False) as pipe:
                pipe.incrby(name, part)
                pipe.expire(name, 3)
                answers: Any = await pipe.execute()
        except (RedisError, OSError) as fault:  # limits protect; they are no reason to turn customers away
            log.warning("rates are not counted: %s", fault)
            lease.left += part
            return
        taken = int(answers[0])
        if lease.second == second:
            lease.left += max(0, min(part, limit - (taken - part)))
            lease.taken = taken
