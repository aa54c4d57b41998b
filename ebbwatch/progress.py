"""How far the stream is: what the log holds, and what the store has read of it."""

from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from control.log import Log, LogError
from ebbwatch.deployment import Deployment
from feature_store import lookup
from stream_processors.trainer_config import group_of

_TIMEOUT_S: Final = 10.0


class StreamProgress(NamedTuple):
    """Records over all partitions."""

    total: int
    read: int
    clock: int
    """Earliest of the partitions' clocks, ms; 0 before all have one."""

    @property
    def lag(self) -> int:
        """Records not yet read."""
        return self.total - self.read


def trainer_lag(here: Deployment) -> int:
    """Records of the topics of snapshots and outcomes that the trainer has not dealt with.

    Raises:
        LogError: Kafka does not answer.
    """
    settings = here.settings
    topics = [TopicPartition(name, 0) for name in (settings.snapshot_topic, settings.outcome_topic)]
    consumer = Consumer({"bootstrap.servers": here.at.kafka, "group.id": group_of(here.lineage)})
    try:
        done = [max(0, found.offset) for found in consumer.committed(topics, timeout=_TIMEOUT_S)]
        ends = [consumer.get_watermark_offsets(topic, timeout=_TIMEOUT_S)[1] for topic in topics]
    except KafkaException as fault:
        raise LogError(f"the trainer's progress cannot be read: {fault}") from fault
    finally:
        consumer.close()
    return sum(max(0, end - reached) for end, reached in zip(ends, done, strict=True))


def stream_progress(here: Deployment, log: Log) -> StreamProgress:
    """Progress now."""
    ends = log.ends(here.stream.partitions)
    positions = lookup.positions(here.store, here.stream)
    read = sum(position.offset for position in positions.values())
    complete = len(positions) == here.stream.partitions
    clock = min((p.clock for p in positions.values()), default=0) if complete else 0
    return StreamProgress(sum(ends.values()), read, clock)
