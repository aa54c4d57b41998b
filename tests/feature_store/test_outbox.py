"""The form in which snapshots and outcomes wait."""

import pytest

from domain.leaving import Item, Items
from domain.pending import SETTLED, TAKEN
from feature_store.outbox import DamagedItemError, items, members

WAITING = Items(
    [Item(5, b"ann", b"a" * TAKEN.itemsize), Item(1 << 41, "ä".encode(), b"b" * TAKEN.itemsize)],
    [Item(7, b"", b"c" * SETTLED.itemsize)],
)


def test_items_come_back() -> None:
    flat = members(WAITING)
    stored = [(member, float(score)) for score, member in zip(flat[0::2], flat[1::2], strict=True)]
    assert items(stored) == WAITING


@pytest.mark.parametrize(
    "member", [b"", b"s", b"x\0\0", b"s\x03\0ann", b"o\xff\xff" + b"c" * SETTLED.itemsize]
)
def test_what_is_none_of_ours_is_damage(member: bytes) -> None:
    with pytest.raises(DamagedItemError, match=f"item of {len(member)} bytes"):
        items([(member, 1.0)])
