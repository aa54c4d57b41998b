"""Faust's Kafka transport, handing over whole fetches and starting where the store says.

It leans on the inside of Faust and aiokafka at their pinned versions; what it relies on is held by
`tests/stream_processors/test_transport.py`. Faust looks a transport up by the scheme of the broker URL; ours is
`SCHEME`.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, ClassVar, Final

import aiokafka.consumer.fetcher as fetcher
import faust.transport.drivers as drivers
import faust.transport.drivers.aiokafka as driver

from control.log import LogBounds
from domain.records import Records, joined
from stream_processors.record_batches import RawRecords

SCHEME: Final = "fetches"


class Fetch:
    """Consecutive records of one partition, posing as one Kafka record.

    Its offset is the last record's: Faust commits past it.
    """

    __slots__ = (
        "checksum", "epoch", "first", "headers", "key", "offset", "partition", "records",
        "serialized_key_size", "serialized_value_size", "timestamp", "timestamp_type", "topic",
    )  # fmt: skip

    def __init__(self, topic: str, partition: int, first: int, records: Records) -> None:
        self.topic, self.partition, self.first = topic, partition, first
        self.offset = first + records.size - 1
        self.timestamp = int(records.timestamps[-1])
        self.timestamp_type = 1
        self.headers: tuple[()] = ()
        self.key = self.checksum = None
        self.records = records
        self.epoch = 0
        self.serialized_key_size = self.serialized_value_size = 0

    @property
    def value(self) -> "Fetch":
        """Itself: a raw serializer passes it through to the agent.

        Not an attribute: a fetch in a cycle of references would keep its bytes until some later garbage collection,
        which comes seldom where hardly an object is made for a record.
        """
        return self


class FetchedPartition:
    """What aiokafka's fetcher hands out of one response for one partition: fetches instead of records.

    Takes the place of its PartitionRecords.
    """

    def __init__(
        self,
        tp: Any,
        records: RawRecords,
        _aborted_transactions: Any,
        fetch_offset: int,
        _key_deserializer: Any,
        _value_deserializer: Any,
        check_crcs: bool,
        _isolation_level: Any,
    ) -> None:
        self._tp = tp
        self._records = records
        self._check_crcs = check_crcs
        self.next_fetch_offset = fetch_offset
        self._fetches = self._split()

    def __iter__(self) -> Iterator[Fetch]:
        return self._fetches

    def _split(self) -> Iterator[Fetch]:
        run: list[Records] = []
        begin = end = self.next_fetch_offset
        for first, records in self._records.batches(self._check_crcs):
            if first > end and run:  # a hole: what follows stands apart, and the lane will see it
                yield from self._fetches_of(begin, joined(run))
                run = []
            skipped = max(end - first, 0)  # a seek may land within a batch
            if not run:
                begin = first + skipped
            if skipped < records.size:
                run.append(records.part(skipped, records.size))
                end = first + records.size
            if end - begin >= self.most_records:
                yield from self._fetches_of(begin, joined(run))
                run, begin = [], end
        if run:
            yield from self._fetches_of(begin, joined(run))

    def _fetches_of(self, begin: int, records: Records) -> Iterator[Fetch]:
        for at in range(0, records.size, self.most_records):
            part = records.part(at, at + self.most_records)
            fetch = Fetch(self._tp.topic, self._tp.partition, begin + at, part)
            self.next_fetch_offset = fetch.offset + 1
            yield fetch

    most_records: ClassVar[int] = 4000
    """Records in one fetch: bounds the time that a batch takes, however well its bytes were compressed."""


Assigned = Callable[[Mapping[int, LogBounds], int], Awaitable[Mapping[int, int]]]
"""Called after each assignment with the log's bounds by partition and the new epoch; gives where to start."""


class Consumer(driver.Consumer):  # type: ignore[misc]
    """Stamps fetches with the assignment they belong to, and starts where the store says."""

    epoch = 0
    """Counts assignments, so that a fetch of an earlier one is known as such."""

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        """None: a fetch stands for the records before its offset; Faust would keep an integer for each of them."""

    def _new_offset(self, tp: Any) -> int | None:
        """What to commit, for lag displays only: behind the last fetch that was taken."""
        acked = self._acked[tp]
        if not acked:
            return None
        self._acked_index[tp].clear()
        last: int = max(acked)
        acked.clear()
        return last + 1

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        fetched = await super()._getmany(active_partitions, timeout)
        for fetches in fetched.values():
            for fetch in fetches:
                fetch.epoch = self.epoch
        return fetched

    async def seek_to_committed(self) -> Mapping[Any, int]:
        """Faust calls this after every assignment: progress is what the store says, not what Kafka says.

        aiokafka would silently reset an offset outside the log, so the bounds are handed over for a check.
        """
        positions = dict(await super().seek_to_committed())
        ours = [tp for tp in self.assignment() if tp.topic == self.app.fetch_topic]
        self.epoch += 1
        earliest = await self.earliest_offsets(*ours) if ours else {}
        ends = await self.highwaters(*ours) if ours else {}
        starts = await self.app.fetch_assigned(
            {tp.partition: LogBounds(earliest[tp], ends[tp]) for tp in ours}, self.epoch
        )
        seeks = {tp: starts[tp.partition] for tp in ours}
        if seeks:
            await self.seek_wait(seeks)
        return positions | seeks


class Transport(driver.Transport):  # type: ignore[misc]
    """Faust's transport with our consumer."""

    Consumer = Consumer


def register(most_records: int) -> None:
    """Make `SCHEME` known to Faust, and aiokafka's fetcher hand over fetches of at most so many records.

    For a process that consumes nothing else: every topic comes as fetches.
    """
    drivers.TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
    fetcher.MemoryRecords = RawRecords
    fetcher.PartitionRecords = FetchedPartition
    FetchedPartition.most_records = most_records
