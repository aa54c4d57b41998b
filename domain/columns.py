"""A batch of the log as columns: one row for each record, in the order of the log."""

from typing import Final

import numpy as np
import numpy.typing as npt
import xxhash

from domain.events import EVENT_TYPES

ROW: Final = np.dtype(
    [
        ("time", "<i8"),  # ms; of a mark: where the clock moves to
        ("id", "<u8"),
        ("session", "<u8"),
        ("order", "<u8"),
        ("amount", "<i8"),  # minor units
        ("discount", "<i8"),  # minor units
        ("duration_ms", "<i8"),
        ("slot", "<i4"),  # the user's place in the batch, -1 for none
        ("quantity", "<i4"),  # of a mark: its visits
        ("pages", "<i4"),  # -1: not given
        ("platform", "<u4"),
        ("plan", "<u4"),
        ("channel", "<u4"),
        ("geography", "<u4"),
        ("feature", "<u4"),
        ("category", "<u4"),
        ("product", "<u4"),
        ("kind", "u1"),
        ("session_type", "u1"),
        ("change", "u1"),
        ("conversion", "u1"),
        ("paid", "u1"),
    ],
    align=True,
)

Rows = npt.NDArray[np.void]
"""Rows of dtype `ROW`, shape (records,)."""

KINDS: Final = {name: number for number, name in enumerate(EVENT_TYPES, start=1)}
CUSTOM: Final = 100
CUSTOM_ACTIVITY: Final = 101
MARK: Final = 200
REJECTED: Final = 201
ACTIVITIES: Final = frozenset(KINDS[name] for name, (opens, _) in EVENT_TYPES.items() if opens) | {
    CUSTOM_ACTIVITY
}

SESSION_TYPES: Final = {"tutorial": 1, "usage": 2, "support": 3}
OTHER_SESSION: Final = 4
CHANGES: Final = {"upgrade": 1, "downgrade": 2}
UNPAID_PLANS: Final = frozenset({"free", "trial", "none"})

_CACHED_NAMES: Final = 20_000
_CACHED_HASHES: Final = 5_000  # a session's events are near each other; each partition has a cache of its own


def code_of(name: str) -> int:
    """32-bit code of a name, never 0 (XXH32, Collet, xxHash specification)."""
    return xxhash.xxh32_intdigest(name.encode()) or 1


def hash_of(text: str) -> int:
    """64-bit hash of an id, never 0 (XXH3, Collet, xxHash specification)."""
    return xxhash.xxh3_64_intdigest(text.encode()) or 1


class Codes(dict[str | None, int]):
    """Codes of names seen, looked up at C speed; forgets when a flood of names fills it."""

    def __init__(self) -> None:
        super().__init__({None: 0, "": 0})
        self.new: dict[int, str] = {}
        """Names by code that were looked up for the first time; for the owner to take away."""

    def __missing__(self, name: str) -> int:
        if len(self) > _CACHED_NAMES:
            self.clear()
            self.update({None: 0, "": 0})
            self.new.clear()
        self[name] = code = code_of(name)
        self.new[code] = name
        return code


class Hashes(dict[str | None, int]):
    """Hashes of session and order ids seen; forgets when it is full."""

    def __init__(self) -> None:
        super().__init__({None: 0, "": 0})

    def __missing__(self, text: str) -> int:
        if len(self) > _CACHED_HASHES:
            self.clear()
            self.update({None: 0, "": 0})
        self[text] = value = hash_of(text)
        return value
