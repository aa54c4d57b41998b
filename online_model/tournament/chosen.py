"""Which snapshots and which users a decision goes by; both follow from the user's hash."""

from typing import Final

import numpy as np
import numpy.typing as npt
import xxhash

from domain.calendar import WEEK_MS

Hashes = npt.NDArray[np.uint64]
"""64-bit hashes of user ids (`domain.columns.hash_of`), shape (n,)."""

_PLACES: Final = 10_000


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


def rolled_out(user_hashes: Hashes, contestant: str, share: float) -> npt.NDArray[np.bool_]:
    """Whether each user is among the share whom a new champion serves first, shape (n,).

    Who belongs to a smaller share belongs to every larger one; other contestants get other users.
    """
    salt = np.uint64(xxhash.xxh3_64_intdigest(contestant.encode()))
    mixed = user_hashes ^ salt
    # the finaliser of SplitMix64 (Steele, Lea, Flood 2014): no pattern of the weekly instants is left
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray(mixed % np.uint64(_PLACES) < np.uint64(round(share * _PLACES)))
