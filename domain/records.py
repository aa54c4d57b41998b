"""Consecutive records of a partition of the log, side by side in one buffer."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt


class LogRecord(Protocol):
    """One record; aiokafka's, kafka-python's and our own have these names."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def timestamp(self) -> int: ...


class Records(NamedTuple):
    """Keys and values are slices of `buffer`, so that no object is made for a record; lengths of -1 are null."""

    buffer: bytes
    timestamps: npt.NDArray[np.int64]
    """Kafka's time of each record, ms, shape (records,); so are all that follow."""
    key_starts: npt.NDArray[np.int64]
    key_lengths: npt.NDArray[np.int64]
    value_starts: npt.NDArray[np.int64]
    value_lengths: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of records."""
        return len(self.timestamps)

    def key(self, row: int) -> bytes | None:
        """Key of one record."""
        return _slice(self.buffer, self.key_starts[row], self.key_lengths[row])

    def value(self, row: int) -> bytes | None:
        """Value of one record."""
        return _slice(self.buffer, self.value_starts[row], self.value_lengths[row])

    def part(self, first: int, stop: int) -> "Records":
        """Records from `first` up to, and without, `stop`; the buffer is shared."""
        return Records(self.buffer, *(column[first:stop] for column in self[1:]))


def side_by_side(records: Sequence[LogRecord]) -> Records:
    """Records given as objects."""
    parts = [part for r in records for part in (r.key, r.value)]
    lengths = np.array([0 if part is None else len(part) for part in parts], np.int64)
    starts = np.cumsum(lengths) - lengths
    lengths[[part is None for part in parts]] = -1
    return Records(
        b"".join(part or b"" for part in parts),
        np.array([r.timestamp for r in records], np.int64),
        starts[0::2],
        lengths[0::2],
        starts[1::2],
        lengths[1::2],
    )


def joined(runs: Sequence[Records]) -> Records:
    """Several runs of records as one."""
    if len(runs) == 1:
        return runs[0]
    buffer, shifts = runs[0].buffer, [0] * len(runs)
    if any(run.buffer is not buffer for run in runs):
        buffer = b"".join(run.buffer for run in runs)
        shifts = np.cumsum([0, *(len(run.buffer) for run in runs[:-1])]).tolist()
    return Records(
        buffer,
        np.concatenate([run.timestamps for run in runs]),
        np.concatenate([run.key_starts + shift for run, shift in zip(runs, shifts, strict=True)]),
        np.concatenate([run.key_lengths for run in runs]),
        np.concatenate([run.value_starts + shift for run, shift in zip(runs, shifts, strict=True)]),
        np.concatenate([run.value_lengths for run in runs]),
    )


def _slice(buffer: bytes, start: int, length: int) -> bytes | None:
    return None if length < 0 else buffer[start : start + length]
