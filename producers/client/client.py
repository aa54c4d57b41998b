"""`EbbwatchClient`: what a product app calls."""

import atexit
import logging
import os
import time as wall
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from connections.kafka import kafka_python
from domain.events import Event, fields, milliseconds
from producers.client.buffer import Buffer, OnFull, Record
from producers.client.delivery import Delivery, Stats
from producers.client.http_delivery import HttpDelivery
from producers.client.kafka_delivery import KafkaDelivery
from producers.validate import InvalidEventError, encoded


class ClientClosedError(RuntimeError):
    """The client was closed, or belongs to the process that this one was forked from."""


class EbbwatchClient:
    """Sends events to Kafka, or to the HTTP API, from a background thread; safe for many threads.

    `track` checks and buffers, and returns within microseconds; Kafka or the API may be away. The buffer is bounded.
    When it is full, `on_full` decides: ``drop_oldest`` (the default: the newest tell most about who is here),
    ``drop_newest``, or ``block``, which waits `max_block_seconds` and then drops the new event. What was
    dropped is counted in `stats` and logged. At exit, and on leaving the ``with`` block, what waits is
    delivered.

    Make the client after forking (in gunicorn: in `post_fork`): a thread does not survive a fork.
    """

    def __init__(
        self,
        address: str,
        topic: str = "session-events",
        *,
        key: str = "",
        max_buffer_events: int = 100_000,
        max_buffer_bytes: int = 67_108_864,
        on_full: OnFull = "drop_oldest",
        max_block_seconds: float = 0.5,
        close_seconds: float = 5.0,
        logger: logging.Logger | None = None,
        clock: Callable[[], int] = lambda: wall.time_ns() // 1_000_000,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        producer_settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Returns at once; the background thread connects.

        Args:
            address: of Kafka, ``host:port``, several with commas; or of the API, ``http://host:port``.
            topic: in Kafka; the API knows by itself.
            key: of the API, with the scope ingest.
            max_buffer_events, max_buffer_bytes: at most so much waits in memory; up to 5,500 events or 16 MiB
                more may be on their way.
            close_seconds: how long the end of the process may be held up by events that wait.
            clock: milliseconds since 1970-01-01 UTC, for events without a time.
            producer_settings: further ones of kafka-python's `KafkaProducer`; those of TLS and SASL come from the
                environment (`connections.kafka.VARIABLES`) unless they are given here.
        """
        self._buffer: Final = Buffer(max_buffer_events, max_buffer_bytes, on_full, max_block_seconds)
        self._clock = clock
        self._new_id = new_id
        self._close_seconds = close_seconds
        self._closed = False
        self._process = os.getpid()
        logger = logger or logging.getLogger("ebbwatch.client")
        self._delivery: Final[Delivery] = (
            HttpDelivery(self._buffer, address, key, logger)
            if address.startswith(("http://", "https://"))
            else KafkaDelivery(
                self._buffer,
                topic,
                kafka_python(address) | dict(producer_settings or {}),
                logger,
                self._at_exit,
            )
        )
        atexit.register(self._at_exit)

    def track(
        self,
        user_id: str,
        type: str,  # noqa: A002 the field's name
        *,
        event_id: str | None = None,
        time: int | datetime | None = None,
        **values: Any,
    ) -> str:
        """Tell that a user did something.

        Args:
            type: one of `domain.events.EVENT_TYPES`, or a name of your own.
            event_id: give one to make repeats harmless; else one is made.
            time: milliseconds since 1970-01-01 UTC, or a datetime with a zone; now, if absent.
            values: further fields of `domain.events.Event`; `properties` takes any mapping.

        Returns:
            The event's id.

        Raises:
            InvalidEventError: the event breaks the schema; names the field.
            ClientClosedError: too late, or in a forked process.
        """
        if self._closed or os.getpid() != self._process:
            raise ClientClosedError(
                "the client is closed"
                if self._closed
                else "this client was made before the process forked: make one in each process"
            )
        if isinstance(time, datetime):
            if time.tzinfo is None:
                raise InvalidEventError("time", "bad_time", f"{time} has no time zone: give one, such as UTC")
            time = milliseconds(time)
        event = _event(
            {
                "event_id": self._new_id() if event_id is None else event_id,
                "user_id": user_id,
                "type": type,
                "time": self._clock() if time is None else time,
                **values,
            }
        )
        value = encoded(event)
        self._delivery.accept(Record(event.user_id.encode(), value))
        return event.event_id

    def stats(self) -> Stats:
        """What became of the events so far."""
        return self._delivery.stats()

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all events were delivered: True; or until `timeout` seconds have passed: False."""
        return self._delivery.flush(timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Deliver what waits, for at most `timeout` (`close_seconds`) seconds, and end the thread.

        Returns:
            Whether all was delivered. Calling it again does nothing.
        """
        if os.getpid() != self._process:
            return False  # its locks are as the fork found them: touch nothing
        if self._closed:
            return self._delivery.stats().failed == 0
        self._closed = True
        atexit.unregister(self._at_exit)
        return self._delivery.close(self._close_seconds if timeout is None else timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _at_exit(self) -> None:
        self.close()


def _event(values: dict[str, Any]) -> Event:
    unknown = sorted(values.keys() - set(fields()))
    if unknown:
        raise InvalidEventError(
            unknown[0],
            "unknown_field",
            f"no such field; there are {', '.join(fields())}; your own data goes into properties",
        )
    return Event(**values)
