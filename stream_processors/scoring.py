"""What scores users in the worker: risk of many, reasons for one."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from domain.state import States
from online_model import own_rhythm
from online_model.own_rhythm import Population
from online_model.reasons import Reason, reasons

Slots = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]


class Scoring(Protocol):
    """What serves, immutable."""

    @property
    def versions(self) -> Sequence[str]:
        """Of the models that serve; scores of two versions are not compared with each other."""
        ...

    def serving(self, hashes: Hashes) -> npt.NDArray[np.int64]:
        """Which of the versions serves each user, by hash, shape (users,)."""
        ...

    def risks(self, states: States, slots: Slots, nows: Slots, hashes: Hashes) -> Floats:
        """Risk of ``states[slots]``, all with a session, at their nows (ms), shape (len(slots),).

        Args:
            hashes: of those users, shape (len(slots),).
        """
        ...

    def reasons(self, states: States, slot: int, now: int) -> Sequence[Reason]:
        """Why, for one of them, heaviest first."""
        ...


class OwnRhythm(NamedTuple):
    """The baseline: what serves before anything is trained."""

    population: Population
    horizon_ms: int

    @property
    def versions(self) -> Sequence[str]:
        """Name and version of the formula."""
        return (f"{own_rhythm.NAME}-{own_rhythm.VERSION}",)

    def serving(self, hashes: Hashes) -> npt.NDArray[np.int64]:
        """The only one, everybody."""
        return np.zeros(len(hashes), np.int64)

    def risks(self, states: States, slots: Slots, nows: Slots, hashes: Hashes) -> Floats:  # noqa: ARG002
        """By the formula."""
        return own_rhythm.risks(states, slots, nows, self.population, self.horizon_ms)

    def reasons(self, states: States, slot: int, now: int) -> Sequence[Reason]:
        """Silence and habit."""
        return reasons(states, slot, now, self.population, self.horizon_ms)
