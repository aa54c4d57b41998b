"""The partition in memory gives what the log's batches give, however the events are handed over."""

import json
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from domain import offline
from domain.decode import Decoder
from domain.labels import Outcomes, Snapshots
from domain.leaving import Item
from domain.offline import Offline
from domain.packing import pack
from domain.records import side_by_side
from domain.settings import FactSettings
from domain.state import States, empty
from domain.steps import Due, Partition, Progress
from tests.domain.histories import DAY, LogRecord, erasure, event, mark

FACTS = FactSettings(inactivity_ms=20 * DAY, horizon_ms=14 * DAY)
T = 1_500_000_000_000


def log() -> list[LogRecord]:
    rng = Random(5)
    records = []
    for day in range(80):
        for user in range(12):
            if rng.random() < 0.2 - user / 80:
                at = T + day * DAY + user * 1000
                records.append(event(f"user-{user}", at, "purchase", f"{user}-{day}"))
        records.append(mark(T + (day + 1) * DAY))
    return records


def with_erasures(records: list[LogRecord]) -> list[LogRecord]:
    """Somebody is erased every few days, also between two marks; most come again."""
    rng, found = Random(6), list[LogRecord]()
    for place, record in enumerate(records):
        found.append(record)
        if place % 9 == 0:
            found.append(erasure(f"user-{rng.randrange(12)}"))
    return found


def fed(memory: Offline, records: list[LogRecord]) -> Offline:
    for key, value, _ in records:
        assert value is not None
        if key is None:
            memory.mark(json.loads(value)["mark"])
        else:
            memory.send(key, value)
    return memory


def in_one_go(records: list[LogRecord]) -> tuple[dict[str, bytes], list[Item]]:
    batch = Decoder(0, 1, FACTS).decode(side_by_side(records))
    states = empty(len(batch.users))
    part = Partition(batch, 0, states, batch.users, Due(batch.users, True), FACTS, 10_000)
    left = [item for s in part.steps(Progress(offset=0)) for kind in s.leaving for item in kind]
    return by_user(batch.users, states), left


def by_user(users: Sequence[str], states: States) -> dict[str, bytes]:
    return dict(zip(users, pack(states, np.arange(len(users))), strict=True))


@pytest.mark.parametrize("records", [log(), with_erasures(log())], ids=["plain", "erasures"])
@pytest.mark.parametrize("batch", [1, 7, 100_000])
def test_whatever_the_batches_the_same_states_and_items(
    batch: int, records: list[LogRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "BATCH", batch)
    states, left = in_one_go(records)
    memory = fed(Offline(FACTS, "l"), records)
    blocks = list(memory.blocks())
    assert by_user(memory.users, memory.states) == states
    found = sorted(
        (isinstance(b, Snapshots), t, user)
        for b in blocks
        for t, user in zip(b.times.tolist(), b.users, strict=True)
    )
    assert len(found) == len(left) > 100
    assert list(memory.blocks()) == []
    assert sum(memory.outcomes.values()) == len(records)


def test_blocks_may_be_asked_for_at_any_time() -> None:
    records = log()
    whole = list(fed(Offline(FACTS, "l"), records).blocks())
    memory = Offline(FACTS, "l")
    parts: list[Snapshots | Outcomes] = []
    for record in records:
        fed(memory, [record])
        parts += memory.blocks()
    for kind in (Snapshots, Outcomes):
        expected = [u for b in whole if isinstance(b, kind) for u in b.users]
        assert [u for b in parts if isinstance(b, kind) for u in b.users] == expected
