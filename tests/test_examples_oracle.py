"""Three ways from a log to its examples: compiled, from whole histories, and offline without timers."""

import json
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.events import MAX_TIME_MS, MIN_TIME_MS
from domain.labels import CAUSES
from domain.leaving import blocks
from domain.oracle.examples import Settled, Snapshot
from domain.oracle.topics import items_of
from tests.domain.histories import FAULTS, PARTITION, Log, LogRecord, logs, long_log
from tests.domain.test_fold import Cut, Kept, oracle_of, read
from tests.examples_oracle import Example, examples, milliseconds


def plain(log: Log) -> Log:
    """The log as the offline oracle takes it: well-formed, marks visit everybody, ids come again with the event."""
    first: dict[tuple[bytes, str], LogRecord] = {}
    records = []
    for record in log.records:
        if record in FAULTS:
            continue
        body = json.loads(record.value or b"")
        if "erase" in body:
            records.append(record)
        elif record.key is None:
            body.pop("visits", None)
            records.append(record._replace(value=json.dumps(body).encode()))
        elif MIN_TIME_MS <= milliseconds(body["time"]) < MAX_TIME_MS:
            records.append(first.setdefault((record.key, body["event_id"]), record))
    return Log(records, log.settings)


def joined(snapshots: list[Snapshot], settled: list[Settled]) -> list[Example]:
    """Snapshots and outcomes as examples, by user and time."""
    fates = {(s.user, s.time): s for s in settled}
    assert len(fates) == len(settled)
    found = []
    for snapshot in snapshots:
        fate = fates.pop((snapshot.user, snapshot.time), None)
        lost, cause = (None, "") if fate is None else (fate.lost, CAUSES[fate.cause])
        found.append(Example(snapshot.time, snapshot.user.decode(), snapshot.features, lost, cause))
    assert not fates, "an outcome without a snapshot"
    return sorted(found, key=lambda e: (e.user, e.time))


def assert_same(log: Log, cut: Cut) -> list[Example]:
    log = plain(log)
    oracle, _ = oracle_of(log)
    kept = read(log, cut)
    expected = examples(log.records, log.settings)
    slow = joined(oracle.snapshots + oracle.waiting_snapshots, oracle.settled + oracle.waiting_outcomes)
    assert [e._replace(features=b"") for e in slow] == [e._replace(features=b"") for e in expected]
    assert slow == expected
    assert kept.snapshots == oracle.snapshots
    assert kept.settled == oracle.settled
    return expected


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(logs(), st.lists(st.integers(0, 40), max_size=4), st.sampled_from([1, 2, 500]))
def test_any_log_gives_the_same_examples_three_ways(log: Log, ends: list[int], max_users: int) -> None:
    log = plain(log)
    assert_same(log, Cut([e for e in ends if e <= len(log.records)], max_users, 1000))


@pytest.mark.parametrize("seed", range(20))
def test_long_logs_give_the_same_examples_three_ways(seed: int) -> None:
    rng = Random(2000 + seed)
    log = plain(long_log(rng, 250))
    assert_same(log, Cut([rng.randrange(len(log.records)) for _ in range(5)], rng.choice([1, 3, 500]), 3))


def waiting(kept: Kept) -> list[object]:
    """Snapshots that may not leave yet."""
    found, _ = blocks(kept.waiting, "", PARTITION, 0, kept.facts.churn)
    return [s for block in found for s in items_of(block, kept.facts)]


@pytest.mark.parametrize("seed", range(6))
def test_what_the_log_says_later_changes_no_snapshot(seed: int) -> None:
    rng = Random(3000 + seed)
    log = long_log(rng, 250)
    log = log._replace(records=[r for r in log.records if not (r.value or b"").startswith(b'{"erase')])
    cut = Cut([], 500, 1000)
    whole = read(log, cut)
    everything = {*whole.snapshots, *waiting(whole)}
    known = 0
    for _ in range(5):
        part = read(log._replace(records=log.records[: rng.randrange(len(log.records))]), cut)
        taken = {*part.snapshots, *waiting(part)}
        assert taken <= everything
        known += len(taken)
    assert known > 0
