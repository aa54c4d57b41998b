"""So many events as are asked for, spread as they are asked for."""

from collections import Counter
from datetime import date
from itertools import chain

import msgspec
import numpy as np
import pytest

from domain.events import Event
from producers.simulator.simulation import Simulation
from producers.simulator.sizing import SizeError

START = date(2025, 3, 1)


def stream(simulation: Simulation) -> list[bytes]:
    return list(chain.from_iterable(chunk.values for chunk in simulation.chunks()))


def test_the_population_that_brings_the_wanted_events_is_found() -> None:
    simulation = Simulation(None, 60, 4, START, events=30_000)
    found = stream(simulation)
    assert len(found) == 30_000
    one_less = stream(Simulation(simulation.users - 1, 60, 4, START))
    assert len(one_less) < 30_000


@pytest.mark.parametrize("events", [20_000, 150_000])
def test_given_users_bring_about_the_wanted_events(events: int) -> None:
    simulation = Simulation(1_000, 90, 4, START, events=events)
    found = stream(simulation)
    assert 0.97 * events < len(found) <= events
    assert len(simulation.truth()[0]) == 1_000
    last = msgspec.json.decode(found[-1], type=Event).time
    assert isinstance(last, int)
    assert simulation.end_ms - last < 4 * 86_400_000


def test_what_no_activity_can_bring_is_refused() -> None:
    with pytest.raises(SizeError, match="choose other --users"):
        Simulation(10, 5, 4, START, events=1_000_000)
    with pytest.raises(SizeError, match="choose other --users"):
        Simulation(5_000, 90, 4, START, events=10)


def test_an_even_spread_gives_every_event_to_another_user() -> None:
    simulation = Simulation(None, 60, 4, START, events=30_000, uniform_users=4_000)
    events = [msgspec.json.decode(value, type=Event) for value in stream(simulation)]
    for first in range(0, 28_000, 4_000):
        assert len({event.user_id for event in events[first : first + 4_000]}) == 4_000
    assert len({(event.user_id, event.event_id) for event in events}) == 30_000
    times = np.array([event.time for event in events])
    assert (np.diff(times) >= 0).all()
    orders = [[e.user_id for e in events[first : first + 50]] for first in (0, 4_000)]
    assert orders[0] != orders[1]


def test_an_even_spread_keeps_mix_and_moments() -> None:
    plain = [msgspec.json.decode(v, type=Event) for v in stream(Simulation(300, 60, 4, START))]
    even = [
        msgspec.json.decode(v, type=Event) for v in stream(Simulation(300, 60, 4, START, uniform_users=77))
    ]
    assert Counter(event.type for event in plain) == Counter(event.type for event in even)
    assert [event.time for event in plain] == [event.time for event in even]
    sizes = Counter(event.user_id for event in even).values()
    assert max(sizes) - min(sizes) <= 1


def test_an_even_spread_does_not_depend_on_chunks() -> None:
    whole = stream(Simulation(300, 60, 4, START, uniform_users=77))
    cut = stream(Simulation(300, 60, 4, START, uniform_users=77, chunk_events=101))
    assert whole == cut


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"users": 0}, "users"),
        ({"users": 1 << 25}, "users"),
        ({"days": 0}, "days"),
        ({"days": 4_000}, "days"),
        ({"seed": -1}, "seed"),
        ({"users": None}, "how many users"),
        ({"events": 0}, "events"),
        ({"uniform_users": 0}, "uniform_users"),
        ({"chunk_events": 0}, "chunk_events"),
    ],
)
def test_arguments_out_of_bounds_are_named(arguments: dict[str, int | None], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Simulation(**({"users": 10, "days": 10, "seed": 1} | arguments))  # type: ignore[arg-type]
