"""The background thread that brings buffered records out, and the count of what became of each."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from threading import Condition, Event, Thread
from time import monotonic
from typing import Final

import msgspec

from producers.client.buffer import Buffer, Record

_TAKE: Final = 500
_IDLE_SECONDS: Final = 0.5
_REMIND_SECONDS: Final = 30.0


class Stats(msgspec.Struct, frozen=True):
    """Counts since the client was made; ``queued = sent + dropped + failed + waiting``."""

    queued: int
    """Valid events that were handed over."""
    sent: int
    """Acknowledged by Kafka."""
    dropped: int
    """Given up for want of room in the buffer."""
    failed: int
    """Refused by Kafka or the API, or not delivered when the client was closed."""
    waiting: int
    last_error: str | None


class Delivery(ABC):
    """Owns the thread and the counts. Records keep their order for each key."""

    def __init__(self, buffer: Buffer, logger: logging.Logger, away: str) -> None:
        """
        Args:
            away: who takes no events, for the log.
        """
        self._buffer = buffer
        self._log = logger
        self._away = away
        self._counts = Condition()
        self._queued = self._sent = self._dropped = self._failed = 0
        self._last_error: str | None = None
        self._reminded: dict[str, float] = {}
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="ebbwatch-client", daemon=True)

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
        self._abort()
        self._thread.join()
        with self._counts:
            left = self._waiting()
            self._failed += left
        if left:
            self._log.error("closed with %d events undelivered: %s", left, self._last_error)
        return left == 0

    def _waiting(self) -> int:
        return self._queued - self._sent - self._dropped - self._failed

    @abstractmethod
    def _deliver(self, records: Sequence[Record]) -> None:
        """Bring them out, or hand them over to who does; only stopping ends the attempts."""

    def _abort(self) -> None:  # noqa: B027 - not all have something to break off
        """What the thread waits for is wanted no more."""

    def _end(self) -> None:  # noqa: B027 - likewise
        """The thread's last act."""

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._deliver(self._buffer.take(_TAKE, _IDLE_SECONDS))
        finally:
            self._end()

    def _trouble(self, error: BaseException | str, seconds: float) -> None:
        """Say why nothing moves, and wait."""
        self._last_error = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        self._remind("away", f"{self._away} does not take events, they wait: %s", self._last_error)
        self._stopping.wait(seconds)

    def _remind(self, what: str, message: str, detail: object) -> None:
        """Warn, but not for every event."""
        now = monotonic()
        if now - self._reminded.get(what, -_REMIND_SECONDS) >= _REMIND_SECONDS:
            self._reminded[what] = now
            self._log.warning(message, detail)
