"""Faust's Kafka transport, handing over whole fetches and starting where the store says.

It leans on the inside of Faust and aiokafka at their pinned versions; what it relies on is held by
`tests/stream_processors/test_transport.py`. Faust looks a transport up by the scheme of the broker URL; ours is
`SCHEME`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import aiokafka.consumer.fetcher as fetcher
import faust.transport.drivers as drivers
import faust.transport.drivers.aiokafka as driver

SCHEME: Final = "fetches"


class LogBounds(NamedTuple):
    """Offsets that a partition of the log holds."""

    earliest: int
    end: int


class Fetch:
    """All records that one fetch brought for one partition, posing as one Kafka record.

    Its offset is the last record's: Faust sees the jump, books it as a gap, and commits past it.
    """

    __slots__ = (
        "checksum", "epoch", "first", "headers", "key", "offset", "partition", "records",
        "serialized_key_size", "serialized_value_size", "timestamp", "timestamp_type", "topic", "value",
    )  # fmt: skip

    def __init__(self, topic: str, partition: int, records: Sequence[Any], epoch: int) -> None:
        last = records[-1]
        self.topic, self.partition = topic, partition
        self.first: int = records[0].offset
        self.offset: int = last.offset
        self.timestamp: int = last.timestamp
        self.timestamp_type = last.timestamp_type
        self.headers: tuple[()] = ()
        self.key = self.checksum = None
        self.value = self  # a raw serializer passes it through to the agent
        self.records = records
        self.epoch = epoch
        self.serialized_key_size = self.serialized_value_size = 0


Assigned = Callable[[Mapping[int, LogBounds], int], Awaitable[Mapping[int, int]]]
"""Called after each assignment with the log's bounds by partition and the new epoch; gives where to start."""


class Consumer(driver.Consumer):  # type: ignore[misc]
    """Collapses the topic of the app's `fetch_topic`; other topics pass as they are."""

    epoch = 0
    """Counts assignments, so that a fetch of an earlier one is known as such."""

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        fetched = await super()._getmany(active_partitions, timeout)
        topic, epoch = self.app.fetch_topic, self.epoch
        return {
            tp: [Fetch(topic, tp.partition, records, epoch)] if tp.topic == topic and records else records
            for tp, records in fetched.items()
        }

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


def _bare_record(_self: Any, _tp: Any, record: Any) -> Any:
    """The parsed record itself: it has key, value, offset and timestamp, and costs no second object."""
    return record


def register() -> None:
    """Make `SCHEME` known to Faust, and aiokafka's fetcher hand over records as its parser made them."""
    drivers.TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
    fetcher.PartitionRecords._consumer_record = _bare_record
