"""The background thread that brings buffered records to Kafka, and the count of what became of each."""

import atexit
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from threading import Condition, Event, Thread
from time import monotonic
from typing import Any, Final

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from producers.client.buffer import Buffer, Record

_TAKE: Final = 500
_IN_FLIGHT: Final = 5_000
_IN_FLIGHT_BYTES: Final = 16 << 20
_IDLE_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 1.0
_NEVER_MS: Final = 2**31 - 1  # 24 days: what is on its way waits for Kafka, however long it is away
_REMIND_SECONDS: Final = 30.0
_END_SECONDS: Final = 1.0
_KNOCK_SECONDS: Final = 2.0
_PROXIES: Final = ("proxy_url", "socks5_proxy")


class Stats(msgspec.Struct, frozen=True):
    """Counts since the client was made; ``queued = sent + dropped + failed + waiting``."""

    queued: int
    """Valid events that were handed over."""
    sent: int
    """Acknowledged by Kafka."""
    dropped: int
    """Given up for want of room in the buffer."""
    failed: int
    """Refused by Kafka, or not delivered when the client was closed."""
    waiting: int
    last_error: str | None


class Delivery:
    """Owns the thread, the producer and the counts. Records keep their order for each key."""

    def __init__(
        self,
        buffer: Buffer,
        topic: str,
        producer_settings: Mapping[str, Any],
        logger: logging.Logger,
        at_exit: Callable[[], None],
    ) -> None:
        self._buffer = buffer
        self._topic = topic
        self._settings: dict[str, Any] = {
            "enable_idempotence": True,
            "acks": "all",
            "linger_ms": 20,
            "batch_size": 65_536,
            "delivery_timeout_ms": _NEVER_MS,
            "max_block_ms": 2_000,
            "bootstrap_timeout_ms": 2_000,
            "reconnect_backoff_max_ms": 2_000,
            # made here, it would have the broker's default partitions, and users would move
            "allow_auto_create_topics": False,
        } | dict(producer_settings)
        self._log = logger
        self._at_exit = at_exit
        self._counts = Condition()
        self._queued = self._sent = self._dropped = self._failed = 0
        self._in_flight = self._in_flight_bytes = 0
        self._last_error: str | None = None
        self._reminded: dict[str, float] = {}
        self._stopping = Event()
        self._producer: KafkaProducer | None = None
        self._thread = Thread(target=self._run, name="ebbwatch-client", daemon=True)
        self._thread.start()

    def accept(self, record: Record) -> None:
        """Buffer one record."""
        with self._counts:
            self._queued += 1
        dropped = self._buffer.put(record)
        if dropped:
            with self._counts:
                self._dropped += dropped
                self._counts.notify_all()
            self._remind("full", "the buffer is full: %d events dropped so far", self._dropped)

    def stats(self) -> Stats:
        """The counts at this moment."""
        with self._counts:
            return Stats(
                self._queued, self._sent, self._dropped, self._failed, self._waiting(), self._last_error
            )

    def flush(self, timeout: float) -> bool:
        """True once nothing waits any more, False after `timeout` seconds."""
        with self._counts:
            return self._counts.wait_for(lambda: self._waiting() == 0, timeout)

    def close(self, timeout: float) -> bool:
        """Deliver what waits, for at most `timeout` seconds, and end the threads; True if nothing is left."""
        self._buffer.close()
        self.flush(timeout)
        self._stopping.set()
        with self._counts:
            self._counts.notify_all()
        self._thread.join()
        with self._counts:
            left = self._waiting()
            self._failed += left
        if left:
            self._log.error("closed with %d events undelivered: %s", left, self._last_error)
        return left == 0

    def _waiting(self) -> int:
        return self._queued - self._sent - self._dropped - self._failed

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                for record in self._buffer.take(_TAKE, _IDLE_SECONDS):
                    self._deliver(record)
        finally:
            if self._producer is not None:
                _end(self._producer)

    def _deliver(self, record: Record) -> None:
        """Hand one record to the producer; only stopping ends the attempts."""
        with self._counts:
            self._counts.wait_for(self._may_go)
        while not self._stopping.is_set():
            try:
                future = self._connected().send(self._topic, key=record.key, value=record.value)
            except (KafkaError, OSError) as error:
                self._trouble(error)
                continue
            size = len(record.key) + len(record.value)
            with self._counts:
                self._in_flight += 1
                self._in_flight_bytes += size
            future.add_callback(self._acknowledged, size)
            future.add_errback(self._refused, size)
            return

    def _may_go(self) -> bool:
        # the producer itself knows no bound
        room = self._in_flight < _IN_FLIGHT and self._in_flight_bytes < _IN_FLIGHT_BYTES
        return room or self._stopping.is_set()

    def _connected(self) -> KafkaProducer:
        if self._producer is None:
            if self._settings.keys().isdisjoint(_PROXIES):
                _knock(self._settings["bootstrap_servers"])
            self._producer = KafkaProducer(**self._settings)
            # exit handlers run last in, first out, and the producer's own throws away what waits
            atexit.unregister(self._at_exit)
            atexit.register(self._at_exit)
        return self._producer

    def _trouble(self, error: BaseException | None) -> None:
        self._last_error = f"{type(error).__name__}: {error}"
        self._remind("away", "Kafka does not take events, they wait: %s", self._last_error)
        self._stopping.wait(_RETRY_SECONDS)

    def _acknowledged(self, size: int, _metadata: object) -> None:
        with self._counts:
            self._in_flight -= 1
            self._in_flight_bytes -= size
            self._sent += 1
            self._counts.notify_all()

    def _refused(self, size: int, error: BaseException) -> None:
        with self._counts:
            self._in_flight -= 1
            self._in_flight_bytes -= size
            if not self._stopping.is_set():  # else `close` counts what is left
                self._failed += 1
            self._last_error = f"{type(error).__name__}: {error}"
            self._counts.notify_all()
        if not self._stopping.is_set():
            self._remind("refused", "Kafka refused an event: %s", self._last_error)

    def _remind(self, what: str, message: str, detail: object) -> None:
        """Warn, but not for every event."""
        now = monotonic()
        if now - self._reminded.get(what, -_REMIND_SECONDS) >= _REMIND_SECONDS:
            self._reminded[what] = now
            self._log.warning(message, detail)


def _knock(servers: Sequence[str]) -> None:
    """Raise `OSError` if no server listens: kafka-python 3.0 leaves sockets open where it cannot connect."""
    refused = OSError("no bootstrap server is named")
    for server in servers:
        host, _, port = server.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), _KNOCK_SECONDS).close()
        except OSError as error:
            refused = OSError(f"{server}: {error}")
        else:
            return
    raise refused


def _end(producer: KafkaProducer) -> None:
    try:
        producer.close(timeout=_END_SECONDS)
    except KafkaError:
        # with records undelivered, kafka-python 3.0 raises before it ends its own thread
        producer._sender.force_close()  # noqa: SLF001
        producer._sender.join(_END_SECONDS)  # noqa: SLF001
        producer.close(timeout=_END_SECONDS)
