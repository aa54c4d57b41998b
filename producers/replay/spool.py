"""Encoded events on their way from the file to Kafka, on disk, so that they can be put in order of time."""

import mmap
import tempfile
from array import array
from collections.abc import Iterator
from itertools import accumulate, pairwise
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np


class Spooled(NamedTuple):
    """One event: its time in milliseconds since 1970-01-01 UTC, the record's key and value."""

    time: int
    key: bytes
    value: bytes


class Spool:
    """Takes events in any order and gives them back by time, equal times in the order they came.

    Costs 14 bytes of memory an event; the bytes go to a temporary file.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=1 << 20)  # noqa: SIM115 closed by `__exit__`
        self._times = array("q")
        self._keys = array("H")
        self._sizes = array("I")

    def __len__(self) -> int:
        return len(self._times)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, time: int, key: bytes, value: bytes) -> None:
        """Raises `OSError` when the disk is full."""
        self._file.write(key)
        self._file.write(value)
        self._times.append(time)
        self._keys.append(len(key))
        self._sizes.append(len(key) + len(value))

    def span(self) -> int:
        """Milliseconds from the earliest event to the latest; 0 for none."""
        return max(self._times) - min(self._times) if self._times else 0

    def in_time_order(self) -> Iterator[Spooled]:
        """All events, sorted; nothing may be added meanwhile."""
        if not self._times:
            return
        self._file.flush()
        times = np.frombuffer(self._times, np.int64)
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if bool(np.all(times[1:] >= times[:-1])):
                bounds = pairwise(accumulate(self._sizes, initial=0))
                for time, key, (start, end) in zip(self._times, self._keys, bounds, strict=True):
                    yield Spooled(time, data[start : start + key], data[start + key : end])
                return
            starts = np.zeros(len(times), np.int64)
            np.cumsum(np.frombuffer(self._sizes, np.uint32)[:-1], out=starts[1:])
            for index in np.argsort(times, kind="stable"):
                start = int(starts[index])
                middle = start + self._keys[index]
                yield Spooled(
                    self._times[index], data[start:middle], data[middle : start + self._sizes[index]]
                )
