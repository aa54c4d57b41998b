"""The stored value of a user: the packed facts, and one byte that says where the ranking has the user.

The byte belongs to what is served, not to the facts: with it a write knows, without asking, whether the ranking
has to change.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

UNRANKED: Final = 255
RANK_SCALE: Final = 100
"""Risk is ranked in whole percent: most events of an active user leave it, and then the ranking rests."""

_BYTES: Final = [bytes([rank]) for rank in range(256)]


def values(packed: Sequence[bytes], ranks: Iterable[int]) -> list[bytes]:
    """What is stored: `packed` with the rank behind each."""
    return [facts + _BYTES[rank] for facts, rank in zip(packed, ranks, strict=True)]


def facts(stored: Sequence[bytes | None]) -> list[bytes | None]:
    """The packed facts of stored values; None stays None."""
    return [None if value is None else value[:-1] for value in stored]


def ranks(stored: Sequence[bytes | None]) -> npt.NDArray[np.int64]:
    """The rank of each stored value, shape (len(stored),); `UNRANKED` for None."""
    return np.array([value[-1] if value else UNRANKED for value in stored], np.int64)
