"""Records into Kafka from an event loop: a batch is awaited until Kafka has acknowledged every record of it."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connections.ending import ended
from connections.kafka import librdkafka
from producers.topics import MAX_RECORD_BYTES

log = logging.getLogger("ebbwatch.producer")

_POLL_S: Final = 0.001
"""Between looks at deliveries while something is on its way: far below the time that Kafka takes."""
_IDLE_S: Final = 0.5
_PROBE_S: Final = 1.0


class KafkaAwayError(RuntimeError):
    """Kafka has not acknowledged all of a batch: some of it may be there, none of it is promised."""


class Outgoing(NamedTuple):
    """One record."""

    key: bytes | None
    value: bytes
    headers: list[tuple[str, str | bytes | None]] | None = None


class _Batch:
    """Counts deliveries; all callbacks come from the loop's own thread."""

    __slots__ = ("_done", "_fault", "_gone", "_left")

    def __init__(self, done: asyncio.Future[None], gone: Callable[[str], None]) -> None:
        self._done = done
        self._gone = gone
        self._left = 1  # until all are handed over
        self._fault: KafkaError | None = None

    def expect(self) -> None:
        """One more record."""
        self._left += 1

    def delivered(self, error: KafkaError | None, _message: Message | None) -> None:
        """One fewer."""
        if error is not None and self._fault is None:
            self._fault = error
            self._gone(error.str())
        self._left -= 1
        if self._left == 0 and not self._done.done():
            if self._fault is None:
                self._done.set_result(None)
            else:
                self._done.set_exception(KafkaAwayError(self._fault.str()))


class AcknowledgedProducer:
    """Idempotent, acks=all; records of a key keep the order of the calls. For one event loop, without threads.

    Deliveries are looked for by the loop itself, so that no callback crosses threads. Once Kafka is known to be away,
    nothing more is taken until it answers again: what nobody has been promised need not be kept.
    """

    def __init__(self, bootstrap: str, *, patience_ms: int = 5_000, linger_ms: int = 2) -> None:
        """Connects lazily.

        Args:
            patience_ms: a record not acknowledged after so long counts as failed.
            linger_ms: how long a batch waits for more records.
        """
        self._settings: dict[str, Any] = {
            **librdkafka(bootstrap),
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": linger_ms,
            "compression.type": "lz4",
            "batch.num.messages": 10_000,
            "message.max.bytes": MAX_RECORD_BYTES,
            "message.timeout.ms": patience_ms,
            "request.timeout.ms": patience_ms,
            "socket.timeout.ms": patience_ms + 1_000,
            "reconnect.backoff.max.ms": 1_000,
            "queue.buffering.max.messages": 200_000,
            "queue.buffering.max.kbytes": 131_072,
            "allow.auto.create.topics": False,  # it would have the broker's default partitions
            "error_cb": self._on_error,
            "log_level": 2,
        }
        self._producer = Producer(self._settings)
        self._under_way = 0
        self._polling: asyncio.TimerHandle | None = None
        self._probing: asyncio.Task[None] | None = None
        self.away = ""
        """Why nothing is taken at present; empty while Kafka answers."""

    async def send(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Return when Kafka has all of them.

        Raises:
            KafkaAwayError: it has not acknowledged all; what it has of them is not known.
        """
        if self.away:
            raise KafkaAwayError(self.away)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        batch = _Batch(done, self._gone)
        produce, delivered = self._producer.produce, batch.delivered
        self._under_way += 1
        if self._under_way == 1:  # else it is looked for already
            self._look_soon()
        try:
            for key, value, headers in records:
                batch.expect()
                try:
                    if headers is None:
                        produce(topic, value, key, on_delivery=delivered)
                    else:
                        produce(topic, value, key, on_delivery=delivered, headers=headers)
                except (BufferError, KafkaException) as fault:
                    raise KafkaAwayError(f"the queue to Kafka is full: {fault}") from fault
            batch.delivered(None, None)
            await done
        finally:
            self._under_way -= 1
            done.cancel()  # nobody asks any more

    def start(self) -> None:
        """Look for errors and for Kafka's return; to be called from the loop."""
        self._look_soon()
        self._probing = asyncio.create_task(self._probe())

    async def stop(self) -> None:
        """Wait a moment for what is under way, then let go."""
        if self._probing is not None:
            await ended((self._probing,))
        if self._polling is not None:
            self._polling.cancel()
            self._polling = None
        await asyncio.to_thread(self._producer.flush, 2.0)

    def _look_soon(self) -> None:
        if self._polling is not None:
            self._polling.cancel()
        wait = _POLL_S if self._under_way else _IDLE_S
        self._polling = asyncio.get_running_loop().call_later(wait, self._look)

    def _look(self) -> None:
        self._polling = None
        self._producer.poll(0)
        self._look_soon()

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():  # this producer will take nothing any more
            log.error("the producer is made anew: %s", error.str())
            self._producer = Producer(self._settings)
        elif error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - librdkafka's own codes have such names
            self._gone(error.str())

    def _gone(self, why: str) -> None:
        if not self.away:
            log.warning("Kafka takes no events: %s", why)
        self.away = why or "Kafka does not answer"

    async def _probe(self) -> None:
        """Ask while it is away, one thread at a time."""
        while True:
            await asyncio.sleep(_PROBE_S)
            if self.away:
                with suppress(KafkaException):
                    await asyncio.to_thread(self._producer.list_topics, timeout=_PROBE_S)
                    self.away = ""
                    log.info("Kafka answers again")
