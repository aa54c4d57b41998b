"""The same arguments give the same bytes, however they are asked for."""

import hashlib
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
import pytest

from producers.simulator import history
from producers.simulator.scenario import Scenario
from producers.simulator.simulation import Simulation

START = date(2025, 3, 1)
PINNED: Final = "ce47e6fa10683b2f96decac0ab8f061a2382fdaac06fad6383f624114c433413"


def digest(simulation: Simulation) -> str:
    total = hashlib.sha256()
    for chunk in simulation.chunks():
        for key, value, time in zip(chunk.keys, chunk.values, chunk.times.tolist(), strict=True):
            total.update(b"%b %b %d\n" % (key, value, time))
    return total.hexdigest()


def test_the_bytes_are_pinned() -> None:
    """Fails whenever the simulation changes: then pin the new digest, and say so in the changelog."""
    assert digest(Simulation(40, 90, seed=5, start=START)) == PINNED


def test_chunks_of_any_size_hold_the_same_stream() -> None:
    digests = {digest(Simulation(30, 20, 3, START, chunk_events=size)) for size in (1, 777, 1_000_000)}
    assert len(digests) == 1


def test_the_pace_of_living_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    week_by_week = digest(Simulation(200, 40, 3, START))
    monkeypatch.setattr(history, "_USER_DAYS", 1)  # one day for all users at a time
    assert digest(Simulation(200, 40, 3, START)) == week_by_week


def test_a_simulation_can_be_walked_twice() -> None:
    simulation = Simulation(100, 30, 3, START)
    assert digest(simulation) == digest(simulation)


def test_another_seed_gives_another_stream() -> None:
    assert digest(Simulation(100, 30, 3, START)) != digest(Simulation(100, 30, 4, START))


def test_users_live_the_same_life_in_a_larger_population() -> None:
    few, _ = Simulation(50, 60, 9, START).truth()
    many, lives = Simulation(300, 60, 9, START).truth()
    assert np.array_equal(few, many[:50])
    assert np.array_equal(Simulation(50, 60, 9, START).truth()[1], lives[:50])


def test_the_truth_is_the_same_without_walking_the_chunks() -> None:
    walked, not_walked = Simulation(100, 60, 9, START), Simulation(100, 60, 9, START)
    for _ in walked.chunks():
        pass
    assert np.array_equal(walked.truth()[1], not_walked.truth()[1])


def test_two_worlds_differ_only_by_what_was_chosen() -> None:
    treated = Simulation(300, 60, 9, START, scenario=Scenario(experiment_share=1.0))
    control = Simulation(300, 60, 9, START, scenario=replace(treated.scenario, experiment_share=0.0))
    ours, theirs = treated.truth()[0], control.truth()[0]
    assert ours["treated"].all()
    assert not theirs["treated"].any()
    others = [name for name in ours.dtype.names or () if name != "treated"]
    assert np.array_equal(ours[others], theirs[others])
