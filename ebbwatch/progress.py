"""How far the stream is: what the log holds, and what the store has read of it."""

from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connections.kafka import librdkafka
from control.log import Log, LogError
from ebbwatch.deployment import Deployment
from feature_store import lookup
from stream_processors.archiver_config import group_of as archiver_group
from stream_processors.trainer_config import group_of as trainer_group

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
    return _lag(here, topics, trainer_group(here.lineage), "trainer")


def behind(here: Deployment, reached: StreamProgress) -> dict[str, int]:
    """Who has records still to go, and how many; workers first, since they make what the trainer reads.

    Raises:
        LogError: Kafka does not answer.
    """
    if reached.lag:
        return {"worker": reached.lag}
    settings = here.settings
    lags = {
        "trainer": trainer_lag(here) if settings.trainer else 0,
        "archiver": archiver_lag(here) if settings.archiver else 0,
    }
    return {who: lag for who, lag in lags.items() if lag}


def archiver_lag(here: Deployment) -> int:
    """Records of the topic of events that are not archived.

    Raises:
        LogError: Kafka does not answer.
    """
    topics = [TopicPartition(here.stream.topic, p) for p in range(here.stream.partitions)]
    return _lag(here, topics, archiver_group(here.topic_id), "archiver")


def _lag(here: Deployment, topics: list[TopicPartition], group: str, whose: str) -> int:
    consumer = Consumer({**librdkafka(here.at.kafka), "group.id": group})
    try:
        done = [max(0, found.offset) for found in consumer.committed(topics, timeout=_TIMEOUT_S)]
        bounds = [consumer.get_watermark_offsets(topic, timeout=_TIMEOUT_S) for topic in topics]
    except KafkaException as fault:
        raise LogError(f"the {whose}'s progress cannot be read: {fault}") from fault
    finally:
        consumer.close()
    return sum(max(0, end - max(low, reached)) for (low, end), reached in zip(bounds, done, strict=True))


def stream_progress(here: Deployment, log: Log) -> StreamProgress:
    """Progress now."""
    ends = log.ends(here.stream.partitions)
    positions = lookup.positions(here.store, here.stream)
    read = sum(position.offset for position in positions.values())
    complete = len(positions) == here.stream.partitions
    clock = min((p.clock for p in positions.values()), default=0) if complete else 0
    return StreamProgress(sum(ends.values()), read, clock)
