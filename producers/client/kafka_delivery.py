"""Delivery to Kafka itself."""

import atexit
import logging
import socket
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
        self._in_flight = self._in_flight_bytes = 0
        self._producer: KafkaProducer | None = None
        self._thread.start()

    def _deliver(self, records: Sequence[Record]) -> None:
        for record in records:
            self._hand_over(record)

    def _end(self) -> None:
        if self._producer is not None:
            _end(self._producer)

    def _hand_over(self, record: Record) -> None:
        """Hand one record to the producer; only stopping ends the attempts."""
        with self._counts:
            self._counts.wait_for(self._may_go)
        while not self._stopping.is_set():
            try:
                future = self._connected().send(self._topic, key=record.key, value=record.value)
            except (KafkaError, OSError) as error:
                self._trouble(error, _RETRY_SECONDS)
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
