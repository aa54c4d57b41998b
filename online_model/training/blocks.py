"""Cutting, joining and ordering blocks of snapshots and outcomes."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from domain.labels import FEATURES, Outcomes, Snapshots

B = TypeVar("B", bound=Snapshots | Outcomes)

_COLUMNS: Final[dict[type, tuple[str, ...]]] = {
    Snapshots: ("times", "features", "treated", "holdout"),
    Outcomes: ("times", "lost", "causes", "returned", "cancelled", "treated"),
}

NO_SNAPSHOTS: Final = Snapshots(
    lineage="", partition=-1, upto=0, users=[], times=np.zeros(0, np.int64),
    features=np.zeros((0, FEATURES)), treated=np.zeros(0, np.int64), holdout=np.zeros(0, np.bool_),
)  # fmt: skip
NO_OUTCOMES: Final = Outcomes(
    lineage="", partition=-1, upto=0, users=[], times=np.zeros(0, np.int64), lost=np.zeros(0, np.bool_),
    causes=np.zeros(0, np.uint8), returned=np.zeros(0, np.int64), cancelled=np.zeros(0, np.int64),
    treated=np.zeros(0, np.int64),
)  # fmt: skip


def rows_of(block: B, rows: slice | npt.NDArray[Any]) -> B:
    """Some rows of a block, in the order given."""
    users = block.users[rows] if isinstance(rows, slice) else [block.users[i] for i in rows.tolist()]
    columns = {name: getattr(block, name)[rows] for name in _COLUMNS[type(block)]}
    return msgspec.structs.replace(block, users=users, **columns)


def concatenated(empty: B, parts: Sequence[B]) -> B:
    """Blocks one after the other.

    Args:
        empty: the result where there are no parts; otherwise it lends its lineage, partition and `upto`.
    """
    if not parts:
        return empty
    users = list(chain.from_iterable(part.users for part in parts))
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS[type(empty)]
    }
    return msgspec.structs.replace(empty, users=users, **columns)


def joined(empty: B, parts: Sequence[B]) -> B:
    """Blocks of several partitions as one, in the order of (time, user id in UTF-8); `empty` as above."""
    whole = concatenated(empty, parts)
    if len(parts) < 2:
        return whole
    users, times = whole.users, whole.times.tolist()
    # Python compares strings by code points, which is the order of their UTF-8
    order = sorted(range(len(users)), key=lambda row: (times[row], users[row]))
    return rows_of(whole, np.array(order, np.int64))


def fresh_rows(block: Snapshots | Outcomes, last: tuple[int, str], upto: int) -> npt.NDArray[np.int64]:
    """Rows that carry on the order of (time, user) after `last`, later than `upto`: the others are repeats."""
    found = []
    for row, key in enumerate(zip(block.times.tolist(), block.users, strict=True)):
        if key > last and key[0] > upto:
            found.append(row)
            last = key
    return np.array(found, np.int64)
