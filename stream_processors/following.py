"""A worker follows the announcements of models, and swaps what serves between two batches."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from connections.kafka import librdkafka
from online_model.registry.announcement import CHAMPION, Announcement, AnnouncementError, decode
from online_model.registry.errors import RegistryError
from online_model.risk import Risk
from stream_processors.health import Health
from stream_processors.metrics import WorkerMetrics

log = logging.getLogger("ebbwatch.worker")

_POLL_S: Final = 1.0


class Following:
    """What serves at the moment; the baseline until something good is announced.

    It reads in a thread of its own, so that scoring goes on while a version is loaded, and with a consumer of its own
    kind: the worker's hands over whole fetches.
    """

    def __init__(
        self,
        kafka: str,
        topic: str,
        load: Callable[[Announcement], Risk],
        last_good: Callable[[], Risk],
        metrics: WorkerMetrics,
        health: Health,
    ) -> None:
        """
        Args:
            topic: compacted, one partition.
            load: reads what is announced.
            last_good: reads what may serve in place of an announced version that may not.
        """
        self._topic = topic
        self._load = load
        self._last_good = last_good
        self._metrics = metrics
        self._health = health
        self._consumer = Consumer(
            {
                **librdkafka(kafka),
                "group.id": "ebbwatch-models",  # required, and never committed to
                "enable.auto.commit": False,
                "log_level": 0,  # that Kafka is away, the worker's health says
            }
        )
        self.risk = Risk()
        self.former: Risk | None = None
        """What served before `risk`."""
        health.serving = list(self.risk.versions)

        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="following", daemon=True)

    def start(self) -> None:
        """Follow until `stop`, or until the process ends."""
        self._thread.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._stopping.set()
        self._thread.join()

    def _follow(self) -> None:
        self._consumer.assign([TopicPartition(self._topic, 0, OFFSET_BEGINNING)])
        newest: Message | None = None
        while not self._stopping.is_set():
            message = self._consumer.poll(0.0 if newest is not None else _POLL_S)
            if message is not None and message.error() is None:
                newest = message if message.key() == CHAMPION else newest
            elif newest is not None:  # of what stood there already, only the last one matters
                self._take(newest)
                newest = None
        self._consumer.close()

    def _take(self, message: Message) -> None:
        try:
            risk = self._load(decode(message.key(), message.value()))
        except (AnnouncementError, RegistryError) as fault:
            self._metrics.refused_versions.inc()
            risk = self._instead(fault)
        risk.warm_up()
        begun = time.perf_counter()
        if (risk.versions, risk.thresholds) != (self.risk.versions, self.risk.thresholds):
            self.former = self.risk
        self.risk = risk
        self._metrics.swap.observe(time.perf_counter() - begun)
        self._health.serving = list(risk.versions)
        log.info("%s serves now", " and ".join(risk.versions))

    def _instead(self, fault: Exception) -> Risk:
        """What serves when an announced version cannot: what did before, or the last good one."""
        log.error("an announced model was not taken: %s", fault)
        if self.risk.parts:
            return self.risk
        try:
            return self._last_good()
        except RegistryError as worse:
            log.error("nor is there a last good one: %s", worse)  # noqa: TRY400 no bug of ours
            return self.risk
