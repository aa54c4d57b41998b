"""What emptied records account for, and what they do not: held against the log as it was before."""

from collections import Counter

import pytest

from archive.records import NOTHING, Kept
from domain.labels import Snapshots
from domain.oracle import Partition
from domain.oracle.examples import Settled, Snapshot
from domain.oracle.topics import compare
from domain.settings import FactSettings
from ebbwatch.emptied import Emptied
from ebbwatch.verify import _passing
from tests.domain.histories import DAY, LOCALS, PARTITION, PARTITIONS, Log, LogRecord, erasure
from tests.domain.small_histories import clock, did
from tests.domain.test_fold import Cut, read

FACTS = FactSettings()
GONE = LOCALS[0]
RECORDS: list[LogRecord] = [
    *(did(k * DAY, user=user, event_id=f"{user}{k}") for k in range(25) for user in LOCALS),
    *(did(k * DAY, user=GONE, event_id=f"{GONE}{k}") for k in range(3)),  # duplicates
    *(clock(day * DAY) for day in range(25, 40)),
    erasure(GONE),
    *(did(k * DAY, user=GONE, event_id=f"again{k}") for k in range(40, 60)),
    *(clock(day * DAY) for day in range(60, 80)),
]
"""Somebody is erased, and comes back."""


def counted(oracle: Partition) -> dict[str, int]:
    gaps, seconds = oracle.population()
    kinds: Counter[str] = Counter()
    for (kind, _), number in oracle.outcomes.items():
        kinds[kind] += number
    return {**kinds, "gaps": gaps, "gap_seconds": seconds}


def told(records: list[LogRecord], archived: int, erased: int) -> tuple[Partition, Emptied]:
    """The oracle of a log of which so many records come from the archive, where the erasure is carried out."""
    oracle, emptied = Partition(PARTITION, PARTITIONS, FACTS), Emptied()
    for offset, record in enumerate(records):
        kept = Kept(offset, record.timestamp, record.key, record.value)
        if offset < archived:
            if offset <= erased and record.key == GONE.encode():
                kept = Kept(offset, record.timestamp, None, NOTHING)
            emptied.archived(kept)
        emptied.fed(kept.key, oracle.feed(*kept), oracle.clock)
    return oracle, emptied


ERASED = next(i for i, r in enumerate(RECORDS) if r == erasure(GONE))
"""Offset of the erasure."""
WHOLE = told(RECORDS, 0, -1)[0]
BLOCKS = [
    b for b in read(Log(RECORDS, FACTS), Cut([len(RECORDS)], 500, 1000)).sent if isinstance(b, Snapshots)
]


def passed(oracle: Partition, emptied: Emptied, blocks: list[Snapshots]) -> tuple[list[str], int]:
    known = {u.encode(): oracle.history(u).first_ms + FACTS.allowed_lateness_ms for u in oracle.users()}
    found: set[tuple[int, bytes, bool]] = set()
    wrong = compare(
        blocks, oracle.snapshots, oracle.upto, FACTS, _passing(emptied, known, oracle.snapshots, found)
    )
    return wrong, len(found)


@pytest.mark.parametrize("archived", [len(RECORDS), ERASED + 1, ERASED, 70, 10])
def test_what_emptied_records_account_for_is_let_pass(archived: int) -> None:
    oracle, emptied = told(RECORDS, archived, ERASED)
    said, has = counted(oracle), counted(WHOLE)
    assert said != has
    assert emptied.counts(said, has) == has
    assert emptied.counts(said, said) == said, "a store that was filled from the archive"
    wrong, number = passed(oracle, emptied, BLOCKS)
    assert wrong == []
    assert number


def test_without_them_nothing_is() -> None:
    oracle, emptied = told(RECORDS, 0, -1)
    said = counted(oracle)
    assert emptied.counts(said, {**said, "applied": said["applied"] + 1, "mark": said["mark"] - 1}) == said
    assert passed(oracle, emptied, BLOCKS) == ([], 0)
    oracle, emptied = told(RECORDS, len(RECORDS), ERASED)
    emptied.records = 0
    assert passed(oracle, emptied, BLOCKS)[0]
    assert not emptied.unknown(Snapshot(1, GONE.encode(), b"", 0, False), {})


@pytest.mark.parametrize(
    "other", [{"applied": 1}, {"applied": 99, "mark": -99}, {"applied": -1, "mark": 1}, {"gaps": -1}]
)
def test_other_differences_of_counters_are_found(other: dict[str, int]) -> None:
    oracle, emptied = told(RECORDS, ERASED + 1, ERASED)
    said = counted(oracle)
    wrong = {kind: n + other.get(kind, 0) for kind, n in said.items()}
    assert emptied.counts(said, wrong) == said


def test_other_differences_of_the_topics_are_found() -> None:
    oracle, emptied = told(RECORDS, len(RECORDS), ERASED)
    kept = next(u for u in LOCALS if u != GONE).encode()
    first = {kept: 5 * DAY, GONE.encode(): 50 * DAY}
    for at, user, told_ in ((6, kept, False), (51, GONE.encode(), False), (49, GONE.encode(), True)):
        assert emptied.unknown(Snapshot(at * DAY, user, b"", 0, False), first) == told_
    assert isinstance(WHOLE.settled[0], Settled)
    wrong, _ = passed(oracle, emptied, BLOCKS[:-1])
    assert wrong
