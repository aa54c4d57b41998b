"""Delivery to Kafka itself."""

import atexit
import logging
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from producers.client.buffer import Buffer, Record
from producers.client.delivery import Delivery

_IN_FLIGHT: Final = 5_000
_IN_FLIGHT_BYTES: Final = 16 << 20
_RETRY_SECONDS: Final = 1.0
_NEVER_MS: Final = 2**31 - 1  # 24 days: what is on its way waits for Kafka, however long it is away
_END_SECONDS: Final = 1.0
_KNOCK_SECONDS: Final = 2.0
_PROXIES: Final = ("proxy_url", "socks5_proxy")


class KafkaDelivery(Delivery):
    """Owns the producer too."""

    def __init__(
        self,
        buffer: Buffer,
        topic: str,
        producer_settings: Mapping[str, Any],
        logger: logging.Logger,
        at_exit: Callable[[], None],
    ) -> None:
        super().__init__(buffer, logger, "Kafka")
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
        self._at_exit = at_exit
        self._on_the_way: dict[int, Record] = {}
        """Handed to the producer and not acknowledged, by number, in order."""
        self._bytes_on_the_way = self._number = 0
        self._broken = False
        """The producer has given up for good; what is on the way goes to another one."""
        self._producer: KafkaProducer | None = None
        self._thread.start()

    def _deliver(self, records: Sequence[Record]) -> None:
        waiting = deque(records)
        while not self._stopping.is_set():
            if self._broken:
                waiting.extendleft(reversed(self._taken_back()))
            if not waiting:
                return
            with self._counts:
                self._counts.wait_for(self._may_go)
            if not self._broken and self._handed_over(waiting[0]):
                waiting.popleft()

    def _end(self) -> None:
        if self._producer is not None:
            _end(self._producer)

    def _handed_over(self, record: Record) -> bool:
        """Give one record to the producer; False, after a while, if it does not take it."""
        with self._counts:  # it may be acknowledged before `send` returns
            number = self._number = self._number + 1
            self._on_the_way[number] = record
            self._bytes_on_the_way += record.size
        try:
            future = self._connected().send(self._topic, key=record.key, value=record.value)
        except (KafkaError, OSError) as error:
            self._arrived(number)
            self._trouble(error, _RETRY_SECONDS)
            return False
        future.add_callback(self._acknowledged, number)
        future.add_errback(self._refused, number)
        return True

    def _taken_back(self) -> list[Record]:
        """What was on the way to a producer that has given up, in its order, for the next one.

        It gets no answer to its first word, which asks for its number, and refuses all that follows. What Kafka has
        already keeps its event id.
        """
        self._trouble(self._last_error or "the producer has given up", _RETRY_SECONDS)
        if self._producer is not None:
            _end(self._producer)
            self._producer = None
        with self._counts:
            records = list(self._on_the_way.values())
            self._on_the_way.clear()
            self._bytes_on_the_way = 0
            self._broken = False
        return records

    def _may_go(self) -> bool:
        # the producer itself knows no bound
        room = len(self._on_the_way) < _IN_FLIGHT and self._bytes_on_the_way < _IN_FLIGHT_BYTES
        return room or self._broken or self._stopping.is_set()

    def _connected(self) -> KafkaProducer:
        if self._producer is None:
            if self._settings.keys().isdisjoint(_PROXIES):
                _knock(self._settings["bootstrap_servers"])
            self._producer = KafkaProducer(**self._settings)
            # exit handlers run last in, first out, and the producer's own throws away what waits
            atexit.unregister(self._at_exit)
            atexit.register(self._at_exit)
        return self._producer

    def _arrived(self, number: int) -> bool:
        """It is on the way no more; False if it was not."""
        with self._counts:
            record = self._on_the_way.pop(number, None)
            if record is not None:
                self._bytes_on_the_way -= record.size
        return record is not None

    def _acknowledged(self, number: int, _metadata: object) -> None:
        with self._counts:
            if self._arrived(number):
                self._sent += 1
            self._counts.notify_all()

    def _refused(self, number: int, error: BaseException) -> None:
        with self._counts:
            self._last_error = f"{type(error).__name__}: {error}"
            if self._given_up():
                self._broken = True
            elif self._arrived(number) and not self._stopping.is_set():  # else `close` counts what is left
                self._failed += 1
            self._counts.notify_all()
        if not self._broken and not self._stopping.is_set():
            self._remind("refused", "Kafka refused an event: %s", self._last_error)

    def _given_up(self) -> bool:
        """Not of one record, but of all: nothing public tells so."""
        manager = None if self._producer is None else self._producer._transaction_manager  # noqa: SLF001
        return manager is not None and bool(manager.has_fatal_error())


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
