"""A worker follows the announcements of models, and swaps what serves between two batches."""

import asyncio
import logging
import time
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from online_model.registry.announcement import Announcement, AnnouncementError, decode
from online_model.registry.errors import RegistryError
from online_model.risk import Risk
from stream_processors.metrics import WorkerMetrics

log = logging.getLogger("ebbwatch.worker")

CHAMPION = "champion"
_PAUSE_S = 2.0


class Following:
    """What serves at the moment; the baseline until something good is announced."""

    def __init__(
        self, kafka: str, topic: str, load: Callable[[Announcement], Risk], metrics: WorkerMetrics
    ) -> None:
        """
        Args:
            topic: compacted, one partition.
            load: reads the versions; called in a thread of its own, so that scoring goes on.
        """
        self._kafka = kafka
        self._topic = topic
        self._load = load
        self._metrics = metrics
        self.risk = Risk()
        self.announced: Announcement | None = None
        """What `risk` was made from."""

    async def run(self) -> None:
        """For ever. What cannot be used is logged and counted, and the last good version serves."""
        while True:
            try:
                await self._follow()
            except (KafkaError, OSError) as fault:
                log.warning("models cannot be followed (%s); again in %.0f s", fault, _PAUSE_S)
            await asyncio.sleep(_PAUSE_S)

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._kafka, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            partition = TopicPartition(self._topic, 0)
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            end = (await consumer.end_offsets([partition]))[partition]
            newest: tuple[bytes | None, bytes | None] | None = None
            async for record in consumer:
                if record.key == CHAMPION.encode():
                    newest = record.key, record.value
                # only the last of what stood there already matters
                if newest is not None and record.offset + 1 >= end:
                    await self._take(*newest)
                    newest = None
        finally:
            await consumer.stop()

    async def _take(self, key: bytes | None, value: bytes | None) -> None:
        try:
            announcement = decode(key, value)
            loaded = await asyncio.to_thread(self._load, announcement)
        except (AnnouncementError, RegistryError) as fault:
            self._metrics.refused_versions.inc()
            serving = ", ".join(self.risk.versions)
            log.error("a model was not taken, %s goes on serving: %s", serving, fault)  # noqa: TRY400 no bug of ours
            return
        begun = time.perf_counter()
        self.risk, self.announced = loaded, announcement
        self._metrics.swap.observe(time.perf_counter() - begun)
        log.info("%s serves now", ", ".join(loaded.versions))
