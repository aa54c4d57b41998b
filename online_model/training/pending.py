"""Predicted snapshots that wait for their outcomes.

Outcomes come in the order in which the snapshots were taken, so this is a queue: chunks go in at the tail, and the
chunk at the head is in memory. The others, up to seven months of them, are in a `Queue`, compressed.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard

from domain.labels import FEATURES, Matrix, Times
from online_model.tiers import Thresholds
from online_model.training.segments import Queue

REASONS: Final = 3
"""Top reasons kept of each snapshot."""


class Predicted(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Snapshots with what was predicted of them, in the order of (time, user)."""

    users: list[str]
    times: Times
    features: Matrix
    treated: Times
    holdout: npt.NDArray[np.bool_]
    contestants: tuple[str, ...]
    """Who predicted, and the same names as `online_model.calibration.calibration.calibrated_name` has them."""
    predictions: Matrix
    """Shape (contestants, items)."""
    served: npt.NDArray[np.float64]
    """Prediction of the version that served the user."""
    serving: tuple[str, ...]
    """Contestants that served at that time."""
    versions: tuple[str, ...]
    """By which version each did; "" for none."""
    which: npt.NDArray[np.uint8]
    """Which of them served the user."""
    reason_features: npt.NDArray[np.int16]
    """Catalogue indices of the served prediction's top reasons, shape (items, REASONS); -1 for none."""
    reason_weights: Matrix
    """Their contributions to the log-odds, likewise; 0 for none."""
    thresholds: Thresholds | None
    """Where the tiers began; None for where the settings say."""

    def __len__(self) -> int:
        return len(self.users)


_LAYOUT: Final = (
    ("times", "<i8"), ("features", "<f8"), ("treated", "<i8"), ("holdout", "?"), ("predictions", "<f8"),
    ("served", "<f8"), ("which", "u1"), ("reason_features", "<i2"), ("reason_weights", "<f8"),
)  # fmt: skip


class _Columns(msgspec.Struct, array_like=True, frozen=True):
    users: list[str]
    contestants: tuple[str, ...]
    serving: tuple[str, ...]
    versions: tuple[str, ...]
    thresholds: Thresholds | None
    columns: list[bytes]


def pack(chunk: Predicted) -> bytes:
    """A chunk as compressed bytes: by column, where neighbours are alike."""
    columns = []
    for name, dtype in _LAYOUT:
        column = getattr(chunk, name)
        by_column = column.T if name in ("features", "reason_features", "reason_weights") else column
        columns.append(np.ascontiguousarray(by_column, dtype).tobytes())
    raw = msgspec.msgpack.encode(
        _Columns(chunk.users, chunk.contestants, chunk.serving, chunk.versions, chunk.thresholds, columns)
    )
    return zstandard.ZstdCompressor(level=1).compress(raw)


def unpack(payload: bytes) -> Predicted:
    """Inverse of `pack`."""
    raw = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(payload), type=_Columns)
    count = len(raw.users)
    shapes = {
        "features": (FEATURES, count), "predictions": (len(raw.contestants), count),
        "reason_features": (REASONS, count), "reason_weights": (REASONS, count),
    }  # fmt: skip
    found = {}
    for (name, dtype), column in zip(_LAYOUT, raw.columns, strict=True):
        values = np.frombuffer(column, dtype).reshape(shapes.get(name, (count,)))
        transposed = name in ("features", "reason_features", "reason_weights")
        found[name] = np.ascontiguousarray(values.T) if transposed else values
    return Predicted(
        users=raw.users,
        contestants=raw.contestants,
        serving=raw.serving,
        versions=raw.versions,
        thresholds=raw.thresholds,
        **found,
    )


def rows_of(chunk: Predicted, rows: slice | npt.NDArray[np.int64]) -> Predicted:
    """Some rows of a chunk, in the order given."""
    users = chunk.users[rows] if isinstance(rows, slice) else [chunk.users[i] for i in rows.tolist()]
    columns = {name: getattr(chunk, name)[rows] for name, _ in _LAYOUT if name != "predictions"}
    return msgspec.structs.replace(chunk, users=users, predictions=chunk.predictions[:, rows], **columns)


def kind_of(chunk: Predicted) -> tuple[object, ...]:
    """Chunks of one kind can be joined: the same spoke and served, and tiers began at the same risks."""
    return chunk.contestants, chunk.serving, chunk.versions, chunk.thresholds


def joined(chunks: Sequence[Predicted]) -> Predicted:
    """Chunks of one kind, one after the other."""
    columns = {
        name: np.concatenate([getattr(c, name) for c in chunks], axis=-1 if name == "predictions" else 0)
        for name, _ in _LAYOUT
    }
    users = [user for chunk in chunks for user in chunk.users]
    return msgspec.structs.replace(chunks[0], users=users, **columns)


class Pending:
    """The queue of chunks, cut where outcomes cut it."""

    def __init__(self, queue: Queue, head: bytes | None = None, waiting: int = 0) -> None:
        """
        Args:
            queue: as a checkpoint left it.
            head: what `head` gave then.
            waiting: snapshots in head and queue.
        """
        self._queue = queue
        self._head = unpack(head) if head else None
        self.waiting = waiting
        """Snapshots without their outcome."""

    def append(self, chunk: Predicted) -> None:
        """Snapshots that come after all that wait."""
        if len(chunk):
            self._queue.append(pack(chunk))
            self.waiting += len(chunk)

    def take(self, until_ms: int) -> list[Predicted]:
        """All that were taken up to `until_ms`, in order."""
        found: list[Predicted] = []
        while self._next() is not None:
            chunk = self._next()
            assert chunk is not None
            rows = int(np.searchsorted(chunk.times, until_ms, "right"))
            if rows:
                found.append(rows_of(chunk, slice(0, rows)))
            if rows < len(chunk):
                self._head = rows_of(chunk, slice(rows, None))
                break
            self._head = None
        self.waiting -= sum(map(len, found))
        return found

    def head(self) -> bytes | None:
        """For a checkpoint: what has left the queue, but not this."""
        return pack(self._head) if self._head is not None else None

    def _next(self) -> Predicted | None:
        if self._head is None and len(self._queue):
            self._head = unpack(self._queue.pop())
        return self._head
