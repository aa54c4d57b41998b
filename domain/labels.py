"""Snapshots and outcomes: what the online model learns from, as blocks in two topics.

A **snapshot** is the feature vector of one user at risk at one of the user's weekly instants. Its **outcome** says,
once snapshot time + horizon + allowed lateness has passed, whether the user was lost within the horizon, and why.
Both leave a partition in the order of (snapshot time, user id), which is their id; a reader that remembers the last
id of each partition knows a repeat when it sees one (`docs/snapshots.md`).
"""

from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash

from domain.catalogue import NAMES
from domain.settings import ChurnDefinition, FactSettings

BLOCK_VERSION: Final = 1
BLOCK_ITEMS: Final = 500
"""At most so many items in a block: a Kafka record of half a megabyte."""

FEATURES: Final = len(NAMES)

RETURNED: Final = 0
"""A session began within the horizon (under ``cancellation``: the user did not cancel)."""
INACTIVE: Final = 1
"""No session began within the horizon."""
CANCELLED: Final = 2
"""The user cancelled within the horizon."""
CAUSES: Final = ("returned", "inactivity", "cancellation")

Matrix = npt.NDArray[np.float64]
"""Features, shape (items, FEATURES), in the order of the catalogue; NaN is unknown."""
Times = npt.NDArray[np.int64]
"""ms since 1970, shape (items,); 0 is never."""


class BlockError(ValueError):
    """A record of the topics is no block of ours."""


class Snapshots(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Consecutive snapshots of one partition, in the order of (time, user)."""

    lineage: str
    partition: int
    upto: int
    """ms: no snapshot of this partition and lineage with ``time <= upto`` follows this block."""
    users: list[str]
    times: Times
    features: Matrix
    treated: Times
    """Last treatment (`promotion`) before the snapshot."""
    holdout: npt.NDArray[np.bool_]
    """Whether the user's last assignment was to control or holdout."""


class Outcomes(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Consecutive outcomes of one partition, in the order of (snapshot time, user)."""

    lineage: str
    partition: int
    upto: int
    """ms: no outcome of this partition and lineage that is due (`due_ms`) at or before `upto` follows."""
    users: list[str]
    times: Times
    """Of the snapshots."""
    lost: npt.NDArray[np.bool_]
    causes: npt.NDArray[np.uint8]
    """`RETURNED`, `INACTIVE` or `CANCELLED`."""
    returned: npt.NDArray[np.int64]
    """First session start in (time, time + horizon]: seconds after the snapshot, rounded up; 0 for none."""
    cancelled: npt.NDArray[np.int64]
    """First cancellation there, likewise."""
    treated: npt.NDArray[np.int64]
    """First treatment there, likewise."""


def delay_ms(settings: FactSettings) -> int:
    """From a snapshot to the moment at which its outcome is due."""
    return settings.horizon_ms + settings.allowed_lateness_ms


def lineage_of(settings: FactSettings, topic_id: str) -> str:
    """16 hex digits: snapshots of one lineage come from one topic, under one meaning of features and outcome."""
    meaning = f"{BLOCK_VERSION} {settings.fingerprint()} {feature_schema()} {topic_id}"
    return xxhash.xxh3_64_hexdigest(meaning.encode())


def feature_schema() -> str:
    """16 hex digits that change when a feature is added, removed, moved or renamed."""
    return xxhash.xxh3_64_hexdigest(",".join(NAMES).encode())


def causes_of(
    returned: npt.NDArray[Any], cancelled: npt.NDArray[Any], churn: ChurnDefinition
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.uint8]]:
    """Whether each user was lost, and the cause, shapes (items,).

    Args:
        returned: 0 where no session began within the horizon.
        cancelled: 0 where the user did not cancel within it.
    """
    silent, left = returned == 0, cancelled > 0
    if churn == "inactivity":
        lost = silent
    elif churn == "cancellation":
        lost = left
    else:
        lost = silent | left  # a cancellation wins over a session in the same window
    causes = np.where(lost, np.where(left, CANCELLED, INACTIVE), RETURNED).astype(np.uint8)
    return lost, causes


class _Columns(msgspec.Struct, array_like=True, frozen=True):
    """A block as it stands in Kafka: MessagePack, little-endian columns."""

    version: int
    kind: str
    lineage: str
    partition: int
    upto: int
    users: list[str]
    columns: list[bytes]


_SNAPSHOT: Final = (("times", "<i8"), ("features", "<f8"), ("treated", "<i8"), ("holdout", "?"))
_OUTCOME: Final = (
    ("times", "<i8"), ("lost", "?"), ("causes", "u1"), ("returned", "<i8"), ("cancelled", "<i8"), ("treated", "<i8"),
)  # fmt: skip


def encode(block: Snapshots | Outcomes) -> bytes:
    """The record's value."""
    kind, layout = ("s", _SNAPSHOT) if isinstance(block, Snapshots) else ("o", _OUTCOME)
    columns = [np.ascontiguousarray(getattr(block, name), dtype).tobytes() for name, dtype in layout]
    return msgspec.msgpack.encode(
        _Columns(BLOCK_VERSION, kind, block.lineage, block.partition, block.upto, block.users, columns)
    )


def decode(value: bytes | None) -> Snapshots | Outcomes:
    """Inverse of `encode`.

    Raises:
        BlockError: says what is wrong with the record.
    """
    try:
        raw = msgspec.msgpack.decode(value or b"", type=_Columns)
    except msgspec.MsgspecError as fault:
        raise BlockError(f"no block of snapshots or outcomes: {fault}") from fault
    if raw.version != BLOCK_VERSION:
        raise BlockError(f"a block of version {raw.version}, this is version {BLOCK_VERSION}")
    layout = {"s": _SNAPSHOT, "o": _OUTCOME}.get(raw.kind)
    if layout is None or len(raw.columns) != len(layout):
        raise BlockError(f"a block of kind {raw.kind!r} with {len(raw.columns)} columns")
    count = len(raw.users)
    found: dict[str, Any] = {}
    for (name, dtype), column in zip(layout, raw.columns, strict=True):
        shape = (count, FEATURES) if name == "features" else (count,)
        if len(column) != np.dtype(dtype).itemsize * int(np.prod(shape)):
            raise BlockError(f"column {name} has {len(column)} bytes for {count} items: other features?")
        found[name] = np.frombuffer(column, dtype).reshape(shape)
    kind = Snapshots if raw.kind == "s" else Outcomes
    return kind(lineage=raw.lineage, partition=raw.partition, upto=raw.upto, users=raw.users, **found)
