"""Many records into Kafka, fast: replay, simulation and benchmarks. Product apps use `producers.client`."""

from types import TracebackType
from typing import Any, Final, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connections.kafka import librdkafka
from domain.events import ClockMark, encode
from producers.topics import MAX_RECORD_BYTES

_POLL_EVERY: Final = 1000


class PublishError(RuntimeError):
    """Kafka did not take a record; what was sent after it may be missing too."""


class Publisher:
    """Sends keyed records and clock marks to one topic.

    The partition of a key is Java's murmur2 of it, as with kafka-python and Java; librdkafka's own
    default disagrees. Each partition keeps the order of the calls. Memory is bounded: a full queue makes
    `send` wait. Not for use by several threads.

    Raises:
        PublishError: from any call, once a record could not be delivered.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        partitions: int,
        *,
        linger_ms: int = 20,
        compression: str = "none",
        timeout_ms: int = 120_000,
    ) -> None:
        """Connects lazily; the topic must exist with `partitions` partitions.

        Args:
            linger_ms: how long a batch waits for more records.
            compression: ``none``, ``lz4``, ``zstd``...
            timeout_ms: a record not acknowledged after this long counts as failed.
        """
        self.topic: Final = topic
        self.partitions: Final = partitions
        self.sent = 0
        """Events handed over; all of them are in Kafka once `flush` has returned."""
        self.marks = 0
        """Clock marks, each written to every partition."""
        self.failed = 0
        """Records that Kafka did not take."""
        self._error: KafkaError | None = None
        self._bootstrap = bootstrap
        self._producer = Producer(
            {
                **librdkafka(bootstrap),
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": compression,
                "linger.ms": linger_ms,
                "batch.num.messages": 10_000,
                "batch.size": 1_000_000,
                "message.max.bytes": MAX_RECORD_BYTES,
                "message.timeout.ms": timeout_ms,
                "queue.buffering.max.messages": 200_000,
                "queue.buffering.max.kbytes": 262_144,
                "delivery.report.only.error": True,  # a Python call for each delivered record costs a third
                "on_delivery": self._on_failure,
                "error_cb": _ignore,  # librdkafka reconnects by itself; records that fail are reported above
                "log_level": 2,
            }
        )

    def send(self, key: bytes, value: bytes) -> None:
        """Hand over one event; returns before it is delivered.

        Args:
            key: the user id in UTF-8.
            value: the encoded event.
        """
        self._produce(value, key, -1)
        self.sent += 1
        if self.sent % _POLL_EVERY == 0:
            self._producer.poll(0)
            self._raise_failure()

    def send_as_is(self, key: bytes | None, value: bytes | None) -> None:
        """Hand over a record that need be no event; without a key it goes to the first partition."""
        self._produce(value, key, 0 if key is None else -1)
        self.sent += 1

    def mark(self, time_ms: int, visits: int | None = None) -> None:
        """Move the clock of every partition to `time_ms` (milliseconds since 1970-01-01 UTC).

        In each partition the mark stands behind all events sent before it.
        """
        record = ClockMark(mark=time_ms) if visits is None else ClockMark(mark=time_ms, visits=visits)
        value = encode(record)
        for partition in range(self.partitions):
            self._produce(value, None, partition)
        self.marks += 1

    def flush(self) -> None:
        """Wait until Kafka has acknowledged everything that was sent."""
        while self._producer.flush(1.0):
            self._raise_failure()
        self._raise_failure()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.flush()
        else:  # the reason is already on its way up: do not wait for Kafka, nor hide it
            self._producer.purge()
            self._producer.flush(1.0)

    def _produce(self, value: bytes | None, key: bytes | None, partition: int) -> None:
        while True:
            try:
                self._producer.produce(self.topic, value, key, partition)
            except BufferError:  # the queue is full: let deliveries make room
                self._producer.poll(0.05)
                self._raise_failure()
            except KafkaException as error:
                self.failed += 1
                raise PublishError(f"Kafka does not take a record for {self.topic}: {error}") from error
            else:
                return

    def _on_failure(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self.failed += 1
            self._error = self._error or error

    def _raise_failure(self) -> None:
        if self._error is not None:
            raise PublishError(
                f"{self.failed:,} records for {self.topic} did not reach Kafka at {self._bootstrap}: "
                f"{self._error.str()}"
            )


def _ignore(_error: Any) -> None:
    pass
