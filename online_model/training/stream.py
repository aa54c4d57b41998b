"""One topic's blocks, waiting by source partition until their time has come."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Final

import msgspec
import numpy as np

from domain.labels import Outcomes, Snapshots, decode, encode
from online_model.training.blocks import fresh_rows, rows_of
from online_model.training.segments import SegmentQueue

NEVER: Final = -(1 << 62)
ALWAYS: Final = 1 << 62

IN_MEMORY: Final = 4 << 20
"""Bytes of blocks that a topic keeps in memory: partitions that are far ahead go to disk."""


_BLOCK_BYTES: Final = 2_000
"""Of a block's objects, however few its rows."""


class StreamState(msgspec.Struct, frozen=True):
    """Where a topic stands."""

    resume: int = 0
    """Offset of the first record that still holds something to be released."""
    position: int = 0
    """Offset of the next record that has not been counted yet."""


class _Waiting:
    """A block, or what is left of it; its payload may be on disk."""

    __slots__ = ("block", "next_ms", "offset", "upto")

    def __init__(self, offset: int, upto: int, next_ms: int, block: Snapshots | Outcomes | None) -> None:
        self.offset = offset
        self.upto = upto
        self.next_ms = next_ms
        """Key time of the first item left; `ALWAYS` for none."""
        self.block = block


class _Source:
    """What one partition has sent."""

    def __init__(self, done_ms: int) -> None:
        self.last = (done_ms, chr(0x10FFFF))
        """Key time and user of the last item: what does not come after it is a repeat."""
        self.upto = done_ms
        self.waiting: deque[_Waiting] = deque()
        self.spilled: SegmentQueue | None = None


class Stream:
    """Items of one topic: in by offset, out by time."""

    def __init__(
        self,
        partitions: int,
        delay_ms: int,
        done_ms: int,
        spill: Path | None,
        state: StreamState | None = None,
        in_memory: int = IN_MEMORY,
    ) -> None:
        """
        Args:
            delay_ms: from an item's time to its key time.
            done_ms: everything up to here has been released before.
            spill: folder for what does not fit in memory; None keeps it all there. Emptied first.
            in_memory: bytes, about, that are kept there.
        """
        self._delay = delay_ms
        self._done = done_ms
        self._sources = [_Source(done_ms) for _ in range(partitions)]
        self._spill = spill
        self._position = self._counted = state.position if state else 0
        self._next = state.resume if state else 0
        self._in_memory = 0
        self._limit = in_memory
        if spill is not None:
            rmtree(spill, ignore_errors=True)  # of a former run: it is read again from Kafka

    def is_new(self, offset: int) -> bool:
        """Whether a record was not counted before a restart."""
        return offset >= self._counted

    def passed(self, offset: int) -> None:
        """A record has been dealt with."""
        self._next = offset + 1
        self._position = max(self._position, self._next)

    def add(self, offset: int, block: Snapshots | Outcomes) -> int:
        """Add a block of a known partition; returns the number of items that are repeats."""
        source = self._sources[block.partition]
        promised = source.upto - self._delay if source.upto > NEVER else NEVER
        rows = fresh_rows(block, (source.last[0] - self._delay, source.last[1]), promised)
        repeated = len(block.users) - len(rows)
        if repeated:
            block = rows_of(block, rows)
        source.upto = max(source.upto, block.upto)
        if block.users:
            source.last = (int(block.times[-1]) + self._delay, block.users[-1])
            self._put(source, _Waiting(offset, block.upto, int(block.times[0]) + self._delay, block))
        elif block.upto > self._done:
            if source.waiting:
                source.waiting[-1].upto = max(source.waiting[-1].upto, block.upto)
            else:
                source.waiting.append(_Waiting(offset, block.upto, ALWAYS, None))
        return repeated

    @property
    def frontier_ms(self) -> int:
        """Nothing with a key time up to here will be added any more."""
        return min(source.upto for source in self._sources)

    def first_ms(self) -> int:
        """Key time of the first item that waits; `ALWAYS` for none."""
        return min(_first_ms(source) for source in self._sources)

    def take(self, end_ms: int) -> Iterator[Snapshots | Outcomes]:
        """All items with a key time up to `end_ms`, each partition's in order."""
        self._done = end_ms
        for source in self._sources:
            while source.waiting:
                entry = source.waiting[0]
                if entry.next_ms <= end_ms:
                    yield self._cut(source, entry, end_ms)
                if entry.next_ms != ALWAYS or entry.upto > end_ms:
                    break
                source.waiting.popleft()

    def state(self) -> StreamState:
        """To go on from, once all that was taken has been dealt with."""
        heads = [source.waiting[0].offset for source in self._sources if source.waiting]
        return StreamState(min(heads, default=self._next), self._position)

    def close(self) -> None:
        """Delete what was spilled."""
        for source in self._sources:
            if source.spilled is not None:
                source.spilled.close()
        if self._spill is not None:
            rmtree(self._spill, ignore_errors=True)

    def _put(self, source: _Source, entry: _Waiting) -> None:
        if self._spill is not None and self._in_memory > self._limit and entry.block is not None:
            if source.spilled is None:
                number = self._sources.index(source)
                source.spilled = SegmentQueue(self._spill / str(number), durable=False)
            source.spilled.append(encode(entry.block))
            entry.block = None
        self._in_memory += _size(entry)
        source.waiting.append(entry)

    def _cut(self, source: _Source, entry: _Waiting, end_ms: int) -> Snapshots | Outcomes:
        """The rows of an entry up to `end_ms`; the others stay."""
        if entry.block is None:
            assert source.spilled is not None
            entry.block = decode(source.spilled.pop())
            self._in_memory += _size(entry)
        block, held = entry.block, _size(entry)
        rows = int(np.searchsorted(block.times, end_ms - self._delay, "right"))
        taken = rows_of(block, slice(0, rows))
        if rows == len(block.users):
            entry.block, entry.next_ms = None, ALWAYS
        else:
            entry.block = rows_of(block, slice(rows, None))
            entry.next_ms = int(entry.block.times[0]) + self._delay
        self._in_memory += _size(entry) - held
        return taken


def _first_ms(source: _Source) -> int:
    # a finished entry may stand before others, for what it has promised
    return next((entry.next_ms for entry in source.waiting if entry.next_ms != ALWAYS), ALWAYS)


def _size(entry: _Waiting) -> int:
    block = entry.block
    if block is None:
        return 0
    return _BLOCK_BYTES + len(block.users) * (1_100 if isinstance(block, Snapshots) else 150)
