"""A running deployment: where its services are, and which log and generation are served."""

from dataclasses import dataclass
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from connections import refusals
from connections.redis import shown
from control.decisions import ModelTopics
from domain.labels import lineage_of
from ebbwatch.connection import NoStackError, addresses
from ebbwatch.settings import Settings
from feature_store.connect import connect
from feature_store.position import RefusedError
from feature_store.stream import Stream, load_next, load_or_begin
from local_stack.addresses import Addresses
from online_model.tiers import Thresholds, TierShares
from producers.topics import TopicError, ensure_topics

AWAY: Final = (NoStackError, RedisError, TopicError)
"""What `open_deployment` raises while Kafka or Redis is away."""


class NoGenerationError(RuntimeError):
    """A rebuild or repartition that this belonged to is over."""


@dataclass(frozen=True)
class Deployment:
    """Settings, addresses and the stream pointer, as they were when it was opened."""

    settings: Settings
    at: Addresses
    stream: Stream
    topic_id: str
    store: Redis

    @property
    def thresholds(self) -> Thresholds:
        """Where the tiers begin, unless that is published with what serves."""
        return Thresholds(self.settings.tier_medium, self.settings.tier_high)

    @property
    def model_topics(self) -> ModelTopics:
        """Where the trainer is spoken to, and answers."""
        settings = self.settings
        return ModelTopics(self.at.kafka, settings.decision_topic, settings.command_topic, self.lineage)

    @property
    def tier_shares(self) -> TierShares | None:
        """Of the users at risk, by which the trainer derives where the tiers begin."""
        medium, high = self.settings.tier_medium_share, self.settings.tier_high_share
        return None if medium is None or high is None else TierShares(medium, high)

    @property
    def lineage(self) -> str:
        """Of the snapshots and outcomes that come from its log."""
        return lineage_of(self.settings.facts(), self.topic_id)


def open_deployment(settings: Settings, generation: int | None = None) -> Deployment:
    """Connect; creates topics and the stream pointer where there are none yet.

    Raises:
        AccessError: Kafka or Redis does not let us in.
        NoStackError: no Kafka and Redis to talk to.
        RefusedError: the store serves another topic than the settings name.
        TopicError: Kafka does not answer, or the topic has other partitions.
    """
    at = addresses(settings)
    try:
        store = connect(at.redis)
        stream = load_or_begin(store, settings.topic, settings.partitions)
        following = load_next(store) if generation is not None else None
    except RedisError as fault:
        raise refusals.of_redis(fault) or fault from fault
    if stream.topic != settings.topic and not stream.topic.startswith(f"{settings.topic}-"):
        raise RefusedError(
            f"the store at {shown(at.redis)} serves the topic {stream.topic}, but EBBWATCH_TOPIC says "
            f"{settings.topic}: use the same, or another database of Redis"
        )
    if generation is not None and generation != stream.generation:
        if following is None or following.generation != generation:
            raise NoGenerationError(f"generation {generation} is not being filled")
        stream = following
    topic_id = ensure_topics(
        at.kafka,
        stream.topic,
        stream.partitions,
        settings.dead_letter_topic,
        settings.control_topic,
        kept=(
            settings.snapshot_topic,
            settings.outcome_topic,
            settings.alert_topic,
            settings.decision_topic,
            settings.command_topic,
        ),
        compacted=(settings.model_topic,),
    )
    return Deployment(settings, at, stream, topic_id, store)
