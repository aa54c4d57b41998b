"""Risk follows time in silence: at each live mark some more users at risk are scored afresh, all of them in turn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.packing import pack
from domain.state import States
from feature_store.served import Trailers, values
from feature_store.write import Write
from stream_processors.alerting import Scored
from stream_processors.writes import ranking_of


def to_score(states: States, clock: int, inactivity_ms: int) -> npt.NDArray[np.int64]:
    """Slots of users to score: not those whose passage is due, who will be gone with their timer."""
    return np.flatnonzero(states["last_active_ms"] + inactivity_ms > clock)


def write_of_sweep(
    stands: bytes,
    states: States,
    slots: npt.NDArray[np.int64],
    users: Sequence[bytes],
    before: Trailers,
    scored: Scored,
) -> Write | None:
    """What a sweep writes on top of a position that it leaves where it is; None if nothing has changed.

    Args:
        stands: the position's text.
        users: ids by slot.
        before: trailers of the slots as they stand in the store.
    """
    changed = before != scored.trailers
    if not changed.any():
        return None
    slots, before, after = slots[changed], before[changed], scored.trailers[changed]
    ids = [users[s] for s in slots.tolist()]
    ranked, unranked = ranking_of(ids, before["rank"], after["rank"])
    stored: list[Any] = [None] * (2 * len(ids))
    stored[0::2] = ids
    stored[1::2] = values(pack(states, slots), after)
    return Write(
        after=stands, forget=0, users=stored, erased=[], ranked=ranked, unranked=unranked, timers=[], untimed=[],
        dropped=[], kept=[], counts=[], names=[], recalled=[], alerts=scored.alerts,
    )  # fmt: skip
