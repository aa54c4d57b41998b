"""All partitions of the topic of events, read on from where the archive stands."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition

from connections.kafka import librdkafka

log = logging.getLogger("ebbwatch.archiver")

_TIMEOUT_S: Final = 5.0
_AT_ONCE: Final = 10_000
_BUFFER_KB: Final = 32_768
_OUT_OF_RANGE: Final = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)  # noqa: SLF001


class CutLogError(RuntimeError):
    """The log does not hold what the archive has to go on from."""


class Taken(NamedTuple):
    """One record."""

    key: bytes | None
    value: bytes | None
    timestamp: int
    """Kafka's time, ms."""


class LogTail:
    """The topic from the archive's positions to wherever it grows. A context manager; one thread."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        partitions: int,
        positions: Mapping[int, int],
        group: str,
        away: Callable[[str], None],
    ) -> None:
        """
        Args:
            positions: offset of the next record by partition; one without begins where the log does.
            group: under which `commit` says how far it is.
            away: told, from within other calls, when Kafka does not answer.
        """
        self._topic = topic
        self._partitions = partitions
        self.positions = dict(positions)
        self._consumer = Consumer(
            {
                **librdkafka(bootstrap),
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 200,
                "queued.max.messages.kbytes": _BUFFER_KB,
                "error_cb": lambda error: away(str(error)),
                "log_level": 2,
            }
        )

    def __enter__(self) -> "LogTail":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def begin(self) -> None:
        """Take up the reading.

        Raises:
            CutLogError: the log does not reach from a position on.
            KafkaException: Kafka is away.
        """
        for partition in range(self._partitions):
            low, high = self._bounds(partition)
            at = self.positions.setdefault(partition, low)
            if not low <= at <= high:
                raise CutLogError(
                    f"partition {partition} of {self._topic} holds offsets {low} to {high}, but the archive has to "
                    f"go on from {at}: part of the log was deleted before it was archived, or it is another topic of "
                    "that name; what is archived stays, a new archive can begin under another EBBWATCH_ARCHIVE_LOG"
                )
            if at == low > 0:
                log.info("partition %s: the log begins at offset %s", partition, low)
        self._consumer.assign([TopicPartition(self._topic, p, at) for p, at in self.positions.items()])

    def take(self, wait_s: float) -> dict[int, list[Taken]]:
        """The next records by partition, in order; none if there are none within `wait_s`.

        Raises:
            CutLogError: records are missing.
        """
        taken: dict[int, list[Taken]] = {}
        for message in self._consumer.consume(_AT_ONCE, timeout=wait_s):
            if self._sound(message):
                taken.setdefault(int(message.partition() or 0), []).append(
                    Taken(message.key(), message.value(), message.timestamp()[1])
                )
        return taken

    def lags(self) -> dict[int, int]:
        """Records that are not taken yet, by partition.

        Raises:
            KafkaException: Kafka is away.
        """
        return {p: max(0, self._bounds(p)[1] - self.positions[p]) for p in range(self._partitions)}

    def commit(self, positions: Mapping[int, int]) -> None:
        """Tell Kafka what is archived, for those who measure the lag.

        Raises:
            KafkaException: Kafka is away.
        """
        reached = [TopicPartition(self._topic, p, offset) for p, offset in positions.items()]
        if reached:
            self._consumer.commit(offsets=reached, asynchronous=False)

    def _bounds(self, partition: int) -> tuple[int, int]:
        low, high = self._consumer.get_watermark_offsets(
            TopicPartition(self._topic, partition), timeout=_TIMEOUT_S, cached=False
        )
        return int(low), int(high)

    def _sound(self, message: Any) -> bool:
        """Whether it is a record; notes that it was taken."""
        error = message.error()
        if error is not None:
            if error.code() in _OUT_OF_RANGE:
                raise CutLogError(f"{self._topic} no longer holds what comes next: {error}")
            log.warning("%s: %s", self._topic, error)
            return False
        partition, offset = int(message.partition() or 0), int(message.offset() or 0)
        if offset != self.positions[partition]:
            raise CutLogError(
                f"partition {partition} of {self._topic}: offset {self.positions[partition]} is gone, "
                f"the next is {offset}"
            )
        self.positions[partition] = offset + 1
        return True
