"""A batch of the log as columns: one row for each record, in the order of the log."""

from collections.abc import Mapping
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
REJECTED: Final = 200
MARK: Final = 201
ERASURE: Final = 202
"""Of an event the kind is below `REJECTED`; from `MARK` on, a record is more than the fold's compiled loop can do."""
ACTIVITIES: Final = frozenset(KINDS[name] for name, (opens, _) in EVENT_TYPES.items() if opens) | {
    CUSTOM_ACTIVITY
}

SESSION_TYPES: Final = {"tutorial": 1, "usage": 2, "support": 3}
OTHER_SESSION: Final = 4
CHANGES: Final = {"upgrade": 1, "downgrade": 2}
HOLDOUTS: Final = frozenset({"control", "holdout"})
"""Variants, in lower case, that leave a user alone."""
UNPAID_PLANS: Final = frozenset({"free", "trial", "none"})
_PAID: Final[dict[str | None, int]] = {None: 0, "": 0} | dict.fromkeys(UNPAID_PLANS, 1)
_SESSION_TYPE: Final[dict[str | None, int]] = dict([(None, 0), ("", 0), *SESSION_TYPES.items()])

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


TRAITS: Final = ("type", "platform", "plan", "channel", "geography", "feature", "category", "session_type")
"""Fields of an event whose values recur together: few combinations make up most of a log."""

TRAIT_COLUMNS: Final = (
    "kind", "platform", "plan", "channel", "geography", "feature", "category", "session_type", "paid",
)  # fmt: skip

Trait = tuple[str | None, ...]
"""Values of `TRAITS`."""


class Traits(dict[Trait, int]):
    """Combinations of traits seen, each with its line in a table of columns: one look-up instead of nine."""

    def __init__(self, codes: Codes, kinds: Mapping[str, int]) -> None:
        super().__init__()
        self._codes = codes
        self._kinds = kinds
        self._lines: list[tuple[int, ...]] = []
        self._table = np.zeros((0, len(TRAIT_COLUMNS)), np.uint32)

    def __missing__(self, trait: Trait) -> int:
        kind, *names, session_type = trait
        plan = names[1]
        self._lines.append(
            (
                self._kinds.get(kind or "", CUSTOM),
                *(self._codes[name] for name in names),
                _SESSION_TYPE.get(session_type, OTHER_SESSION),
                _PAID.get(plan, 2),
            )
        )
        self[trait] = line = len(self._lines) - 1
        return line

    def forget(self) -> None:
        """Between two batches: start anew when a flood of names has filled it."""
        if len(self) > _CACHED_NAMES:
            self.clear()
            self._lines.clear()
            self._table = self._table[:0]

    def table(self) -> npt.NDArray[np.uint32]:
        """The lines, shape (combinations, len(TRAIT_COLUMNS))."""
        if len(self._table) < len(self._lines):
            self._table = np.array(self._lines, np.uint32)
        return self._table
