"""Reading the log from outside the workers: its bounds, and its records in order."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from connections.kafka import librdkafka

_POLL: Final = 5000
_SILENCE_S: Final = 30.0
_PATIENCE_S: Final = 15.0  # a new topic's leaders are known a moment after its creation


_PASSING: Final = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._TRANSPORT,  # noqa: SLF001 - librdkafka's own codes have such names
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
    }
)


class LogError(RuntimeError):
    """Kafka does not answer, or the log is not as it was said to be."""


class LogBounds(NamedTuple):
    """Offsets that a partition of the log holds."""

    earliest: int
    end: int


class Record(NamedTuple):
    """One record of the log."""

    offset: int
    timestamp: int
    """Kafka's time of it, ms."""
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


class Log:
    """One topic, read without a consumer group. A context manager."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._consumer = Consumer(
            {
                **librdkafka(bootstrap),
                "group.id": "ebbwatch-reader",  # required, and never committed to
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": False,
                "fetch.message.max.bytes": 8_388_608,
                "queued.max.messages.kbytes": 32_768,
            }
        )

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def bounds(self, partition: int) -> LogBounds:
        """Earliest offset and end of a partition.

        Raises:
            LogError: Kafka does not answer.
        """
        try:
            return self._bounds(TopicPartition(self._topic, partition))
        except KafkaException as fault:
            raise LogError(f"partition {partition} of {self._topic}: {fault}") from fault

    @retry(
        retry=retry_if_exception(lambda fault: isinstance(fault, KafkaException) and _passes(fault)),
        wait=wait_fixed(0.2),
        stop=stop_after_delay(_PATIENCE_S),
        reraise=True,
    )
    def _bounds(self, partition: TopicPartition) -> LogBounds:
        return LogBounds(*self._consumer.get_watermark_offsets(partition, timeout=10))

    def ends(self, partitions: int) -> dict[int, int]:
        """End of each partition."""
        return {partition: self.bounds(partition).end for partition in range(partitions)}

    def read(self, partition: int, start: int, stop: int) -> Iterator[Record]:
        """Records from offset `start` up to, and without, `stop`.

        Raises:
            LogError: they are not there, or Kafka stops answering.
        """
        if start >= stop:
            return
        self._consumer.assign([TopicPartition(self._topic, partition, start)])
        expected = start
        while expected < stop:
            # no more than there are: it waits until it has so many
            messages = self._consumer.consume(min(_POLL, stop - expected), timeout=_SILENCE_S)
            if not messages:
                raise LogError(f"partition {partition} of {self._topic}: no answer at offset {expected}")
            for message in messages:
                if message.error():
                    raise LogError(f"partition {partition} of {self._topic}: {message.error()}")
                record = _record(message)
                if record.offset >= stop:
                    break
                if record.offset != expected:
                    raise LogError(
                        f"partition {partition} of {self._topic}: offset {expected} is gone, "
                        f"the next one is {record.offset}"
                    )
                yield record
                expected += 1
        self._consumer.unassign()


def _passes(fault: KafkaException) -> bool:
    return fault.args[0].code() in _PASSING


def _record(message: Any) -> Record:
    return Record(
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        {name: value or b"" for name, value in message.headers() or ()},
    )
