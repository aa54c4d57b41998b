"""What `compare` finds in the topics, and what it lets pass."""

from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from domain.catalogue import INDEX
from domain.labels import Snapshots
from domain.oracle.topics import compare
from domain.settings import FactSettings
from tests.domain.histories import DAY, LOCALS, Log, LogRecord
from tests.domain.small_histories import clock, did
from tests.domain.test_fold import Cut, oracle_of, read

FACTS = FactSettings()
RECORDS: list[LogRecord] = [
    *(did(k * DAY, user=user) for k in range(25) for user in LOCALS),
    *(clock(day * DAY) for day in range(25, 80)),
]
Change = Callable[[list[Snapshots]], list[Snapshots]]


def read_and_compare(change: Change) -> list[str]:
    """What is found in the blocks of snapshots after a change."""
    log = Log(RECORDS, FACTS)
    oracle, _ = oracle_of(log)
    kept = read(log, Cut(list(range(len(log.records))), 500, 1000))
    blocks = [b for b in kept.sent if isinstance(b, Snapshots)]
    assert len([b for b in blocks if b.users]) >= 4
    return compare(change(blocks), oracle.snapshots, oracle.upto, FACTS)


def first(blocks: list[Snapshots]) -> int:
    return next(i for i, b in enumerate(blocks) if b.users)


def dropped(blocks: list[Snapshots]) -> list[Snapshots]:
    at = first(blocks)
    return blocks[:at] + blocks[at + 1 :]


def altered(blocks: list[Snapshots]) -> list[Snapshots]:
    at = first(blocks)
    features = blocks[at].features.copy()
    features[0, INDEX["tenure_days"]] = np.nextafter(features[0, INDEX["tenure_days"]], 99)
    return [*blocks[:at], replace(blocks[at], features=features), *blocks[at + 1 :]]


def invented(blocks: list[Snapshots]) -> list[Snapshots]:
    at = first(blocks)
    return [*blocks, replace(blocks[at], times=blocks[at].times + 1)]


def swapped(blocks: list[Snapshots]) -> list[Snapshots]:
    one, other = [i for i, b in enumerate(blocks) if b.users][:2]
    blocks[one], blocks[other] = blocks[other], blocks[one]
    return blocks


def hasty(blocks: list[Snapshots]) -> list[Snapshots]:
    return [replace(b, upto=b.upto + 30 * DAY) for b in blocks]


def silenced(blocks: list[Snapshots]) -> list[Snapshots]:
    return [b for b in blocks if b.users]


def sent_ahead(blocks: list[Snapshots]) -> list[Snapshots]:
    early = blocks[first(blocks)]
    return [*blocks, replace(early, times=early.times + 100 * DAY, upto=early.upto + 100 * DAY)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dropped, "is not in the topic"),
        (altered, "tenure_days: the log says 0x"),
        (invented, "the log says none"),
        (swapped, "came after a later one"),
        (hasty, "came after a block that was complete up to"),
        (silenced, "the topic says that it is complete up to"),
    ],
)
def test_what_is_wrong_is_said(change: Change, said: str) -> None:
    assert any(said in line for line in read_and_compare(change))


def test_repeats_and_what_was_sent_ahead_pass() -> None:
    assert read_and_compare(lambda blocks: blocks) == []
    assert read_and_compare(lambda blocks: [*blocks[:9], *blocks[3:9], *blocks[3:]]) == []
    assert read_and_compare(sent_ahead) == []


def test_a_repeat_that_differs_does_not_pass() -> None:
    assert read_and_compare(lambda blocks: blocks + altered(blocks)) != []
