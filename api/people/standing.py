"""How things stand in Redis, as gauges: users at risk by tier, alerts of the day, memory, append-only file."""

import asyncio
import logging
import time
from typing import Any, Final

from prometheus_client import CollectorRegistry, Gauge
from redis import asyncio as aredis
from redis.exceptions import RedisError

from api.background import Background
from api.exposition import LATEST
from api.people.following import Following
from api.problems import ProblemError
from control import tables
from feature_store.served import RANK_SCALE
from feature_store.stream import Stream
from online_model.tiers import Thresholds

log = logging.getLogger("ebbwatch.api")

_LOOK_S: Final = 10.0
_HEALTHY: Final = (
    ("aof_enabled", 1),
    ("aof_last_write_status", "ok"),
    ("aof_last_bgrewrite_status", "ok"),
)


class Gauges:
    """What is told."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"ebbwatch_{name}", meaning, labels, registry=registry, multiprocess_mode=LATEST)

        self.at_risk = gauge(
            "store_at_risk_users",
            "Users at risk by the tier of their last visit, an event or a sweep.",
            "tier",
        )
        self.known = gauge("store_known_users", "Users of whom there is a record, also those who are gone.")
        self.released = gauge("store_released_alerts", "Alerts handed out since midnight, UTC.")
        self._memory = gauge("redis_used_memory_bytes", "Memory that Redis has taken.")
        self._most_memory = gauge("redis_max_memory_bytes", "Memory that Redis may take; 0 for no limit.")
        self._written = gauge("redis_aof_bytes", "Size of the append-only file.")
        self._healthy = gauge(
            "redis_aof_healthy", "1 if the append-only file is on, and its last write and rewrite were good."
        )
        self._clients = gauge("redis_connected_clients", "Connections to Redis.")

    def of_redis(self, info: dict[str, Any]) -> None:
        """Of the answer to ``INFO``; what it does not have stays."""
        for gauge, name in (
            (self._memory, "used_memory"),
            (self._most_memory, "maxmemory"),
            (self._written, "aof_current_size"),
            (self._clients, "connected_clients"),
        ):
            if name in info:
                gauge.set(float(info[name]))
        self._healthy.set(all(info.get(name) == good for name, good in _HEALTHY))


class Standing:
    """Looks now and then; where Redis is away, what was told last stands. No look grows with the users."""

    def __init__(self, store: aredis.Redis, following: Following, registry: CollectorRegistry) -> None:
        self._store = store
        self._following = following
        self._background = Background()
        self._gauges = Gauges(registry)

    def start(self) -> None:
        """From the running loop."""
        self._background.start(self._follow())

    async def stop(self) -> None:
        """Look no more."""
        await self._background.stop()

    async def look(self, day: int) -> None:
        """Look now.

        Args:
            day: days since 1970, UTC.

        Raises:
            ProblemError: nothing is served yet.
            RedisError: Redis is away.
        """
        present = self._following.present
        async with self._store.pipeline(transaction=False) as pipe:
            _ask(pipe, present.stream, present.judge.by.thresholds)
            pipe.hget(tables.SPENT, str(day))
            pipe.info()
            answers = await pipe.execute()
        for place, tier in enumerate(("high", "medium", "low")):
            self._gauges.at_risk.labels(tier).set(sum(answers[place : 4 * present.stream.partitions : 4]))
        self._gauges.known.set(sum(answers[3 : 4 * present.stream.partitions : 4]))
        spent, info = answers[4 * present.stream.partitions :]
        self._gauges.released.set(int(spent or 0))
        self._gauges.of_redis(info)

    async def _follow(self) -> None:
        while True:
            try:
                await self.look(int(time.time() // 86_400))
            except (RedisError, OSError, ProblemError):
                pass  # readiness says so
            except Exception:
                log.exception("how things stand cannot be told")
            await asyncio.sleep(_LOOK_S)


def _ask(pipe: Any, stream: Stream, thresholds: Thresholds) -> None:
    """Four questions for each partition: users in the high, medium and low tier, and all."""
    medium, high = int(thresholds.medium * RANK_SCALE), int(thresholds.high * RANK_SCALE)
    for partition in range(stream.partitions):
        keys = stream.keys(partition)
        for least, most in ((high, "+inf"), (medium, f"({high}"), ("-inf", f"({medium}")):
            pipe.zcount(keys.ranking, least, most)
        pipe.hlen(keys.users)
