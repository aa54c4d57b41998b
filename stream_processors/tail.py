"""The end of a small topic of one partition, followed by offsets that are kept elsewhere."""

import logging
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connections.kafka import librdkafka

log = logging.getLogger("ebbwatch.notifier")

_PATIENCE_S: Final = 10.0


class Taken(NamedTuple):
    """One record."""

    offset: int
    key: bytes
    value: bytes | None


class Tail:
    """Reads on from an offset. One thread."""

    def __init__(self, kafka: str, topic: str, offset: int) -> None:
        self._topic = topic
        self.offset = offset
        """Of the next record."""
        self._consumer = Consumer(
            {
                **librdkafka(kafka),
                "group.id": "ebbwatch-notifier",  # required, and never committed to: positions are in Redis
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",  # what a retention has taken is gone
                "fetch.wait.max.ms": 50,
                "log_level": 2,
            }
        )
        self._consumer.assign([TopicPartition(topic, 0, offset)])

    def close(self) -> None:
        """Read no more."""
        self._consumer.close()

    def take(self, most: int, patience_s: float) -> list[Taken]:
        """The next records, at most `most`; empty after `patience_s` without one."""
        messages: list[Any] = []
        first = self._consumer.poll(patience_s)
        if first is not None:
            messages = [first, *self._consumer.consume(most - 1, 0.0)]
        taken = []
        for message in messages:
            if message.error() is not None:
                log.warning("%s: %s", self._topic, message.error().str())
                continue
            taken.append(Taken(message.offset(), message.key() or b"", message.value()))
            self.offset = message.offset() + 1
        return taken

    def at_end(self) -> bool:
        """Whether nothing was written behind what is taken.

        Raises:
            OSError: Kafka does not answer.
        """
        return self.behind() == 0

    def behind(self) -> int:
        """Records behind what is taken.

        Raises:
            OSError: Kafka does not answer.
        """
        try:
            _, end = self._consumer.get_watermark_offsets(TopicPartition(self._topic, 0), _PATIENCE_S)
        except KafkaException as fault:
            raise OSError(f"{self._topic}: {fault}") from fault
        return max(0, int(end) - self.offset)
