"""The stored value of a user: the packed facts, and eight bytes of what is served.

Those belong to what is served, not to the facts: with them a write knows, without asking, whether the ranking has to
change and whether a score raises an alert.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.alerts import Served

UNRANKED: Final = 255
RANK_SCALE: Final = 100
"""Risk is ranked in whole percent: most events of an active user leave it, and then the ranking rests."""

TRAILER: Final = np.dtype(
    [
        ("alerted", "<u4"),  # last alert, minutes since 1970; 0 is never
        ("basis", "<u2"),  # of the tier (`domain.alerts.Policy.basis`)
        ("tier", "u1"),  # and `_OPEN` if the last alert stands
        ("rank", "u1"),
    ]
)
Trailers = npt.NDArray[np.void]
"""Records of dtype `TRAILER`, shape (users,)."""

_SIZE: Final = TRAILER.itemsize
_DAMAGED: Final = b"\xff"
_OPEN: Final = np.uint8(128)
_MINUTE_MS: Final = 60_000
NEVER_SCORED: Final = np.array([(0, 0, 0, UNRANKED)], TRAILER)
"""Of a user who was never scored, shape (1,)."""
_NEW: Final = NEVER_SCORED.tobytes()


def values(packed: Sequence[bytes], trailers: Trailers) -> list[bytes]:
    """What is stored: `packed` with the trailer behind each."""
    data = trailers.tobytes()
    return [
        facts + data[at : at + _SIZE] for facts, at in zip(packed, range(0, len(data), _SIZE), strict=True)
    ]


def facts(stored: Sequence[bytes | None]) -> list[bytes | None]:
    """The packed facts of stored values; None stays None, and what is too short to have any cannot be unpacked."""
    return [None if value is None else value[:-_SIZE] or _DAMAGED for value in stored]


def trailers(stored: Sequence[bytes | None]) -> Trailers:
    """The trailer of each stored value, shape (len(stored),); of None that of a user who was never scored.

    A value that is too short to have one gets the same: its facts are found damaged.
    """
    data = b"".join([value[-_SIZE:] if value and len(value) >= _SIZE else _NEW for value in stored])
    return np.frombuffer(data, TRAILER).copy()


def known(trailers: Trailers) -> Served:
    """What trailers say of tiers and alerts."""
    tiers = trailers["tier"]
    return Served(
        tiers & ~_OPEN, trailers["basis"], trailers["alerted"].astype(np.int64) * _MINUTE_MS, tiers >= _OPEN
    )


def trailers_of(served: Served, ranks: npt.NDArray[np.uint8]) -> Trailers:
    """Inverse of `known`, with the ranks, shape (users,); alerts are kept to the minute."""
    made = np.empty(len(ranks), TRAILER)
    made["alerted"] = served.alerted // _MINUTE_MS
    made["basis"] = served.bases
    made["tier"] = served.tiers | np.where(served.open, _OPEN, np.uint8(0))
    made["rank"] = ranks
    return made
