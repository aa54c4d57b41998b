"""All users' lives as one stream of events in order of time, in bounded memory."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from producers.simulator.calendar import DAY_MS, days_of, midnight_ms
from producers.simulator.emission import ROOM
from producers.simulator.lives import live
from producers.simulator.population import population
from producers.simulator.records import EVENT
from producers.simulator.scenario import Scenario

MOST_USERS: Final = 1 << 24
MOST_DAYS: Final = 3_650
_USER_DAYS: Final = 100_000
_LONG_STEP: Final = 100
_BUFFER: Final = 2 * ROOM * _LONG_STEP


def check_bounds(users: int, days: int, seed: int) -> None:
    """Refuse what the compiled code has no room for.

    Raises:
        ValueError: users, days or seed out of bounds.
    """
    if not 1 <= users <= MOST_USERS:
        raise ValueError(f"users must be between 1 and {MOST_USERS:,}, not {users:,}")
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"days must be between 1 and {MOST_DAYS:,}, not {days:,}")
    if not 0 <= seed < 1 << 63:
        raise ValueError(f"the seed must be between 0 and 2**63 - 1, not {seed}")


class History:
    """The lives of a population, lived once, day after day."""

    def __init__(self, users: int, days: int, seed: int, start: date, scenario: Scenario) -> None:
        """Draws the population."""
        self.start_ms: Final = midnight_ms(start)
        self.end_ms: Final = self.start_ms + days * DAY_MS
        self.days: Final = days
        self._scenario = scenario.record(days)
        self._calendar = days_of(start, days)
        self.traits, self.lives = population(users, seed, self._scenario, days)
        self._step = max(1, min(7, _USER_DAYS // users))
        self._buffer = np.empty(_BUFFER, dtype=EVENT)

    def events(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Days over so far, and the next events (dtype `EVENT`), ordered by time and then by user.

        To be walked through once. What would happen after the span is left out.
        """
        later = np.empty(0, dtype=EVENT)
        for day in range(0, self.days, self._step):
            next_day = min(day + self._step, self.days)
            found = np.concatenate([later, *self._lived(day, next_day)])
            horizon = self.start_ms + next_day * DAY_MS
            later = found[found["time"] >= horizon]  # a session may run past midnight
            found = found[found["time"] < horizon]
            # one key instead of two sorts; the order of a user's events in the same ms is kept
            keys = ((found["time"] - self.start_ms) << 24) | found["user"]
            yield next_day, found[np.argsort(keys, kind="stable")]

    def run_through(self) -> None:
        """Live the whole span for what becomes of the users, without their events; instead of `events`."""
        for day in range(0, self.days, _LONG_STEP):
            next_day = min(day + _LONG_STEP, self.days)
            user = 0
            while user < len(self.lives):
                user, _ = live(
                    self.traits, self.lives, self._calendar, self._scenario, day, next_day, user, self._buffer
                )

    def _lived(self, day: int, next_day: int) -> Iterator[NDArray[Any]]:
        user = 0
        while user < len(self.lives):
            user, count = live(
                self.traits, self.lives, self._calendar, self._scenario, day, next_day, user, self._buffer
            )
            yield self._buffer[:count].copy()
