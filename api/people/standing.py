"""How things stand in Redis, as gauges: users at risk by tier, alerts by state, memory."""

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any, Final

from prometheus_client import CollectorRegistry, Gauge
from redis import asyncio as aredis
from redis.exceptions import RedisError

from api.exposition import LATEST
from api.people.following import Following
from api.problems import ProblemError
from control import tables
from feature_store.served import RANK_SCALE
from feature_store.stream import Stream
from online_model.tiers import Thresholds

log = logging.getLogger("ebbwatch.api")

_LOOK_S: Final = 10.0
_ALERTS: Final = (("waiting", tables.WAITING), ("untaken", tables.LAPSING), ("snoozed", tables.SNOOZED))


class Standing:
    """Looks now and then; where Redis is away, what was told last stands. No look grows with the users."""

    def __init__(self, store: aredis.Redis, following: Following, registry: CollectorRegistry) -> None:
        self._store = store
        self._following = following
        self._task: asyncio.Task[None] | None = None

        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"ebbwatch_{name}", meaning, labels, registry=registry, multiprocess_mode=LATEST)

        self._at_risk = gauge(
            "users_at_risk", "Users at risk by the tier of their last visit, an event or a sweep.", "tier"
        )
        self._known = gauge("users_known", "Users of whom the store has a record, also those who are gone.")
        self._alerts = gauge(
            "alerts_standing",
            "Alerts that wait for the day's budget, that were handed out and nobody has taken up, that are snoozed.",
            "state",
        )
        self._released = gauge("alerts_released_today", "Alerts handed out since midnight, UTC.")
        self._fed = gauge("alerts_fed", "Entries of the feed of alerts.")
        self._memory = gauge("redis_used_memory_bytes", "Memory that Redis has taken.")
        self._most_memory = gauge("redis_max_memory_bytes", "Memory that Redis may take; 0 for no limit.")
        self._written = gauge("redis_aof_bytes", "Size of the append-only file.")
        self._clients = gauge("redis_connected_clients", "Connections to Redis.")

    def start(self) -> None:
        """From the running loop."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

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
            for _, key in _ALERTS:
                pipe.zcard(key)
            pipe.hget(tables.SPENT, str(day))
            pipe.zcard(tables.FEED)
            answers = await pipe.execute()
        for place, tier in enumerate(("high", "medium", "low")):
            self._at_risk.labels(tier).set(sum(answers[place : 4 * present.stream.partitions : 4]))
        self._known.set(sum(answers[3 : 4 * present.stream.partitions : 4]))
        *alerts, spent, fed = answers[4 * present.stream.partitions :]
        for (state, _), count in zip(_ALERTS, alerts, strict=True):
            self._alerts.labels(state).set(count)
        self._released.set(int(spent or 0))
        self._fed.set(fed)
        reading: Any = self._store.info()
        self._of_redis(await reading)

    def _of_redis(self, info: dict[str, Any]) -> None:
        for gauge, name in (
            (self._memory, "used_memory"),
            (self._most_memory, "maxmemory"),
            (self._written, "aof_current_size"),
            (self._clients, "connected_clients"),
        ):
            if name in info:
                gauge.set(float(info[name]))

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
