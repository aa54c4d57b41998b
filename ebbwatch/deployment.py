"""A running deployment: where its services are, and which log and generation are served."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from domain.actions import DEFAULT, ActionsError, with_edits
from domain.alerts import DAY_MS, Policy
from ebbwatch.connection import NoStackError, addresses
from ebbwatch.settings import Settings
from feature_store.connect import connect
from feature_store.position import RefusedError
from feature_store.stream import Stream, load_next, load_or_begin
from local_stack.addresses import Addresses
from online_model.tiers import Thresholds
from producers.topics import TopicError, ensure_topics
from stream_processors.config import WorkerConfig

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
        """Where the tiers begin."""
        return Thresholds(self.settings.tier_medium, self.settings.tier_high)

    def worker(self, instance: str, restarts: int) -> WorkerConfig:
        """Configuration of one of its workers."""
        settings, stream = self.settings, self.stream
        return WorkerConfig(
            kafka=self.at.kafka,
            redis=self.at.redis,
            topic=stream.topic,
            topic_id=self.topic_id,
            partitions=stream.partitions,
            generation=stream.generation,
            dead_letter_topic=settings.dead_letter_topic,
            snapshot_topic=settings.snapshot_topic,
            outcome_topic=settings.outcome_topic,
            alert_topic=settings.alert_topic,
            policy=Policy(
                settings.tier_medium,
                settings.tier_high,
                settings.tier_margin,
                int(settings.alert_cooldown_days * DAY_MS),
            ),
            actions=_actions(settings.alert_actions),
            sweep_users=settings.sweep_users,
            group=f"{settings.group}-{stream.generation}",
            instance=instance,
            facts=settings.facts(),
            clock_lag_ms=int(settings.clock_lag * 1000),
            mark_interval_s=settings.mark_interval,
            metrics_host=settings.metrics_host,
            metrics_port=settings.metrics_port,
            restarts=restarts,
            max_poll_records=settings.max_poll_records,
            session_timeout_s=settings.session_timeout,
        )


def open_deployment(settings: Settings, generation: int | None = None) -> Deployment:
    """Connect; creates topics and the stream pointer where there are none yet.

    Raises:
        NoStackError: no Kafka and Redis to talk to.
        RefusedError: the store serves another topic than the settings name.
        TopicError: Kafka does not answer, or the topic has other partitions.
    """
    at = addresses(settings)
    store = connect(at.redis)
    stream = load_or_begin(store, settings.topic, settings.partitions)
    if stream.topic != settings.topic and not stream.topic.startswith(f"{settings.topic}-"):
        raise RefusedError(
            f"the store at {at.redis} serves the topic {stream.topic}, but EBBWATCH_TOPIC says {settings.topic}: "
            "use the same, or another database of Redis"
        )
    if generation is not None and generation != stream.generation:
        following = load_next(store)
        if following is None or following.generation != generation:
            raise NoGenerationError(f"generation {generation} is not being filled")
        stream = following
    topic_id = ensure_topics(
        at.kafka,
        stream.topic,
        stream.partitions,
        settings.dead_letter_topic,
        settings.control_topic,
        kept=(settings.snapshot_topic, settings.outcome_topic, settings.alert_topic),
    )
    return Deployment(settings, at, stream, topic_id, store)


def _actions(path: Path | None) -> dict[str, dict[str, str]]:
    if path is None:
        return {theme: dict(row) for theme, row in DEFAULT.items()}
    try:
        return with_edits(path.read_bytes())
    except (OSError, ActionsError) as fault:
        raise ActionsError(f"EBBWATCH_ALERT_ACTIONS: {path}: {fault}") from fault


def instance_name(number: int) -> str:
    """Static Kafka member id of the `number`-th worker of this process on this machine."""
    return f"{socket.gethostname()}-{os.getpid()}-{number}"
