"""How large a population or how much activity brings a wanted number of events."""

from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from producers.simulator.history import MOST_USERS, History
from producers.simulator.scenario import Scenario

_FIRST_GUESS: Final = 500
_SAMPLE: Final = 20_000
_SURPLUS: Final = 1.01
"""Activity aims so much above, since the stream can be cut off but not be prolonged."""
_ROUNDS: Final = 8


class SizeError(ValueError):
    """No population or activity brings so many, or so few, events."""


def users_for(events: int, days: int, seed: int, start: date, scenario: Scenario) -> int:
    """The smallest number of users who bring `events` events. It costs about as much as simulating them."""
    users = min(_FIRST_GUESS, events)
    while True:
        totals = np.cumsum(_events_by_user(users, days, seed, start, scenario))
        if totals[-1] >= events:
            return int(np.searchsorted(totals, events)) + 1
        if users == MOST_USERS:
            raise SizeError(f"{users:,} users bring {totals[-1]:,} events in {days} days, not {events:,}")
        users = min(MOST_USERS, max(2 * users, int(1.05 * users * events / max(1, totals[-1]))))


def activity_for(events: int, users: int, days: int, seed: int, start: date, scenario: Scenario) -> float:
    """The factor on all session rates at which `users` users bring `events` events, within about one percent.

    Raises:
        SizeError: the factor would have to lie outside 0.01 to 20.
    """
    sample = min(users, _SAMPLE)
    wanted = _SURPLUS * events * sample / users
    low, high = 0.01, 20.0
    activity = 1.0
    for _ in range(_ROUNDS):
        found = int(_events_by_user(sample, days, seed, start, replace(scenario, activity=activity)).sum())
        if abs(found / wanted - 1.0) < 0.004:
            return activity
        low, high = (activity, high) if found < wanted else (low, activity)
        # events grow a little slower than activity, so the proportional guess is a good one
        activity = min(high, max(low, activity * wanted / max(1, found)))
    if not 0.9 < found / wanted < 1.1:
        raise SizeError(
            f"{users:,} users in {days} days cannot bring {events:,} events (about {found * users // sample:,} at "
            f"{activity:.2f} times the usual activity): choose other --users, or leave them out"
        )
    return activity


def _events_by_user(users: int, days: int, seed: int, start: date, scenario: Scenario) -> NDArray[np.int64]:
    history = History(users, days, seed, start, scenario)
    counts = np.zeros(users, dtype=np.int64)
    for _, events in history.events():
        counts += np.bincount(events["user"], minlength=users)
    return counts
