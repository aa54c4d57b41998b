"""Hashes of user ids, by which samples and holdouts are drawn; without what decodes events, which is compiled."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xxhash


def hashes_of(users: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Hash of each user id, shape (users,)."""
    return np.array([xxhash.xxh3_64_intdigest(u.encode()) or 1 for u in users], np.uint64)
