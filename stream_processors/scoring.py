"""What scores users in the worker: risk of many, reasons for one."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from domain.state import States
from online_model.own_rhythm import Population
from online_model.reasons import Reason
from online_model.risk import Risk
from online_model.tiers import Thresholds

Slots = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]


class Scoring(Protocol):
    """What serves, immutable."""

    @property
    def versions(self) -> Sequence[str]:
        """Of the models that serve; scores of two versions are not compared with each other."""
        ...

    @property
    def thresholds(self) -> Thresholds | None:
        """Where the tiers begin; None for where the settings say."""
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

    def reasons(self, states: States, slot: int, now: int, user_hash: np.uint64) -> Sequence[Reason]:
        """Why, for one of them, heaviest first."""
        ...

    def former(self) -> "Scoring | None":
        """What served before."""
        ...


class Served(NamedTuple):
    """Risk as it is served to the users of one batch."""

    risk: Risk
    population: Population
    horizon_ms: int
    before: Risk | None = None

    @property
    def versions(self) -> Sequence[str]:
        """Of the risk."""
        return self.risk.versions

    @property
    def thresholds(self) -> Thresholds | None:
        """Of the risk."""
        return self.risk.thresholds

    def serving(self, hashes: Hashes) -> npt.NDArray[np.int64]:
        """By share."""
        return self.risk.serving(hashes)

    def risks(self, states: States, slots: Slots, nows: Slots, hashes: Hashes) -> Floats:
        """By what serves each."""
        return self.risk.of(states, slots, nows, hashes, self.population, self.horizon_ms)

    def reasons(self, states: States, slot: int, now: int, user_hash: np.uint64) -> Sequence[Reason]:
        """Codes stay without their names: they are not at hand here."""
        return self.risk.reasons(states, slot, now, user_hash, self.population, self.horizon_ms, {})

    def former(self) -> "Served | None":
        """None until something was swapped in."""
        return None if self.before is None else self._replace(risk=self.before, before=None)
