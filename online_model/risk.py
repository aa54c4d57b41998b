"""Risk as it is served: by the baseline, or by published versions, each for its share of the users."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from domain.features import features
from domain.labels import FEATURES
from domain.state import States
from online_model import own_rhythm
from online_model.explain.explain import explain
from online_model.explain.reasons import reasons as explained
from online_model.learners.learner import Scorer, Vector
from online_model.own_rhythm import Population
from online_model.reasons import Reason, reasons
from online_model.tiers import Thresholds

BASELINE = f"{own_rhythm.NAME}-{own_rhythm.VERSION}"


class Part(NamedTuple):
    """A version that serves."""

    version: str
    contestant: str
    scorer: Scorer
    share: float
    """Of the users, by hash; the shares of all parts add up to 1."""
    background: npt.NDArray[np.float64] = np.zeros((0, FEATURES))
    """Features of some users of its time, shape (n, features): what a reason compares with."""


class Risk:
    """Immutable: a new version is another object, put in its place between two batches."""

    def __init__(self, parts: Sequence[Part] = (), thresholds: Thresholds | None = None) -> None:
        """
        Args:
            parts: none, and the baseline serves.
            thresholds: where the tiers begin under these versions; None for where the settings say.
        """
        self.parts = tuple(parts)
        self.thresholds = thresholds
        self._ends = np.cumsum([part.share for part in parts])

    @property
    def versions(self) -> tuple[str, ...]:
        """What serves, in the order of the parts; of the baseline its name."""
        return tuple(part.version for part in self.parts) or (BASELINE,)

    def serving(self, user_hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Which of `versions` serves each user, shape (n,).

        A user's place in [0, 1) is a hash of the user and of the first part's contestant. So a share that grows, or
        that gets a later version of the same contestant, keeps its users, and other users go first at the next
        roll-out.
        """
        if len(self.parts) < 2:
            return np.zeros(len(user_hashes), np.int64)
        places = _places(user_hashes, self.parts[0].contestant)
        last = len(self.parts) - 1
        return np.minimum(np.searchsorted(self._ends, places, side="right"), last).astype(np.int64)

    def of(
        self,
        states: States,
        slots: npt.NDArray[np.int64],
        nows: npt.NDArray[np.int64],
        user_hashes: npt.NDArray[np.uint64],
        population: Population,
        horizon_ms: int,
    ) -> Vector:
        """Risk of ``states[slots]`` at their nows (ms), shape (len(slots),); NaN for users without a session.

        Args:
            user_hashes: of those users, shape (len(slots),).
            population: what the baseline knows of all users.
        """
        if not self.parts:
            return own_rhythm.risks(states, slots, nows, population, horizon_ms)
        risk = self.score(features(states, slots, nows), user_hashes)
        risk[states["sessions"][slots] == 0] = np.nan
        return risk

    def warm_up(self) -> None:
        """Score once with each version: what is compiled at its first call must not be so while somebody waits."""
        for part in self.parts:
            part.scorer.score(np.full((1, FEATURES), np.nan))

    def score(self, x: npt.NDArray[np.float64], user_hashes: npt.NDArray[np.uint64]) -> Vector:
        """Risk by the versions from feature vectors, shape (n,)."""
        if len(self.parts) == 1:
            return self.parts[0].scorer.score(x)
        risk = np.empty(len(x))
        serving = self.serving(user_hashes)
        for number, part in enumerate(self.parts):
            rows = np.flatnonzero(serving == number)
            if len(rows):
                risk[rows] = part.scorer.score(x[rows])
        return risk

    def reasons(
        self,
        states: States,
        slot: int,
        now: int,
        user_hash: np.uint64,
        population: Population,
        horizon_ms: int,
        names: Mapping[int, str],
    ) -> Sequence[Reason]:
        """Why one user with a session is at that risk at `now` (ms), heaviest first.

        Args:
            names: of codes, for words.
        """
        if not self.parts:
            return reasons(states, slot, now, population, horizon_ms)
        part = self.parts[int(self.serving(np.array([user_hash], np.uint64))[0])]
        x = features(states, np.array([slot]), np.array([now]))
        # drawn by the user: the same user is explained alike whenever somebody asks
        rng = np.random.default_rng(int(user_hash))
        (attribution,) = explain(part.scorer, x, part.background, rng)
        return explained(x[0], attribution, names)


def _places(user_hashes: npt.NDArray[np.uint64], salt: str) -> Vector:
    mixed = user_hashes ^ np.uint64(xxhash.xxh3_64_intdigest(salt.encode()))
    # the finaliser of SplitMix64 (Steele, Lea, Flood 2014): no pattern of the weekly instants is left
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53)
