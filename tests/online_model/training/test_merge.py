"""What the merge releases is a function of the items alone."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from domain.labels import Snapshots, encode
from online_model.training.blocks import rows_of
from online_model.training.merge import HOUR_MS, TOPICS, Hour, Merge
from tests.online_model.training.histories import LINEAGE, History, Topics, blocks, history


def plain(hours: list[Hour]) -> list[Any]:
    """What the hours hold, for comparison; without the empty ones, which only say that time has moved."""
    return [
        (
            hour.hour,
            hour.snapshots.users,
            hour.snapshots.times.tolist(),
            hour.snapshots.features.tobytes(),
            hour.outcomes.users,
            hour.outcomes.times.tolist(),
            hour.outcomes.lost.tolist(),
            hour.outcomes.treated.tolist(),
        )
        for hour in hours
        if hour.snapshots.users or hour.outcomes.users
    ]


def expected(h: History) -> list[Any]:
    """The slow way: every item into its hour."""
    found: dict[int, Any] = {}
    for topic, delay in (("s", 0), ("o", h.delay_ms)):
        for row, time in enumerate(h.times.tolist()):
            found.setdefault((time + delay) // HOUR_MS, {"s": [], "o": []})[topic].append(row)
    return [
        (
            hour,
            [h.users[i] for i in rows["s"]],
            h.times[rows["s"]].tolist(),
            h.features[rows["s"]].tobytes(),
            [h.users[i] for i in rows["o"]],
            h.times[rows["o"]].tolist(),
            h.lost[rows["o"]].tolist(),
            h.treated[rows["o"]].tolist(),
        )
        for hour, rows in sorted(found.items())
    ]


def merged(h: History, topics: Topics, rng: np.random.Generator, spill: Path | None, partitions: int) -> Any:
    """Fed in random turns of the two topics."""
    merge = Merge(LINEAGE, partitions, h.delay_ms, spill, in_memory=20_000)
    at = dict.fromkeys(TOPICS, 0)
    hours: list[Hour] = []
    while any(at[topic] < len(topics[topic]) for topic in TOPICS):
        topic = TOPICS[int(rng.integers(0, 2))]
        for block in topics[topic][at[topic] : at[topic] + int(rng.integers(1, 30))]:
            merge.add(topic, at[topic], block)
            at[topic] += 1
        hours += merge.hours()
    return merge, hours


@pytest.mark.parametrize("seed", range(8))
def test_the_order_does_not_depend_on_the_blocks(seed: int, tmp_path: Path) -> None:
    h = history(1)
    rng = np.random.default_rng(seed)
    partitions = int(rng.integers(1, 6))
    spill = tmp_path / "spill" if seed % 2 else None
    merge, hours = merged(h, blocks(h, partitions, rng), rng, spill, partitions)
    assert plain(hours) == expected(h)
    assert merge.frontier_ms == h.end_ms
    assert [hour.hour for hour in hours] == sorted({hour.hour for hour in hours})
    assert set(merge.skipped) <= {"repeated"}
    merge.close()
    assert not (tmp_path / "spill" / "snapshots").exists()


def test_blocks_far_ahead_go_to_disk_and_come_back(tmp_path: Path) -> None:
    h = history(2)
    rng = np.random.default_rng(0)
    topics = blocks(h, 4, rng)
    merge = Merge(LINEAGE, 4, h.delay_ms, tmp_path, in_memory=20_000)
    hours: list[Hour] = []
    for topic in TOPICS:  # all snapshots before the first outcome
        for offset, block in enumerate(topics[topic]):
            merge.add(topic, offset, block)
        if topic == "snapshots":
            assert list(tmp_path.glob("snapshots/*/*.segment"))
        hours += merge.hours()
    assert plain(hours) == expected(h)
    merge.close()


@pytest.mark.parametrize("seed", range(8))
def test_goes_on_from_its_state_as_if_nothing_had_happened(seed: int, tmp_path: Path) -> None:
    h = history(3)
    rng = np.random.default_rng(seed)
    topics = blocks(h, 3, rng)
    whole, hours = merged(h, topics, np.random.default_rng(0), None, 3)
    merge = Merge(LINEAGE, 3, h.delay_ms, tmp_path, in_memory=20_000)
    at = dict.fromkeys(TOPICS, 0)
    released: list[Hour] = []
    state, kept = merge.state(), 0
    for _ in range(100_000):
        if rng.random() < 0.05:  # killed: what was released after the state is released again
            if rng.random() < 0.5:
                state, kept = merge.state(), len(released)
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=type(state))
            released = released[:kept]
            merge.close()
            merge = Merge(LINEAGE, 3, h.delay_ms, tmp_path, state, in_memory=20_000)
            assert merge.state() == state
            at = {"snapshots": state.snapshots.resume, "outcomes": state.outcomes.resume}
        topic = TOPICS[int(rng.integers(0, 2))]
        for block in topics[topic][at[topic] : at[topic] + int(rng.integers(1, 10))]:
            merge.add(topic, at[topic], block)
            at[topic] += 1
        released += [hour for hour in merge.hours() if hour.snapshots.users or hour.outcomes.users]
        if merge.frontier_ms == h.end_ms:
            break
    assert plain(released) == plain(hours)
    assert merge.skipped == whole.skipped
    assert merge.state() == whole.state()
    merge.close()


def test_what_is_not_ours_is_counted() -> None:
    h = history(4, users=5)
    topics = blocks(h, 1, np.random.default_rng(0))
    merge = Merge(LINEAGE, 1, h.delay_ms)
    some = next(block for block in topics["snapshots"] if len(block.users) > 2)
    assert isinstance(some, Snapshots)
    merge.add_record("snapshots", 0, b"\x00junk")
    merge.add_record("snapshots", 1, None)
    merge.add_record("outcomes", 0, encode(some))
    merge.add_record("snapshots", 2, encode(msgspec.structs.replace(some, lineage="other")))
    merge.add_record("snapshots", 3, encode(msgspec.structs.replace(some, partition=7)))
    merge.add_record("snapshots", 4, encode(some))
    merge.add_record("snapshots", 5, encode(rows_of(some, slice(0, 2))))
    items = len(some.users)
    assert merge.skipped == {"damaged": 3, "other_lineage": items, "unknown_partition": items, "repeated": 2}
    assert not list(merge.hours())


def test_an_hour_waits_for_every_partition_in_both_topics() -> None:
    h = history(5, users=4)
    topics = blocks(h, 2, np.random.default_rng(0))
    merge = Merge(LINEAGE, 2, h.delay_ms)
    for topic in TOPICS:
        for offset, block in enumerate(topics[topic]):
            if not (topic == "outcomes" and block.partition == 1):
                merge.add(topic, offset, block)
    assert not list(merge.hours())
    assert merge.frontier_of("snapshots") == h.end_ms
    for offset, block in enumerate(topics["outcomes"]):
        if block.partition == 1:
            merge.add("outcomes", offset, block)
    assert plain(list(merge.hours())) == expected(h)
