"""The truth agrees with what the events show."""

import gzip
import io
from datetime import date
from typing import Any

import msgspec
import pytest
import zstandard

from domain.events import EVENT_TYPES
from producers.simulator.files import open_lines, write_chunk, write_truth
from producers.simulator.scenario import Scenario
from producers.simulator.simulation import Simulation
from producers.simulator.truth import UserTruth

DAY_MS = 86_400_000
SIGNS_OF_LIFE = {name for name, (opens, _) in EVENT_TYPES.items() if opens}


@pytest.fixture(scope="module")
def truths(world: Any) -> dict[str, UserTruth]:
    return {row.user_id: row for row in world.simulation.truth_rows()}


def first_silence(times: list[int], begin: int, end: int) -> int | None:
    """First moment at which 30 days have passed without a sign of life."""
    for last, following in zip([begin, *times], [*times, end], strict=True):
        if following - last >= 30 * DAY_MS:
            return last + 30 * DAY_MS
    return None


def test_first_silence_is_that_of_the_events(world: Any, truths: dict[str, UserTruth]) -> None:
    seen = world.by_user()
    silent = 0
    for user, row in truths.items():
        if row.signup is not None and row.signup >= world.simulation.end_ms:
            continue
        times = [event.time for event in seen.get(user, []) if event.type in SIGNS_OF_LIFE]
        begin = row.signup or world.simulation.start_ms
        expected = first_silence(times, begin, world.simulation.end_ms)
        if expected == world.simulation.end_ms:
            expected = None  # the end is no part of the span
        assert row.silent == expected, user
        silent += expected is not None
    assert silent > 300


def test_cancellations_and_assignments_are_those_of_the_events(
    world: Any, truths: dict[str, UserTruth]
) -> None:
    for user, events in world.by_user().items():
        first = {}
        for event in reversed(events):
            first[event.type, event.experiment] = event.time
        row = truths[user]
        assert row.cancelled == first.get(("cancellation", None))
        assert row.experiment == first.get(("experiment_assignment", "onboarding-checklist"))
        assert row.offer == first.get(("experiment_assignment", "loyalty-offer"))
        assert row.signup is None or row.signup == first["signup", None]


def test_who_left_shows_no_life_until_the_return(world: Any, truths: dict[str, UserTruth]) -> None:
    left = returned = cancelled = 0
    for user, events in world.by_user().items():
        row = truths[user]
        if row.left is None:
            assert row.returned is None
            continue
        left += 1
        returned += row.returned is not None
        cancelled += row.cancelled is not None
        until = row.returned or world.simulation.end_ms
        alive = [event.time for event in events if event.type in SIGNS_OF_LIFE]
        assert row.left in (*alive, row.signup, world.simulation.start_ms)
        assert not [time for time in alive if row.left < time < until]
        assert row.decided is not None
        assert row.cause is not None
    assert left > 300
    assert returned > 60
    assert 0.15 * left < cancelled < 0.6 * left


def test_counts_are_those_of_the_stream(world: Any, truths: dict[str, UserTruth]) -> None:
    beyond = 0
    for user, events in world.by_user().items():
        beyond += truths[user].events - len(events)
        assert truths[user].events - len(events) in range(200)  # a session may run past the span's end
    assert beyond < 0.002 * len(world.events)


def test_a_cohort_without_end_reaches_silence_or_stays() -> None:
    """Everybody signs up on the first day: the true survival curve can be read off directly."""
    scenario = Scenario(existing_share=0.0, signup_until=0.0)
    traits, lives = Simulation(3_000, 150, 4, date(2025, 1, 1), scenario=scenario).truth()
    assert (traits["signup_day"] == 0).all()
    begin = 1_735_689_600_000 + traits["signup_ms"].astype(int)
    survival = [
        ((lives["silent_ms"] == 0) | (lives["silent_ms"] - begin > day * DAY_MS)).mean()
        for day in (29, 60, 90, 140)
    ]
    assert survival[0] == 1.0
    assert survival == sorted(survival, reverse=True)
    assert 0.3 < survival[-1] < 0.8


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_files_hold_the_same_lines_at_every_time(tmp_path: Any, suffix: str) -> None:
    simulation = Simulation(30, 40, 2)
    written = []
    for name in ("a", "b"):
        with open_lines(tmp_path / "deep" / f"{name}{suffix}") as file:
            for chunk in simulation.chunks():
                write_chunk(file, chunk)
        written.append((tmp_path / "deep" / f"{name}{suffix}").read_bytes())
    assert written[0] == written[1]
    if suffix.endswith(".gz"):
        assert written[0][4:8] == bytes(4)  # no time of writing in the header
    lines = unpacked(written[0], suffix).splitlines()
    assert lines == [value for chunk in simulation.chunks() for value in chunk.values]


def unpacked(data: bytes, suffix: str) -> bytes:
    if suffix.endswith(".gz"):
        return gzip.decompress(data)
    if suffix.endswith(".zst"):
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)) as reader:
            return reader.read()
    return data


def test_a_truth_file_begins_with_the_manifest(tmp_path: Any) -> None:
    simulation = Simulation(30, 40, 2)
    assert write_truth(simulation, tmp_path / "truth.jsonl") == 30
    head, *rows = (tmp_path / "truth.jsonl").read_bytes().splitlines()
    manifest = msgspec.json.decode(head)
    assert manifest["seed"] == 2
    assert manifest["scenario"]["drivers"][2] == {
        "name": "payment_failed", "before": 1.2, "after": 0.3, "value": manifest["scenario"]["drivers"][2]["value"],
    }  # fmt: skip
    assert [msgspec.json.decode(row, type=UserTruth) for row in rows] == list(simulation.truth_rows())
