"""Which snapshots a decision goes by; it follows from the user's hash."""

import numpy as np
import numpy.typing as npt

from domain.calendar import WEEK_MS

Hashes = npt.NDArray[np.uint64]
"""64-bit hashes of user ids (`domain.columns.hash_of`), shape (n,)."""


def chosen(user_hashes: Hashes, times: npt.NDArray[np.int64], horizon_ms: int) -> npt.NDArray[np.bool_]:
    """Whether each snapshot is the one of its user and horizon, shape (n,).

    Of every ceil(horizon / week) consecutive weekly instants of a user exactly one is chosen, always the same by the
    user's hash; so two chosen ones are at least a horizon apart and their outcomes share no moment.

    Args:
        times: weekly instants, ms since 1970.
        horizon_ms: more than 0.
    """
    week = np.uint64(WEEK_MS)
    number = (times - (user_hashes % week).astype(np.int64)) // WEEK_MS
    every = -(-horizon_ms // WEEK_MS)
    return np.asarray(number % every == ((user_hashes // week) % np.uint64(every)).astype(np.int64))
