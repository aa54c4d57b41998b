"""Whether the API can do its work: each part with a reason, looked at once a second at most."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition
from prometheus_client import CollectorRegistry, Gauge
from redis import asyncio as aredis
from redis.exceptions import RedisError

from api.background import Background
from api.config import ApiConfig
from api.exposition import LATEST
from api.people.following import Following
from api.results.reading import Reading
from batch_jobs.results.errors import ResultsError
from batch_jobs.results.run import Run
from connections.kafka import librdkafka
from control import tables
from control.projection import Reached
from domain.calendar import DAY_MS
from feature_store import reading
from feature_store.position import RefusedError, decode
from feature_store.stream import Stream

log = logging.getLogger("ebbwatch.api")

_AGAIN_S: Final = 1.0
_FOLLOW_S: Final = 10.0
_KAFKA_S: Final = 2.0
_BATCH_S: Final = 30.0
MOST_LAG: Final = 100_000
"""Records that the worker may be behind."""
MOST_PROJECTED: Final = 1_000
"""Records of `control` that the notifier may be behind."""
OLDEST_DAYS: Final = 14.0
"""A trainer that judges every day of event time has stopped by then."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One part."""

    ok: bool
    reason: str


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `/readyz`."""

    ready: bool
    checks: dict[str, Check]
    """``ingest``, ``kafka``, ``redis``, ``lag``, ``model``, ``projection``."""
    information: dict[str, str]
    """What readiness does not depend on: ``batch``, the age of the batch jobs' results."""


class Gauges:
    """The same for Prometheus."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"ebbwatch_api_{name}", meaning, labels, registry=registry, multiprocess_mode=LATEST)

        self.ready = gauge("ready", "Whether a part that the API needs is well.", "check")
        self.lag = gauge("lag_records", "Records of the stream that the store has not read.")
        self.log = gauge("log_records", "End of the served topic, summed over its partitions.")
        self.behind = gauge("projection_records", "Records of control that are not projected.")
        self.age = gauge("model_age_seconds", "Event time since the trainer last judged.")


class Readiness:
    """Looks, and remembers for a second."""

    def __init__(
        self,
        config: ApiConfig,
        store: aredis.Redis,
        following: Following,
        results: Reading,
        refused: Callable[[], str],
        registry: CollectorRegistry,
    ) -> None:
        """
        Args:
            results: of the batch jobs.
            refused: why Kafka did not take the last events, empty if it did.
            registry: of metrics.
        """
        self._refused = refused
        self._results = results
        self._batch: tuple[float, str] | None = None
        self._config = config
        self._store = store
        self._following = following
        self._gauges = Gauges(registry)
        self._looking = asyncio.Lock()
        self._ready: tuple[float, Ready] | None = None
        self._background = Background()

    def start(self) -> None:
        """Look now and then, for the gauges."""
        self._background.start(self._follow())

    async def stop(self) -> None:
        """Look no more."""
        await self._background.stop()

    async def look(self) -> Ready:
        """How it stands."""
        async with self._looking:
            if self._ready is not None and time.monotonic() - self._ready[0] < _AGAIN_S:
                return self._ready[1]
            found = await self._look()
            for name, check in found.checks.items():
                self._gauges.ready.labels(name).set(check.ok)
            self._ready = (time.monotonic(), found)
            return found

    async def _follow(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("readiness cannot be told")
            await asyncio.sleep(_FOLLOW_S)

    async def _look(self) -> Ready:
        refused = self._refused()
        checks = {
            "ingest": Check(ok=not refused, reason=refused or "takes events"),
            "redis": await self._redis(),
            "kafka": Check(ok=True, reason="answers"),
            "model": Check(ok=True, reason="the baseline serves"),
        }
        stream = self._following.stream
        topic = self._config.topic if stream is None else stream.topic
        partitions = self._config.partitions if stream is None else stream.partitions
        try:
            wanted = [(topic, partition) for partition in range(partitions)]
            ends = await asyncio.to_thread(
                _ends, self._config.kafka, [*wanted, (self._config.control_topic, 0)]
            )
        except KafkaException as fault:
            checks["kafka"] = Check(ok=False, reason=f"Kafka does not answer: {fault.args[0].name()}")
            ends = None
        if checks["redis"].ok and stream is not None:
            clock = await self._positions(stream, None if ends is None else ends[:-1], checks)
            checks["model"] = self._model(clock)
            checks["projection"] = await self._projection(None if ends is None else ends[-1])
        else:
            unknown = Check(ok=False, reason="not known without Redis")
            checks |= {"lag": unknown, "projection": unknown}
        information = {"batch": await self._batch_age()}
        return Ready(ready=all(check.ok for check in checks.values()), checks=checks, information=information)

    async def _batch_age(self) -> str:
        if self._batch is None or time.monotonic() - self._batch[0] > _BATCH_S:
            try:
                said = batch_age(await self._results.current(), int(time.time() * 1000))
            except (ResultsError, OSError):
                said = "results cannot be read"
            self._batch = (time.monotonic(), said)
        return self._batch[1]

    async def _redis(self) -> Check:
        try:
            await self._store.ping()
        except (RedisError, OSError) as fault:
            return Check(ok=False, reason=f"Redis does not answer: {type(fault).__name__}")
        away = self._following.store_fault
        return Check(ok=away is None, reason=away or "answers")

    async def _positions(self, stream: Stream, ends: list[int] | None, checks: dict[str, Check]) -> int:
        """Sets the check of the lag; the latest clock, ms."""
        try:
            found = [decode(p) for p in await reading.clocks(self._store, stream) if p]
        except (RedisError, OSError, RefusedError) as fault:
            checks["lag"] = Check(ok=False, reason=f"positions cannot be read: {type(fault).__name__}")
            return 0
        if ends is None:
            checks["lag"] = Check(ok=False, reason="not known without Kafka")
        else:
            self._gauges.log.set(sum(ends))
            lag = max(0, sum(ends) - sum(position.offset for position in found))
            self._gauges.lag.set(lag)
            checks["lag"] = Check(ok=lag <= MOST_LAG, reason=f"{lag:,} records to go, {MOST_LAG:,} allowed")
        return max((position.clock for position in found), default=0)

    def _model(self, clock: int) -> Check:
        following = self._following
        if following.models_fault is not None:
            return Check(ok=False, reason=f"what serves cannot be followed: {following.models_fault}")
        serving = following.present.serving
        if serving.fault is not None:
            return Check(ok=False, reason="the announced model cannot be used; see /v1/model")
        versions = " and ".join(serving.risk.versions)
        if not self._config.trainer or serving.quality is None:
            return Check(ok=True, reason=f"{versions} serves; nothing was judged yet")
        age = max(0, clock - serving.quality.at_ms)
        self._gauges.age.set(age / 1000)
        days = age / DAY_MS
        return Check(
            ok=days <= OLDEST_DAYS,
            reason=f"{versions} serves; judged {days:.1f} days of event time ago, {OLDEST_DAYS:g} allowed",
        )

    async def _projection(self, end: int | None) -> Check:
        if end is None:
            return Check(ok=False, reason="not known without Kafka")
        try:
            stored = await self._store.get(tables.POSITION)
        except (RedisError, OSError) as fault:
            return Check(ok=False, reason=f"its position cannot be read: {type(fault).__name__}")
        reached = Reached("", 0) if stored is None else Reached(**msgspec.json.decode(stored))
        behind = max(0, end - reached.offset)
        self._gauges.behind.set(behind)
        return Check(
            ok=behind <= MOST_PROJECTED, reason=f"{behind:,} decisions to go, {MOST_PROJECTED:,} allowed"
        )


def batch_age(runs: Mapping[str, Run], now: int) -> str:
    """In words; of several jobs by the one whose result is the oldest.

    Args:
        runs: current ones by job.
        now: wall clock, ms.
    """
    if not runs:
        return "no results yet"
    job, run = min(runs.items(), key=lambda entry: (entry[1].basis.as_of, entry[1].finished, entry[0]))
    hours = max(0, now - run.finished) / 3_600_000
    return f"all jobs as of {run.basis.as_of} or later; {job} finished {hours:.1f} hours ago"


def _ends(kafka: str, wanted: list[tuple[str, int]]) -> list[int]:
    """End offsets of partitions.

    Raises:
        KafkaException: Kafka does not answer.
    """
    consumer = Consumer({**librdkafka(kafka), "group.id": "ebbwatch-reader", "log_level": 2})
    try:
        return [
            consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_KAFKA_S)[1]
            for topic, partition in wanted
        ]
    finally:
        consumer.close()
