"""An even sample of examples, of bounded size. Which they are depends on user and time alone, so that whoever goes on
from what was kept has the same ones.

An example is in the sample if its hash lies below a limit, which is halved whenever there are too many (adaptive
sampling: Wegman; Flajolet 1990, "On adaptive sampling").
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.hashing import hashes_of
from domain.labels import FEATURES, Matrix, Times

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)  # splitmix64 (Steele, Lea & Flood 2014), as are the next two
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
Whole = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


class Spread:
    """Features of the sample, and which examples they are of. Can be pickled."""

    def __init__(self, most: int | None) -> None:
        """
        Args:
            most: examples in the sample; None is all.
        """
        self._most = most
        self._limit = np.uint64(2**64 - 1)
        self._seen = 0
        self._held: list[tuple[Whole, Hashes, Matrix]] = []

    def add(self, users: Sequence[str], times: Times, features: Matrix) -> None:
        """The next examples, shapes (n,), (n,) and (n, features)."""
        if not len(users):
            return
        hashes = (
            _mixed(hashes_of(users), times) if self._most is not None else np.zeros(len(users), np.uint64)
        )
        places = np.arange(self._seen, self._seen + len(users))
        self._seen += len(users)
        self._held.append(_below(self._limit, places, hashes, features))
        while self._most is not None and sum(len(places) for places, _, _ in self._held) > self._most:
            self._limit //= np.uint64(2)
            self._held = [_below(self._limit, *held) for held in self._held]

    def join(self) -> None:
        """One large array in place of many small ones, which take far longer to be pickled."""
        if len(self._held) > 1:
            places, hashes, features = zip(*self._held, strict=True)
            self._held = [(np.concatenate(places), np.concatenate(hashes), np.concatenate(features))]

    def sample(self) -> tuple[Whole, Matrix]:
        """Places among all examples so far, in order, and their features, shapes (m,) and (m, features)."""
        self.join()
        if not self._held:
            return np.zeros(0, np.int64), np.zeros((0, FEATURES))
        places, _, features = self._held[0]
        return places, features


def _below(limit: np.uint64, places: Whole, hashes: Hashes, features: Matrix) -> tuple[Whole, Hashes, Matrix]:
    there = hashes <= limit
    return (places, hashes, features) if there.all() else (places[there], hashes[there], features[there])


def _mixed(hashes: Hashes, times: Times) -> Hashes:
    """Hash of user and time: those of one user are as far apart as any."""
    x = hashes + times.astype(np.uint64) * _ODD
    x = (x ^ (x >> np.uint64(30))) * _FIRST
    x = (x ^ (x >> np.uint64(27))) * _SECOND
    return np.asarray(x ^ (x >> np.uint64(31)))
