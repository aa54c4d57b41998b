"""All that is known of one user, for whoever asks what is known of them."""

from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
from redis import Redis

from control.erasing import records_of_user
from control.log import Log
from domain.control import encode
from domain.partitioner import partition_of
from domain.state import STATE
from feature_store import lookup
from feature_store.outbox import items
from feature_store.position import decode
from feature_store.stream import Stream
from online_model.ledger.ledger import rows_of_user
from profiles.views import named_features


class Sources(NamedTuple):
    """Where to look beside the store."""

    kafka: str
    control_topic: str
    alert_topic: str
    archive: Path


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """How far the user's partition has been read."""

    partition: int
    offset: int
    """Of the next record."""
    clock: int
    """ms, event time."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the store, the topics of people and alerts, and the ledger hold of a user."""

    user: str
    position: Where
    record: dict[str, Any] | None
    """By field name (`docs/user-state.md`); None if no event was applied."""
    features: dict[str, Any] | None
    """By name, as of now, codes as their names."""
    waiting: list[dict[str, Any]]
    """Snapshots and outcomes that may not leave yet."""
    said: list[dict[str, Any]]
    """Records of the topic `control`."""
    alerts: list[dict[str, Any]]
    """Records of the topic `risk-alerts`, and alerts on their way there."""
    ledger: list[dict[str, Any]]
    """Snapshots that were predicted and settled."""

    @property
    def nothing(self) -> bool:
        """Whether there is nothing of the user anywhere."""
        return not (self.record or self.waiting or self.said or self.alerts or self.ledger)


def known(store: Redis, stream: Stream, user: str, sources: Sources) -> Known:
    """Look everywhere; both topics are read whole.

    What the log itself holds, and the topics of snapshots and outcomes, is not repeated.

    Raises:
        LedgerError: the ledger cannot be read.
        LogError: Kafka does not answer.
        redis.exceptions.RedisError: Redis is away.
    """
    key = user.encode()
    partition = partition_of(key, stream.partitions)
    keys = stream.keys(partition)
    stored: Any = store.get(keys.position)
    position = decode(stored) if stored else None
    facts = lookup.user(store, stream, user)
    outbox = items(cast(Any, store.zrange(keys.outbox, 0, -1, withscores=True)))
    said = records_of_user(sources.kafka, sources.control_topic, user)
    return Known(
        user=user,
        position=Where(
            partition=partition,
            offset=position.offset if position else 0,
            clock=position.clock if position else 0,
        ),
        record=None
        if facts is None
        else {name: facts.states[name][0].tolist() for name in STATE.names or ()},
        features=None if facts is None else named_features(store, stream, facts),
        waiting=[
            {"kind": kind, "key_ms": item.key}
            for kind, some in zip(("snapshot", "outcome"), outbox, strict=True)
            for item in some
            if item.user == key
        ],
        said=[msgspec.json.decode(encode(record)) for record in said.values()],
        alerts=_alerts(store, keys.alerts, sources, key),
        ledger=rows_of_user(sources.archive, user),
    )


def _alerts(store: Redis, unsent: str, sources: Sources, user: bytes) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    with Log(sources.kafka, sources.alert_topic) as log:
        bounds = log.bounds(0)
        for record in log.read(0, bounds.earliest, bounds.end):
            if record.key == user and record.value is not None:
                alert = msgspec.json.decode(record.value)
                found[alert["id"]] = alert
    waiting = cast("dict[bytes, bytes]", cast(Any, store.hgetall(unsent)))
    for field, value in waiting.items():
        if field != b"brake":
            alert = msgspec.json.decode(value)
            if alert["user"] == user.decode():
                found[alert["id"]] = alert
    return list(found.values())
