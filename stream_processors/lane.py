"""One partition's way: decode, read, fold, write; one batch after the other, lanes beside each other.

While one lane waits for Redis, another decodes: that is how decoding overlaps writing.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from redis.exceptions import RedisError

from domain.brake import HOUR_MS
from domain.columns import ERASURE, MARK, REJECTED
from domain.decode import Batch, Decoder
from domain.hashing import hashes_of
from domain.labels import encode, lineage_of
from domain.leaving import Items, blocks
from domain.settings import FactSettings
from domain.steps import Partition, Progress, Step
from feature_store.alerts import AlertStore
from feature_store.keys import Keys
from feature_store.position import Position
from feature_store.read import Loaded, Reader
from feature_store.served import NEVER_SCORED
from feature_store.write import Write, Writer
from logs import context
from online_model.own_rhythm import Population
from online_model.risk import Risk
from stream_processors.alerting import Alerting, Desk, Moment, Scope
from stream_processors.dead_letters import DeadLetter, Send, letter
from stream_processors.metrics import WorkerMetrics
from stream_processors.patience import Patience
from stream_processors.scoring import Scoring, Served
from stream_processors.sweep import to_score, write_of_sweep
from stream_processors.transport import Fetch
from stream_processors.writes import write_of


class Examples(NamedTuple):
    """Records for the topics of snapshots and outcomes, in order."""

    snapshots: list[bytes]
    outcomes: list[bytes]


SendExamples = Callable[[Examples], Awaitable[None]]
"""Sends records and returns when Kafka has them."""


class LostError(RuntimeError):
    """The log made a jump under this worker: what it holds may be stale."""


class Parts(NamedTuple):
    """What lanes of one worker share."""

    reader: Reader
    writer: Writer
    send_dead: Send
    patience: Patience
    metrics: WorkerMetrics
    facts: FactSettings
    topic: str
    partitions: int
    send_examples: SendExamples
    risk: Callable[[], Risk]
    """What serves now."""
    former: Callable[[], Risk | None]
    """What served before."""
    desk: Desk
    alerts: AlertStore
    sweep_users: int
    """Users scored afresh at each live mark; 0 for none."""


class Lane:
    """The state of one assigned partition between batches."""

    def __init__(
        self,
        parts: Parts,
        keys: Keys,
        partition: int,
        position: Position,
        stored: bytes,
        population: Population,
        alerts: Mapping[bytes, bytes],
    ) -> None:
        """
        Args:
            position: where to begin.
            stored: the position's text in the store, empty where there is none.
            alerts: what the store has of the partition's alerts.

        Raises:
            RefusedError: the alerts cannot be read.
        """
        self._parts = parts
        self._keys = keys
        self._partition = partition
        self._decoder = Decoder(partition, parts.partitions, parts.facts)
        self._population = population
        self.position = position
        self.stored = stored
        """The position's text as it was last known to stand in the store."""
        self._next = position.offset
        self._lineage = lineage_of(parts.facts, position.topic_id)
        self._alerting = Alerting(parts.desk, partition, alerts)
        self._swept = 0
        self._clock = parts.metrics.clock.labels(partition)
        self._clock.set(position.clock / 1000)

    async def take(self, fetch: Fetch) -> None:
        """Apply one fetch, whole.

        Raises:
            LostError: the fetch does not follow the last one.
            FencedError: another worker has moved the position.
        """
        begun = time.perf_counter()
        context.put(partition=self._partition, batch=f"{fetch.first}-{fetch.offset}")
        if fetch.first != self._next:
            raise LostError(
                f"partition {self._partition}: fetched offset {fetch.first}, expected {self._next}: the log "
                "has a hole or is another one"
            )
        self._next = fetch.offset + 1
        metrics = self._parts.metrics
        batch = self._decoder.decode(fetch.records)
        names = batch.names
        while self.position.offset <= fetch.offset:
            loaded = await self._load(batch)
            writes, letters, examples = self._fold(batch, fetch, loaded, names)
            if letters:
                await self._parts.patience.kafka(partial(self._parts.send_dead, letters))
            if examples.snapshots:  # before the write that forgets them: repeated, but never lost
                await self._parts.patience.kafka(partial(self._parts.send_examples, examples))
            await self._write(writes)
            names = {}
        await self._sweep(batch, fetch)
        await self._deliver()
        metrics.batch_records.observe(fetch.records.size)
        metrics.batch.observe(time.perf_counter() - begun)
        now = time.time()
        metrics.age.observe(max(0.0, now - fetch.timestamp / 1000))
        metrics.end_to_end.observe(max(0.0, now - int(fetch.records.timestamps[0]) / 1000))
        self._clock.set(self.position.clock / 1000)

    async def _load(self, batch: Batch) -> Loaded:
        marks = batch.rows["time"][batch.rows["kind"] == MARK]
        mark = int(marks.max()) if len(marks) else None
        erasing = bool((batch.rows["kind"] == ERASURE).any())
        return await self._parts.patience.redis(
            lambda: self._parts.reader.load(self._keys, batch.users, mark, erasing=erasing)
        )

    def _fold(
        self, batch: Batch, fetch: Fetch, loaded: Loaded, names: dict[int, str]
    ) -> tuple[list[Write], list[DeadLetter], Examples]:
        states = loaded.states
        folding = Partition(batch, fetch.first, states, loaded.users, loaded.due, self._parts.facts)
        ids = folding.ids
        timers, trailers = folding.timers(np.arange(len(ids))), loaded.trailers
        writes: list[Write] = []
        letters: list[DeadLetter] = []
        examples = Examples([], [])
        for step in folding.steps(self.position.progress()):
            self._population = Population(
                self._population.gaps + step.gaps, self._population.seconds + step.gap_seconds
            )
            moment = self._moment(fetch, step.progress, batch)
            scope = Scope(states, step.slots, ids, folding.hashes)
            before = trailers[step.slots]
            recalled: list[bytes] = []
            if len(step.erased):
                before[np.isin(step.slots, step.erased)] = NEVER_SCORED
                recalled = self._alerting.recall({ids[slot] for slot in step.erased.tolist()})
            scored = self._alerting.score(scope, before, self._scoring(), moment)
            writes.append(
                write_of(
                    step,
                    self.position,
                    states,
                    ids,
                    timers,
                    folding.timers(step.slots),
                    trailers,
                    scored,
                    names if not writes else {},
                    recalled,
                )
            )
            self.position = self.position.after(step.progress)
            self._add_examples(step, examples)
            letters += [
                letter(fetch.records, row, self._parts.topic, self._partition, fetch.first + row, reason)
                for row, reason in step.dead.items()
            ]
            for outcome, by in step.outcomes.items():
                self._parts.metrics.count(outcome, by)
            self._parts.metrics.users.inc(len(step.slots))
        return writes, letters, examples

    def _scoring(self) -> Scoring:
        parts = self._parts
        return Served(parts.risk(), self._population, parts.facts.horizon_ms, parts.former())

    def _moment(self, fetch: Fetch, after: Progress, batch: Batch | None) -> Moment:
        """The moment after a step of a batch, or after all of them."""
        last = after.offset - 1 - fetch.first
        times = fetch.records.timestamps
        arrived: list[tuple[int, int]] = []
        if batch is not None and self._parts.desk.live:
            rows = slice(self.position.offset - fetch.first, last + 1)
            events = batch.rows["kind"][rows] < REJECTED
            hours, counts = np.unique(times[rows][events] // HOUR_MS, return_counts=True)
            arrived = list(zip(hours.tolist(), counts.tolist(), strict=True))
        wall = int(time.time() * 1000)
        return Moment(after.clock, after.offset - 1, int(times[max(last, 0)]), wall, arrived)

    async def _sweep(self, batch: Batch, fetch: Fetch) -> None:
        """Score some more users afresh if a mark has moved a live clock."""
        parts = self._parts
        if not (parts.desk.live and parts.sweep_users and (batch.rows["kind"] == MARK).any() and self.stored):
            return
        some = await parts.patience.redis(
            lambda: parts.reader.some_at_risk(self._keys, self._swept, parts.sweep_users)
        )
        self._swept = some.cursor
        slots = to_score(some.states, self.position.clock, parts.facts.inactivity_ms)
        before = some.trailers[slots]
        moment = self._moment(fetch, self.position.progress(), None)
        hashes = hashes_of([user.decode() for user in some.users])
        scope = Scope(some.states, slots, some.users, hashes)
        scored = self._alerting.score(scope, before, self._scoring(), moment)
        write = write_of_sweep(self.stored, some.states, slots, some.users, before, scored)
        if write is not None:
            await self._write([write])

    async def _deliver(self) -> None:
        """Send alerts that stand in the store: those of this batch, and at first those that a crash has left."""
        patience = self._parts.patience
        left = await patience.kafka(self._alerting.deliver)
        if left:
            await patience.redis(lambda: self._parts.alerts.forget(self._keys, left))
            self._alerting.forget(left)

    def _add_examples(self, step: Step, examples: Examples) -> None:
        """The blocks that leave with a step."""
        quiet = self.position.quiet
        upto = step.progress.upto
        if not step.tells or upto <= quiet:
            return
        leaving = Items(*([i for i in items if i.key > quiet] for items in step.leaving))
        snapshots, outcomes = blocks(leaving, self._lineage, self._partition, upto, self._parts.facts.churn)
        examples.snapshots.extend(map(encode, snapshots))
        examples.outcomes.extend(map(encode, outcomes))

    async def _write(self, writes: list[Write]) -> None:
        begun = time.perf_counter()
        writer, before = self._parts.writer, self.stored
        try:
            await writer.write_once(self._keys, before, writes)
        except (TimeoutError, RedisError, OSError):
            # whether it was applied is not known: look first, then go on from there
            await self._parts.patience.redis(lambda: writer.write(self._keys, before, writes))
        if writes:
            self.stored = writes[-1].after
        self._parts.metrics.write.observe(time.perf_counter() - begun)
