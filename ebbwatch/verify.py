"""Recompute all from the log with the slow oracle; compare with the store, and with what has left it, to the bit."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, NamedTuple, cast

import msgspec
from redis import Redis

from archive.address import address_of
from archive.log import open_log
from archive.records import read
from control.log import Log
from domain.labels import BlockError, Outcomes, Snapshots, lineage_of
from domain.labels import decode as block_of
from domain.leaving import blocks
from domain.oracle import Partition
from domain.oracle.examples import Settled, Snapshot
from domain.oracle.topics import compare, items_of
from domain.settings import FactSettings
from ebbwatch.emptied import Emptied
from feature_store.connect import connect
from feature_store.keys import Keys
from feature_store.outbox import DamagedItemError, items
from feature_store.position import check, decode
from feature_store.served import facts
from feature_store.stream import Stream
from local_stack.addresses import Addresses

_SHOWN = 5


class ExampleTopics(NamedTuple):
    """Where snapshots and outcomes go."""

    snapshots: str
    outcomes: str


class PartitionReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the comparison of one partition found."""

    partition: int
    users: int
    events: dict[str, int]
    """Records of the log by outcome, as the oracle counts them."""
    snapshots: int
    """That have left."""
    outcomes: int
    """Of snapshots, that have left."""
    emptied: int
    """Records that an erasure has emptied in the archive: read, but not to be told any more."""
    passed: int
    """Snapshots and outcomes in the topics, of users of such records, that could not be compared."""
    differences: list[str]


class VerifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the comparison found."""

    identical: bool
    users: int
    events: dict[str, int]
    records: int
    """Records of the log, the sum of `events`."""
    snapshots: int
    outcomes: int
    emptied: int
    """Records of erased users, of which the archive has kept the place alone."""
    passed: int
    """Snapshots and outcomes of such users that are in the topics, and could not be compared."""
    differences: list[str]
    """The first few of each partition, in words."""


def verify(
    at: Addresses,
    stream: Stream,
    topic_id: str,
    settings: FactSettings,
    topics: ExampleTopics,
    archive: str = "",
) -> Iterator[PartitionReport]:
    """One report for each partition, as they are done; as many at once as there are cores.

    Args:
        archive: address of the archived log, which is read where Kafka has let go of the beginning.

    Raises:
        RefusedError: the store was built with other settings or from another log.
        LogError: the log cannot be read from its beginning.
        ArchiveError: the archive cannot be read.
    """
    with ProcessPoolExecutor(max_workers=min(os.cpu_count() or 1, stream.partitions)) as pool:
        jobs = [
            pool.submit(verify_partition, at, stream, topic_id, settings, topics, partition, archive)
            for partition in range(stream.partitions)
        ]
        for job in as_completed(jobs):
            yield job.result()


def verify_partition(
    at: Addresses,
    stream: Stream,
    topic_id: str,
    settings: FactSettings,
    topics: ExampleTopics,
    partition: int,
    archive: str = "",
) -> PartitionReport:
    """Compare one partition."""
    store = connect(at.redis)
    keys = stream.keys(partition)
    oracle = Partition(partition, stream.partitions, settings)
    with Log(at.kafka, stream.topic) as log:
        bounds = log.bounds(partition)
        stored = cast(Any, store.get(keys.position))
        offset = 0
        if stored:
            position = decode(stored)
            check(position, settings, topic_id, bounds.earliest, bounds.end, partition)
            offset = position.offset
        begin = min(bounds.earliest, offset) if archive else 0
        emptied = Emptied()
        if begin:
            for kept in read(open_log(address_of(archive), topic_id), partition, 0, begin):
                emptied.archived(kept)
                became = oracle.feed(kept.offset, kept.timestamp, kept.key, kept.value)
                emptied.fed(kept.key, became, oracle.clock)
        for record in log.read(partition, begin, offset):
            became = oracle.feed(record.offset, record.timestamp, record.key, record.value)
            emptied.fed(record.key, became, oracle.clock)
    outcomes = {
        f"{kind}:{reason}" if reason else kind: count
        for (kind, reason), count in sorted(oracle.outcomes.items())
    }
    counts = {k.decode(): int(v) for k, v in cast(Any, store.hgetall(keys.counts)).items()}
    stored_users: Any = store.hgetall(keys.users)
    packed = facts(list(stored_users.values()))
    records = {u.decode(): r or b"" for u, r in zip(stored_users, packed, strict=True)}
    timers = {u.decode(): int(t) for u, t in cast(Any, store.zrange(keys.timers, 0, -1, withscores=True))}
    ranked = {u.decode() for u in cast(Any, store.zrange(keys.ranking, 0, -1))}
    gaps, seconds = oracle.population()
    expected_counts = outcomes | ({"gaps": gaps, "gap_seconds": seconds} if gaps else {})
    differences = [
        *_differences("record of user", {u: oracle.record(u) for u in oracle.users()}, records),
        *_differences("timer of user", oracle.timers(), timers),
        *_differences("rank of user", dict.fromkeys(oracle.at_risk(), True), dict.fromkeys(ranked, True)),
        *_differences("count of", emptied.counts(expected_counts, counts), counts),
    ]
    if stored:
        position = decode(stored)
        differences += _differences(
            "position:",
            {"clock": oracle.clock, "upto": oracle.upto},
            {"clock": position.clock, "upto": position.upto},
        )
    differences += _outbox(store, keys, oracle, settings)
    lineage = lineage_of(settings, topic_id)
    passed: set[tuple[int, bytes, bool]] = set()
    late = settings.allowed_lateness_ms
    known = {user.encode(): oracle.history(user).first_ms + late for user in oracle.users()}
    for topic, left in ((topics.snapshots, oracle.snapshots), (topics.outcomes, oracle.settled)):
        sent = (
            b for b in _blocks(at, topic, differences) if (b.lineage, b.partition) == (lineage, partition)
        )
        differences += compare(sent, left, oracle.upto, settings, _passing(emptied, known, left, passed))
    where = f"partition {partition}: "
    return PartitionReport(
        partition=partition,
        users=len(records),
        events=outcomes,
        snapshots=len(oracle.snapshots),
        outcomes=len(oracle.settled),
        emptied=emptied.records,
        passed=len(passed),
        differences=[where + d for d in differences],
    )


def _passing(
    emptied: Emptied,
    known: Mapping[bytes, int],
    left: Sequence[Snapshot] | Sequence[Settled],
    passed: set[tuple[int, bytes, bool]],
) -> Callable[[Snapshot | Settled], bool]:
    """What may differ, noted in `passed` once.

    Args:
        known: by user, up to when what is said may rest on records before the first that the log still has, ms.
    """
    first: dict[bytes, int] = {}
    for item in left:  # in the order of their time
        first.setdefault(item.user, item[0])
    first = {**known, **first}

    def passing(item: Snapshot | Settled) -> bool:
        if not emptied.unknown(item, first):
            return False
        passed.add((item[0], item.user, isinstance(item, Snapshot)))
        return True

    return passing


def _outbox(store: Redis, keys: Keys, oracle: Partition, settings: FactSettings) -> list[str]:
    """Differences in what waits to leave."""
    try:
        stored = items(cast(Any, store.zrange(keys.outbox, 0, -1, withscores=True)))
    except DamagedItemError as fault:
        return [f"outbox: {fault}"]
    ordered = stored._replace(snapshots=sorted(stored.snapshots), outcomes=sorted(stored.outcomes))
    snapshots, outcomes = blocks(ordered, "", 0, 0, settings.churn)
    differences = []
    for what, expected, found in (
        ("waiting snapshot", oracle.waiting_snapshots, snapshots),
        ("waiting outcome", oracle.waiting_outcomes, outcomes),
    ):
        has = [item for block in found for item in items_of(block, settings)]
        differences += _differences(what, {i[:2]: i for i in expected}, {i[:2]: i for i in has})
    return differences


def _blocks(at: Addresses, topic: str, differences: list[str]) -> Iterator[Snapshots | Outcomes]:
    """All blocks of a topic in order; what is none of ours is added to the differences."""
    with Log(at.kafka, topic) as log:
        bounds = log.bounds(0)
        for record in log.read(0, bounds.earliest, bounds.end):
            try:
                yield block_of(record.value)
            except BlockError as fault:
                differences.append(f"{topic}, offset {record.offset}: {fault}")


def summed(reports: list[PartitionReport]) -> VerifyReport:
    """All partitions together."""
    events: dict[str, int] = {}
    for report in reports:
        for outcome, count in report.events.items():
            events[outcome] = events.get(outcome, 0) + count
    return VerifyReport(
        identical=not any(r.differences for r in reports),
        users=sum(r.users for r in reports),
        events=dict(sorted(events.items())),
        records=sum(events.values()),
        snapshots=sum(r.snapshots for r in reports),
        outcomes=sum(r.outcomes for r in reports),
        emptied=sum(r.emptied for r in reports),
        passed=sum(r.passed for r in reports),
        differences=[d for r in sorted(reports, key=lambda r: r.partition) for d in r.differences[:_SHOWN]],
    )


def _differences(what: str, expected: dict[Any, Any], found: dict[Any, Any]) -> list[str]:
    return [
        f"{what} {key!r}: the log says {expected.get(key)!r}, the store has {found.get(key)!r}"
        for key in sorted(expected.keys() | found.keys())
        if expected.get(key) != found.get(key)
    ]
