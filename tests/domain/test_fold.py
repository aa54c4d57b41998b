"""The compiled fold against the oracle: any log, however it is cut into batches and steps, the same bytes."""

from collections import Counter
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from domain.columns import ERASURE, MARK
from domain.decode import Batch, Decoder
from domain.labels import Outcomes, Snapshots
from domain.leaving import Items, blocks
from domain.oracle import Partition as OraclePartition
from domain.oracle.topics import compare, items_of
from domain.packing import pack, unpack
from domain.records import side_by_side
from domain.settings import FactSettings
from domain.state import STATE, empty
from domain.steps import Due, Partition, Progress, Step
from domain.timers import at_risk_many
from tests.domain.histories import PARTITION, PARTITIONS, Log, LogRecord, logs, long_log

NOBODY = pack(empty(1), np.zeros(1, np.int64))[0]


class Cut(NamedTuple):
    """How a log is read: where batches end, and how much one step and one look at the timers may take."""

    ends: list[int]
    max_users: int
    due_at_once: int


class Kept:
    """What the store holds of one partition, and what has left it."""

    def __init__(self, facts: FactSettings) -> None:
        self.facts = facts
        self.records: dict[str, bytes] = {}
        self.timers: dict[str, int] = {}
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.dead: dict[int, str] = {}
        self.population = (0, 0)
        self.progress = Progress(offset=0)
        self.reads = 0
        self.waiting = Items()
        self.snapshots: list[object] = []
        self.settled: list[object] = []
        self.sent: list[Snapshots | Outcomes] = []

    def due(self, batch: Batch, due_at_once: int) -> Due:
        marks = batch.rows["time"][batch.rows["kind"] == MARK]
        until = int(marks.max()) if len(marks) else 0
        due = sorted((t, u.encode()) for u, t in self.timers.items() if t <= until)
        if (batch.rows["kind"] == ERASURE).any():
            waiting = self.waiting
        else:
            waiting = Items(*([item for item in items if item.key <= until] for items in self.waiting))
        return Due([u.decode() for _, u in due[:due_at_once]], len(due) < due_at_once, waiting)

    def take(self, batch: Batch, first: int, cut: Cut) -> None:
        """Read what the batch needs once, and write its steps until they end."""
        due = self.due(batch, cut.due_at_once)
        own = set(batch.users)
        users = [*batch.users, *(u for u in due.users if u not in own)]
        states = unpack([self.records.get(u) for u in users])
        folding = Partition(batch, first, states, users, due, self.facts, cut.max_users)
        for step in folding.steps(self.progress):
            assert len(step.slots) <= cut.max_users
            timers = folding.timers(step.slots).tolist()
            packed = pack(states, step.slots)
            for slot, record, timer in zip(step.slots.tolist(), packed, timers, strict=True):
                self.records[users[slot]] = record
                self.timers[users[slot]] = timer
            for user in [users[s] for s in step.erased.tolist() if states[s]["id_count"] == 0]:
                del self.records[user]
            self.timers = {u: t for u, t in self.timers.items() if t > 0}
            for outcome, by in step.outcomes.items():
                kind, _, reason = outcome.partition(":")
                self.outcomes[kind, reason] += by
            self.dead |= {first + row: reason for row, reason in step.dead.items()}
            self.population = (self.population[0] + step.gaps, self.population[1] + step.gap_seconds)
            self.let_go(step)
            self.progress = step.progress

    def let_go(self, step: Step) -> None:
        """What the step sends, as the readers of the topics see it; what it keeps waits."""
        upto = step.progress.upto
        assert upto >= self.progress.upto
        left = [
            [item for item in items if item.key > upto and item not in dropped]
            for items, dropped in zip(self.waiting, step.dropped, strict=True)
        ]
        self.waiting = Items(*(sorted({*old, *new}) for old, new in zip(left, step.kept, strict=True)))
        if not step.tells:
            assert step.leaving == Items([], [])
        snapshots, outcomes = blocks(step.leaving, "", PARTITION, upto, self.facts.churn)
        if step.tells:
            self.sent += [*snapshots, *outcomes]
        self.snapshots += [s for block in snapshots for s in items_of(block, self.facts)]
        self.settled += [s for block in outcomes for s in items_of(block, self.facts)]


def read(log: Log, cut: Cut) -> Kept:
    """Fold the whole log, cut so."""
    kept = Kept(log.settings)
    decoder = Decoder(PARTITION, PARTITIONS, log.settings)
    first = 0
    for end in sorted({*cut.ends, len(log.records)} - {0}):
        batch = decoder.decode(side_by_side(log.records[first:end]))
        while kept.progress.offset < end:
            before = kept.progress
            kept.take(batch, first, cut)
            assert kept.progress != before, "a batch read again must get on"
            kept.reads += 1
        first = end
    return kept


def oracle_of(log: Log) -> tuple[OraclePartition, dict[int, str]]:
    """The oracle after the whole log, and its dead letters by offset."""
    oracle = OraclePartition(PARTITION, PARTITIONS, log.settings)
    outcomes = [oracle.feed(i, r.timestamp, r.key, r.value) for i, r in enumerate(log.records)]
    return oracle, {i: o.reason for i, o in enumerate(outcomes) if o.kind == "dead_letter"}


def fields_of(records: dict[str, bytes]) -> dict[str, dict[str, object]]:
    """Records by field, so that a difference can be read."""
    states = unpack(list(records.values()))
    return {
        user: {name: states[name][i].tolist() for name in STATE.names or ()} for i, user in enumerate(records)
    }


def assert_same(log: Log, cut: Cut) -> Kept:
    """Hold the fold, cut so, against the oracle: everything that either knows."""
    oracle, dead = oracle_of(log)
    kept = read(log, cut)
    # who was only ever refused is touched by the fold, but nothing is known of them
    records = {user: record for user, record in kept.records.items() if record != NOBODY}
    expected = {user: oracle.record(user) for user in oracle.users()}
    assert kept.dead == dead
    assert fields_of(records) == fields_of(expected)
    assert records == expected
    assert kept.outcomes == oracle.outcomes
    assert kept.timers == oracle.timers()
    assert kept.progress == Progress(offset=len(log.records), clock=oracle.clock, upto=oracle.upto)
    assert_left(kept, oracle)
    assert kept.population == oracle.population()
    states = unpack(list(records.values()))
    risky = at_risk_many(states, np.arange(len(states)))
    assert {u for u, r in zip(records, risky, strict=True) if r} == oracle.at_risk()
    return kept


def assert_left(kept: Kept, oracle: OraclePartition) -> None:
    """Hold snapshots and outcomes, those that have left in their order and those that wait, against the oracle."""
    sent = {kind: [b for b in kept.sent if isinstance(b, kind)] for kind in (Snapshots, Outcomes)}
    assert compare(sent[Snapshots], oracle.snapshots, oracle.upto, kept.facts) == []
    assert compare(sent[Outcomes], oracle.settled, oracle.upto, kept.facts) == []
    assert kept.snapshots == oracle.snapshots
    assert kept.settled == oracle.settled
    snapshots, outcomes = blocks(kept.waiting, "", PARTITION, 0, kept.facts.churn)
    assert [s for b in snapshots for s in items_of(b, kept.facts)] == sorted(oracle.waiting_snapshots)
    assert [s for b in outcomes for s in items_of(b, kept.facts)] == sorted(oracle.waiting_outcomes)


@st.composite
def cuts(draw: st.DrawFn) -> tuple[Log, Cut]:
    log = draw(logs())
    ends = draw(st.lists(st.integers(0, len(log.records)), max_size=6))
    return log, Cut(ends, draw(st.sampled_from([1, 2, 3, 500])), draw(st.sampled_from([1, 2, 3, 1000])))


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(cuts())
def test_any_log_however_cut_gives_the_oracles_bytes(log_and_cut: tuple[Log, Cut]) -> None:
    kept = assert_same(*log_and_cut)
    for kind, reason in kept.outcomes:
        event(f"{kind} {reason}")


@pytest.mark.parametrize("seed", range(60))
def test_long_logs_however_cut_give_the_oracles_bytes(seed: int) -> None:
    rng = Random(seed)
    log = long_log(rng, 400)
    ends = [rng.randrange(len(log.records)) for _ in range(rng.choice([0, 5, 50]))]
    kept = assert_same(log, Cut(ends, rng.choice([1, 2, 3, 500]), rng.choice([1, 2, 3, 1000])))
    assert {"applied", "duplicate", "late", "dead_letter"} <= {kind for kind, _ in kept.outcomes}


def test_the_oracle_wants_the_log_in_order() -> None:
    oracle = OraclePartition(PARTITION, PARTITIONS, FactSettings())
    record = LogRecord(b"ann", None, 0)
    oracle.feed(7, *record[2:], *record[:2])
    with pytest.raises(ValueError, match="record 7 was fed after record 7"):
        oracle.feed(7, *record[2:], *record[:2])
