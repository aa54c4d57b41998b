"""The simulation as others use it: chunks of encoded events, and the truth behind them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from producers.simulator import sizing
from producers.simulator.calendar import DAY_MS, midnight_ms
from producers.simulator.encoding import encode
from producers.simulator.history import History, check_bounds
from producers.simulator.population import population
from producers.simulator.scenario import Scenario
from producers.simulator.spread import EvenSpread
from producers.simulator.truth import UserTruth, rows, settled

DEFAULT_START: Final = date(2025, 1, 1)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Events in order of time; the lists and the array are parallel."""

    keys: list[bytes]
    """User ids in UTF-8."""
    values: list[bytes]
    """`domain.events.Event` as JSON."""
    times: NDArray[np.int64]
    """Milliseconds since 1970-01-01 UTC, never decreasing."""
    days: int
    """How many days of the span are over with this chunk."""


class Simulation:
    """A product's users over a span of days. The same arguments give the same bytes, on every machine.

    Memory is bounded: some 300 bytes a user, and the events of a few days.
    """

    def __init__(
        self,
        users: int | None,
        days: int,
        seed: int,
        start: date = DEFAULT_START,
        events: int | None = None,
        *,
        uniform_users: int | None = None,
        scenario: Scenario | None = None,
        chunk_events: int = 50_000,
    ) -> None:
        """Finds the size that is asked for, which takes as long as simulating it without encoding.

        Args:
            users: how many, up to 2**24. None: as many as `events` need.
            days: length of the span, up to 3,650.
            start: first day of the span, from midnight UTC.
            events: end the stream after so many. With `users`, all session rates are scaled so that the span
                brings about that many; fewer may come, by one or two in a hundred.
            uniform_users: spread the events evenly over so many users, for benchmarks; see `EvenSpread`.
            chunk_events: most events of a chunk; has no influence on the events.

        Raises:
            ValueError: an argument is out of bounds, or neither users nor events is given.
            SizeError: no activity brings so many events.
        """
        if users is None and events is None:
            raise ValueError("say how many users or how many events")
        for name, value in (
            ("events", events),
            ("uniform_users", uniform_users),
            ("chunk_events", chunk_events),
        ):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        check_bounds(1 if users is None else users, days, seed)
        check_bounds(uniform_users or 1, days, seed)
        scenario = scenario or Scenario()
        if events is not None:
            if users is None:
                users = sizing.users_for(events, days, seed, start, scenario)
            else:
                activity = sizing.activity_for(events, users, days, seed, start, scenario)
                scenario = replace(scenario, activity=activity)
        assert users is not None
        self.users: Final = users
        self.days: Final = days
        self.seed: Final = seed
        self.start: Final = start
        self.limit: Final = events
        self.uniform_users: Final = uniform_users
        self.scenario: Final = scenario
        self._chunk_events = chunk_events
        self._lived: History | None = None
        self.start_ms: Final = midnight_ms(start)
        self.end_ms: Final = self.start_ms + days * DAY_MS
        """The moment after the span, milliseconds."""

    def chunks(self) -> Iterator[Chunk]:
        """The events from the beginning, at every call the same."""
        history = self._new()
        traits, spread = history.traits, None
        if self.uniform_users is not None:
            spread = EvenSpread(self.uniform_users, self.seed)
            traits, _ = population(self.uniform_users, self.seed, self.scenario.record(self.days), self.days)
        left = self.limit
        held: list[NDArray[Any]] = []
        for days, events in history.events():
            taken = events if left is None else events[:left]
            left = None if left is None else left - len(taken)
            held.append(taken if spread is None else spread(taken))
            if sum(map(len, held)) < self._chunk_events and days < self.days:
                continue
            ready = np.concatenate(held)
            held = []
            for first in range(0, len(ready), self._chunk_events):
                part = ready[first : first + self._chunk_events]
                keys, values = encode(part, traits)
                yield Chunk(keys, values, part["time"].copy(), days)
        self._lived = history

    def truth(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Traits and lives of all users at the span's end (dtypes `TRAITS` and `LIFE`), 0 for what never happened.

        After `chunks` was walked through, at once; else the lives are lived without encoding.
        """
        if self._lived is None:
            history = self._new()
            history.run_through()
            self._lived = history
        return self._lived.traits, settled(self._lived, self.scenario.inactivity_days)

    def truth_rows(self) -> Iterator[UserTruth]:
        """The truth of one user after another."""
        return rows(*self.truth(), self.start_ms)

    def manifest(self) -> dict[str, Any]:
        """All that the events follow from, with the planted coefficients; the head of a truth file."""
        return {
            "users": self.users, "days": self.days, "seed": self.seed, "start": self.start.isoformat(),
            "events": self.limit, "uniform_users": self.uniform_users, "scenario": asdict(self.scenario),
        }  # fmt: skip

    def _new(self) -> History:
        return History(self.users, self.days, self.seed, self.start, self.scenario)
