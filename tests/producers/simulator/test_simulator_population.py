"""Habits are heavy-tailed, and differ by person, hour, day and season."""

from datetime import date
from typing import Any

import numpy as np

from producers.simulator import vocabulary as words
from producers.simulator.scenario import Scenario
from producers.simulator.simulation import Simulation

DAY_MS = 86_400_000


def hill(values: np.ndarray, top: int) -> float:
    """Tail exponent after Hill (1975) from the `top` largest values."""
    largest = np.sort(values)[-top - 1 :]
    return float(top / np.log(largest[1:] / largest[0]).sum())


def test_rates_follow_the_power_law_that_was_asked_for() -> None:
    for tail in (1.3, 2.2):
        scenario = Scenario(tail=tail, most_rate=1e9)
        traits, _ = Simulation(20_000, 1, 3, scenario=scenario).truth()
        assert abs(hill(traits["rate"], 4_000) / tail - 1) < 0.06


def test_activity_is_concentrated_on_few(world: Any) -> None:
    counts = np.sort(np.bincount([int(key[1:]) for key in world.keys], minlength=1_500))[::-1]
    assert counts[:150].sum() > 0.35 * counts.sum()


def test_an_active_week_has_two_or_three_sessions_and_some_users_come_daily(world: Any) -> None:
    starts = [(event.user_id, event.time) for event in world.events if event.type == "session_start"]
    weeks: dict[tuple[str, int], int] = {}
    for user, time in starts:
        weeks[user, time // (7 * DAY_MS)] = weeks.get((user, time // (7 * DAY_MS)), 0) + 1
    counts = np.array(list(weeks.values()))
    assert 2 <= np.median(counts) <= 3
    assert 0.005 < np.mean(counts >= 7) < 0.2


def test_evening_people_come_in_the_evening_and_office_people_on_weekdays(world: Any) -> None:
    hours: dict[int, list[int]] = {0: [], 1: [], 2: []}
    weekend: dict[int, list[bool]] = {0: [], 1: [], 2: []}
    for event in world.events:
        if event.type == "session_start":
            user = world.traits[int(event.user_id[1:])]
            local = event.time // 3_600_000 + words.UTC_OFFSET_HOURS[user["geography"]]
            on_weekend = (event.time // DAY_MS + 3) % 7 >= 5
            weekend[int(user["daytime"])].append(on_weekend)
            if not on_weekend:
                hours[int(user["daytime"])].append(local % 24)
    office, evening = np.array(hours[0]), np.array(hours[1])
    assert np.mean((evening >= 18) | (evening < 1)) > 0.6
    assert np.mean((office >= 8) & (office < 18)) > 0.75
    assert np.mean(weekend[0]) < 0.2 < np.mean(weekend[1])


def test_shares_of_channels_are_those_of_the_vocabulary() -> None:
    traits, _ = Simulation(20_000, 1, 3).truth()
    found = np.bincount(traits["channel"], minlength=len(words.CHANNELS)) / len(traits)
    assert np.abs(found - words.CHANNEL_SHARES).max() < 0.015
    assert abs(np.mean(traits["signup_day"] < 0) - Scenario().existing_share) < 0.015


def test_seasons_show() -> None:
    january = sum(len(c.keys) for c in Simulation(800, 28, 5, date(2025, 1, 1)).chunks())
    august = sum(len(c.keys) for c in Simulation(800, 28, 5, date(2025, 8, 1)).chunks())
    assert august < 0.92 * january
