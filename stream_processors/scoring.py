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


class Scoring(Protocol):
    """One version of a model."""

    @property
    def version(self) -> str:
        """Its name: scores of two versions are not compared with each other."""
        ...

    def risks(self, states: States, slots: Slots, nows: Slots) -> Floats:
        """Risk of ``states[slots]``, all with a session, at their nows (ms), shape (len(slots),)."""
        ...

    def reasons(self, states: States, slot: int, now: int) -> Sequence[Reason]:
        """Why, for one of them, heaviest first."""
        ...


class OwnRhythm(NamedTuple):
    """The baseline: what serves before anything is trained."""

    population: Population
    horizon_ms: int

    @property
    def version(self) -> str:
        """Name and version of the formula."""
        return f"{own_rhythm.NAME}-{own_rhythm.VERSION}"

    def risks(self, states: States, slots: Slots, nows: Slots) -> Floats:
        """By the formula."""
        return own_rhythm.risks(states, slots, nows, self.population, self.horizon_ms)

    def reasons(self, states: States, slot: int, now: int) -> Sequence[Reason]:
        """Silence and habit."""
        return reasons(states, slot, now, self.population, self.horizon_ms)
