"""One population, simulated once for all tests that only look at it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from domain.events import Event
from producers.simulator.scenario import Scenario
from producers.simulator.simulation import Simulation

START = date(2025, 3, 1)


@dataclass(frozen=True)
class World:
    """A simulation with everything that came out of it."""

    simulation: Simulation
    keys: list[bytes]
    values: list[bytes]
    times: NDArray[np.int64]
    events: list[Event]
    traits: NDArray[Any]
    lives: NDArray[Any]

    def by_user(self) -> dict[str, list[Event]]:
        """Every user's events in order."""
        found: dict[str, list[Event]] = {}
        for event in self.events:
            found.setdefault(event.user_id, []).append(event)
        return found


@pytest.fixture(scope="session")
def world() -> World:
    """1,500 users over half a year in which many leave, return and cancel."""
    scenario = Scenario(base_hazard=0.004, return_cancelled=0.006, return_quiet=0.006, length=0.6)
    simulation = Simulation(1_500, 180, seed=11, start=START, scenario=scenario)
    keys: list[bytes] = []
    values: list[bytes] = []
    times = []
    for chunk in simulation.chunks():
        keys += chunk.keys
        values += chunk.values
        times.append(chunk.times)
    decode = msgspec.json.Decoder(Event).decode
    traits, lives = simulation.truth()
    return World(simulation, keys, values, np.concatenate(times), [decode(v) for v in values], traits, lives)
