"""Events that wait in memory for Kafka, within stated bounds."""

from collections import deque
from threading import Condition
from typing import Literal, NamedTuple

OnFull = Literal["drop_oldest", "drop_newest", "block"]


class Record(NamedTuple):
    """What Kafka gets."""

    key: bytes
    value: bytes

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.key) + len(self.value)


class Buffer:
    """A queue between the app's threads and the sending one, bounded in records and in bytes."""

    def __init__(self, max_records: int, max_bytes: int, on_full: OnFull, max_block_seconds: float) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._on_full = on_full
        self._max_block = max_block_seconds
        self._records: deque[Record] = deque()
        self._bytes = 0
        self._changed = Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._records)

    def put(self, record: Record) -> int:
        """Add a record; returns how many were dropped for want of room, this one included.

        Waits only with ``block``, and then at most `max_block_seconds`.
        """
        dropped = 0
        with self._changed:
            if self._on_full == "block" and not self._fits(record) and not self._closed:
                self._changed.wait_for(lambda: self._fits(record) or self._closed, self._max_block)
            if self._on_full == "drop_oldest":
                while self._records and not self._fits(record):
                    self._bytes -= self._records.popleft().size
                    dropped += 1
            if self._closed or not self._fits(record):
                return dropped + 1
            self._records.append(record)
            self._bytes += record.size
            self._changed.notify_all()
        return dropped

    def take(self, most: int, timeout: float) -> list[Record]:
        """Up to `most` of the oldest records; waits `timeout` seconds for the first one."""
        with self._changed:
            self._changed.wait_for(lambda: self._records or self._closed, timeout)
            taken = [self._records.popleft() for _ in range(min(most, len(self._records)))]
            self._bytes -= sum(record.size for record in taken)
            if taken:
                self._changed.notify_all()
        return taken

    def close(self) -> None:
        """Take in nothing more; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _fits(self, record: Record) -> bool:
        return len(self._records) < self._max_records and self._bytes + record.size <= self._max_bytes
