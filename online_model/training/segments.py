"""A queue on disk: append at the tail, take at the head, cut back to a checkpoint after a crash.

Payloads stand one after the other in segment files, each behind its length and checksum. Nothing is durable, and
no consumed segment is deleted, before a checkpoint says so: `state` makes what was appended durable, and `forget`
deletes what lies before a state that is itself durable.
"""

import os
import struct
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import msgspec
import xxhash

_FRAME: Final = struct.Struct("<QQ")
SEGMENT_BYTES: Final = 32 << 20


class DamagedQueueError(RuntimeError):
    """A segment file is not as it was written."""


class QueueState(msgspec.Struct, frozen=True):
    """Where a queue stands: segment number and byte of head and tail, and payloads between them."""

    head: int = 0
    head_at: int = 0
    tail: int = 0
    tail_at: int = 0
    items: int = 0


class Queue(Protocol):
    """Payloads in the order of their arrival."""

    def append(self, payload: bytes) -> None:
        """At the tail."""

    def pop(self) -> bytes:
        """From the head; IndexError if there is none."""

    def __len__(self) -> int: ...


class MemoryQueue:
    """A queue for those who need no recovery."""

    def __init__(self) -> None:
        self._payloads: dict[int, bytes] = {}
        self._head = self._tail = 0

    def append(self, payload: bytes) -> None:
        """At the tail."""
        self._payloads[self._tail] = payload
        self._tail += 1

    def pop(self) -> bytes:
        """From the head; IndexError if there is none."""
        if self._head == self._tail:
            raise IndexError("the queue is empty")
        self._head += 1
        return self._payloads.pop(self._head - 1)

    def __len__(self) -> int:
        return self._tail - self._head


class SegmentQueue:
    """A queue in the files of one folder, which belongs to it alone."""

    def __init__(
        self,
        folder: Path,
        state: QueueState | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        durable: bool = True,
    ) -> None:
        """
        Args:
            folder: created if it is not there.
            state: of a checkpoint; what was appended after it is cut off. None begins anew.
            segment_bytes: a segment that has reached them is followed by a new one.
            durable: False for what is not needed after a crash: consumed segments are deleted at once.

        Raises:
            DamagedQueueError: the files do not reach as far as `state` says.
        """
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._durable = durable
        folder.mkdir(parents=True, exist_ok=True)
        found = state or QueueState()
        self._head, self._head_at = found.head, found.head_at
        self._tail, self._tail_at = found.tail, found.tail_at
        self._items = found.items
        self._recover()
        self._reader: BinaryIO | None = None
        self._writer = self._open_tail()

    def append(self, payload: bytes) -> None:
        """At the tail; may stay in a buffer until `state` or `pop` needs it on disk."""
        if self._tail_at >= self._segment_bytes:
            self._seal()
        frame = _FRAME.pack(len(payload), xxhash.xxh3_64_intdigest(payload))
        self._writer.write(frame)
        self._writer.write(payload)
        self._tail_at += len(frame) + len(payload)
        self._items += 1

    def pop(self) -> bytes:
        """From the head.

        Raises:
            IndexError: there is none.
            DamagedQueueError: its bytes are not those that were written.
        """
        if not self._items:
            raise IndexError("the queue is empty")
        if self._head < self._tail and self._head_at >= self._path(self._head).stat().st_size:
            self._next_segment()
        if self._head == self._tail:
            self._writer.flush()
        if self._reader is None:
            self._reader = self._path(self._head).open("rb")
        self._reader.seek(self._head_at)
        frame = self._reader.read(_FRAME.size)
        length, checksum = _FRAME.unpack(frame) if len(frame) == _FRAME.size else (0, 0)
        payload = self._reader.read(length)
        if len(payload) != length or xxhash.xxh3_64_intdigest(payload) != checksum:
            raise DamagedQueueError(f"{self._path(self._head)} is damaged at byte {self._head_at:,}")
        self._head_at += _FRAME.size + length
        self._items -= 1
        return payload

    def __len__(self) -> int:
        return self._items

    def state(self) -> QueueState:
        """Where the queue stands; all of it is durable when this returns."""
        self._writer.flush()
        os.fsync(self._writer.fileno())
        return QueueState(self._head, self._head_at, self._tail, self._tail_at, self._items)

    def forget(self, state: QueueState) -> None:
        """Delete the segments before the head of a state that will not be needed again."""
        for path in self._segments():
            if int(path.stem) < state.head:
                path.unlink()

    def close(self) -> None:
        """Close the files."""
        self._writer.close()
        if self._reader is not None:
            self._reader.close()

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment:010}.segment"

    def _segments(self) -> list[Path]:
        return sorted(self._folder.glob("*.segment"))

    def _recover(self) -> None:
        for path in self._segments():
            if not self._head <= int(path.stem) <= self._tail:
                path.unlink()
        missing = [n for n in range(self._head, self._tail) if not self._path(n).exists()]
        size = self._path(self._tail).stat().st_size if self._path(self._tail).exists() else 0
        if missing or size < self._tail_at:
            where = self._path(missing[0] if missing else self._tail)
            raise DamagedQueueError(f"{where} does not reach as far as the checkpoint says")
        if size > self._tail_at:
            os.truncate(self._path(self._tail), self._tail_at)

    def _open_tail(self) -> BinaryIO:
        return self._path(self._tail).open("ab")

    def _seal(self) -> None:
        if self._durable:
            self._writer.flush()
            os.fsync(self._writer.fileno())
        self._writer.close()
        self._tail, self._tail_at = self._tail + 1, 0
        self._writer = self._open_tail()

    def _next_segment(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if not self._durable:
            self._path(self._head).unlink()
        self._head, self._head_at = self._head + 1, 0
