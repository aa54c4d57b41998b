"""The form in which snapshots and outcomes wait in the outbox: members of a sorted set, by key time."""

import struct
from collections.abc import Iterable
from typing import Any

from domain.leaving import Item, Items
from domain.pending import SETTLED, TAKEN

_SNAPSHOT = b"s"
_OUTCOME = b"o"
_HEAD = struct.Struct("<cH")
_ROWS = {_SNAPSHOT: TAKEN.itemsize, _OUTCOME: SETTLED.itemsize}


class DamagedItemError(ValueError):
    """A member of the outbox is none of ours."""


def members(items: Items) -> list[Any]:
    """Arguments of ``ZADD``: score, member, score, member."""
    arguments: list[Any] = []
    for kind, some in ((_SNAPSHOT, items.snapshots), (_OUTCOME, items.outcomes)):
        for item in some:
            arguments += (item.key, _HEAD.pack(kind, len(item.user)) + item.user + item.row)
    return arguments


def names(items: Items) -> list[bytes]:
    """Arguments of ``ZREM``."""
    return members(items)[1::2]


def items(stored: Iterable[tuple[bytes, float]]) -> Items:
    """Inverse of `members`, from ``ZRANGE ... WITHSCORES``.

    Raises:
        DamagedItemError: a member is none of ours.
    """
    found: dict[bytes, list[Item]] = {_SNAPSHOT: [], _OUTCOME: []}
    for member, score in stored:
        kind, length = _HEAD.unpack_from(member) if len(member) >= _HEAD.size else (b"", 0)
        row = member[_HEAD.size + length :]
        if len(row) != _ROWS.get(kind):
            raise DamagedItemError(f"an item of {len(member)} bytes is none of ours")
        user = member[_HEAD.size : _HEAD.size + length]
        found[kind].append(Item(int(score), user, row))
    return Items(found[_SNAPSHOT], found[_OUTCOME])
