"""The last value of each key of a small compacted topic."""

import time
from collections.abc import Mapping
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from connections.kafka import librdkafka
from control.log import LogError

_PATIENCE_S: Final = 20.0
_LOOK_S: Final = 0.1


class Newest:
    """The last value of each key of a compacted topic of one partition. A context manager."""

    def __init__(self, kafka: str, topic: str) -> None:
        self._topic = topic
        self._values: dict[bytes, bytes | None] = {}
        self._caught_up = False
        self._consumer = Consumer(
            {
                **librdkafka(kafka),
                "group.id": "ebbwatch-reader",  # required, and never committed to
                "enable.auto.commit": False,
                "enable.partition.eof": True,
            }
        )
        self._consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])

    def __enter__(self) -> "Newest":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def look(self) -> Mapping[bytes, bytes | None]:
        """Values by key as they are now; only the first look waits, until the topic is read to its end.

        Raises:
            LogError: Kafka does not answer.
        """
        give_up = time.monotonic() + _PATIENCE_S
        while True:
            message = self._consumer.poll(0.0 if self._caught_up else _LOOK_S)
            if message is None:
                if self._caught_up:
                    return self._values
                if time.monotonic() > give_up:
                    raise LogError(f"topic {self._topic} cannot be read: Kafka does not answer")
                continue
            error = message.error()
            if error is None:
                self._values[message.key() or b""] = message.value()
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own codes have such names
                self._caught_up = True
                return self._values
