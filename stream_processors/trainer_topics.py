"""Following a topic of one partition from an offset on."""

import logging
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition

from connections.kafka import librdkafka

log = logging.getLogger("ebbwatch.trainer")

_AT_ONCE: Final = 4
"""Records taken at a time: a block of snapshots has half a megabyte."""
_BUFFER_KB: Final = 1_024
_FETCH_BYTES: Final = 1_048_576
_TIMEOUT_S: Final = 5.0


class CutTopicError(RuntimeError):
    """A topic does not hold what training has to go on from."""


class Taken(NamedTuple):
    """One record."""

    offset: int
    value: bytes | None


class Tail:
    """One topic from an offset to wherever it grows. A context manager."""

    def __init__(
        self, bootstrap: str, topic: str, start: int, away: Callable[[str], None], group: str
    ) -> None:
        """
        Args:
            group: under which `commit` says how far it is.
            start: offset of the first record to read.
            away: told, from within other calls, when Kafka does not answer.
        """
        self._topic = topic
        self._start = start
        self._committed = -1
        self.position = start
        """Offset of the next record."""
        self._consumer = Consumer(
            {
                **librdkafka(bootstrap),
                "group.id": group,  # committed to for those who measure the lag; the checkpoint decides
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "fetch.message.max.bytes": _FETCH_BYTES,
                "queued.max.messages.kbytes": _BUFFER_KB,
                "error_cb": lambda error: away(str(error)),
            }
        )

    def __enter__(self) -> "Tail":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def begin(self) -> None:
        """Take up the reading.

        Raises:
            CutTopicError: the topic does not reach from `start` on: it was cut off, or is another one.
            KafkaException: Kafka is away.
        """
        low, high = self._consumer.get_watermark_offsets(
            TopicPartition(self._topic, 0), timeout=_TIMEOUT_S, cached=False
        )
        if not low <= self._start <= high:
            raise CutTopicError(
                f"topic {self._topic} holds offsets {low} to {high}, but training has to go on from {self._start}: "
                "part of it was deleted, or it is another topic of that name"
            )
        self._consumer.assign([TopicPartition(self._topic, 0, self._start)])

    def end(self) -> int:
        """Offset after the last record.

        Raises:
            KafkaException: Kafka is away.
        """
        bounds = self._consumer.get_watermark_offsets(
            TopicPartition(self._topic, 0), timeout=_TIMEOUT_S, cached=False
        )
        return int(bounds[1])

    def commit(self) -> None:
        """Tell Kafka that all up to here was dealt with, without waiting for its answer."""
        if self.position == self._committed:
            return
        self._committed = self.position
        self._consumer.commit(offsets=[TopicPartition(self._topic, 0, self.position)], asynchronous=True)

    def take(self, wait_s: float) -> list[Taken]:
        """The next records, none if there are none within `wait_s`.

        Raises:
            CutTopicError: records are missing.
        """
        taken = []
        for message in self._consumer.consume(_AT_ONCE, timeout=wait_s):
            record = self._checked(message)
            if record is not None:
                taken.append(record)
        return taken

    def _checked(self, message: Any) -> Taken | None:
        error = message.error()
        if error is not None:
            if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):  # noqa: SLF001
                raise CutTopicError(f"topic {self._topic} no longer holds offset {self.position}: {error}")
            log.warning("topic %s: %s", self._topic, error)
            return None
        if message.offset() != self.position:
            raise CutTopicError(
                f"topic {self._topic}: offset {self.position} is gone, the next is {message.offset()}"
            )
        self.position += 1
        return Taken(message.offset(), message.value())
