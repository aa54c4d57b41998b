"""What leaves a partition for the topics of snapshots and outcomes, and what still has to wait.

`docs/snapshots.md` says when: at marks, in the order of (key time, user id).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from domain.labels import BLOCK_ITEMS, Outcomes, Snapshots, causes_of
from domain.pending import SETTLED, TAKEN
from domain.settings import ChurnDefinition

MINUTE_MS = 60_000


class Item(NamedTuple):
    """A snapshot or an outcome; sorts as it has to leave."""

    key: int
    """ms: the snapshot's time, or when the outcome is due."""
    user: bytes
    """User id in UTF-8."""
    row: bytes
    """A record of `TAKEN` or `SETTLED`."""


class Items(NamedTuple):
    """Of both kinds, each in any order."""

    snapshots: Sequence[Item] = ()
    outcomes: Sequence[Item] = ()


class Waiting:
    """Items that were taken or settled and may not leave yet."""

    def __init__(self, stored: Items) -> None:
        """
        Args:
            stored: those that wait in the store; repeats of what this batch makes anew do no harm.
        """
        self._snapshots = list(stored.snapshots)
        self._outcomes = list(stored.outcomes)

    def add(self, new: Items) -> None:
        """Items of the step in work."""
        self._snapshots += new.snapshots
        self._outcomes += new.outcomes

    def leave(self, upto: int) -> Items:
        """All whose key time is at most `upto`, in order; they wait no more."""
        return Items(_take(self._snapshots, upto), _take(self._outcomes, upto))

    def erase(self, user: bytes, upto: int) -> Items:
        """All of a user with a key time after `upto`: they will not leave."""
        return Items(_erase(self._snapshots, user, upto), _erase(self._outcomes, user, upto))


def _take(waiting: list[Item], upto: int) -> list[Item]:
    leaving = sorted(item for item in waiting if item.key <= upto)
    waiting[:] = [item for item in waiting if item.key > upto]
    return leaving


def _erase(waiting: list[Item], user: bytes, upto: int) -> list[Item]:
    erased = [item for item in waiting if item.user == user and item.key > upto]
    if erased:
        waiting[:] = [item for item in waiting if item.user != user or item.key <= upto]
    return erased


def items_of(
    rows: np.ndarray[tuple[int], np.dtype[np.void]],
    slots: np.ndarray[tuple[int], np.dtype[np.int64]],
    users: Sequence[bytes],
    delay_ms: int,
) -> list[Item]:
    """Items from a buffer's rows; `delay_ms` lies between a row's time and its key time."""
    size, data = rows.dtype.itemsize, rows.tobytes()
    keys = (rows["time"] + delay_ms).tolist()
    return [
        Item(key, users[slot], data[at : at + size])
        for key, slot, at in zip(keys, slots.tolist(), range(0, len(data), size), strict=True)
    ]


def blocks(
    items: Items, lineage: str, partition: int, upto: int, churn: ChurnDefinition
) -> tuple[list[Snapshots], list[Outcomes]]:
    """Blocks of at most `BLOCK_ITEMS`, at least one of each kind; the last of each says `upto`."""
    snapshots = []
    for part, reached in _parts(items.snapshots, upto):
        rows = np.frombuffer(b"".join(i.row for i in part), TAKEN)
        snapshots.append(
            Snapshots(
                lineage=lineage,
                partition=partition,
                upto=reached,
                users=[i.user.decode() for i in part],
                times=rows["time"],
                features=rows["features"],
                treated=rows["treated"],
                holdout=rows["holdout"] == 1,
            )
        )
    outcomes = []
    for part, reached in _parts(items.outcomes, upto):
        rows = np.frombuffer(b"".join(i.row for i in part), SETTLED)
        lost, causes = causes_of(rows["returned"], rows["cancelled"], churn)
        outcomes.append(
            Outcomes(
                lineage=lineage,
                partition=partition,
                upto=reached,
                users=[i.user.decode() for i in part],
                times=rows["time"],
                lost=lost,
                causes=causes,
                returned=rows["returned"],
                cancelled=rows["cancelled"],
                treated=rows["treated"],
            )
        )
    return snapshots, outcomes


def _parts(items: Sequence[Item], upto: int) -> list[tuple[Sequence[Item], int]]:
    """Runs of items, each with what is complete once it has been read."""
    if not items:
        return [([], upto)]
    starts = range(0, len(items), BLOCK_ITEMS)
    parts = [items[at : at + BLOCK_ITEMS] for at in starts]
    reached = [items[at].key - 1 for at in starts[1:]]
    return list(zip(parts, [*reached, upto], strict=True))
