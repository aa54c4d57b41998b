"""Bytewax: state in memory by user, every user's new features written once per batch.

State and offsets are kept in a recovery store of SQLite files, one for each partition.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main
from confluent_kafka import OFFSET_BEGINNING
from redis import Redis

from benchmarks.peers.contest import FETCH_BACKOFF_MS, Stopwatch, Terms, terms
from benchmarks.peers.features import (
    UserFeatures,
    apply,
    decode_event,
    decode_features,
    encode_features,
    store_key,
)

BATCH = 2000
RECOVERY_PARTITIONS = 12

Written = tuple[str, tuple[int, bytes]]
"""User, and how many events its encoded features are ahead of those written last."""


class KeepFeatures(StatefulBatchLogic[bytes, tuple[int, bytes], bytes]):
    """Features of one user."""

    def __init__(self, resumed: bytes | None) -> None:
        self._features = decode_features(resumed) if resumed else UserFeatures()

    def on_batch(self, values: list[bytes]) -> tuple[Iterable[tuple[int, bytes]], bool]:
        """Add the events that one batch brought for the user."""
        for value in values:
            apply(self._features, decode_event(value))
        return [(len(values), encode_features(self._features))], StatefulBatchLogic.RETAIN

    def snapshot(self) -> bytes:
        """State for a recovery store."""
        return encode_features(self._features)


class RedisPartition(StatelessSinkPartition[Written]):
    """Writes a batch of users with one MSET."""

    def __init__(self, store: Redis, watch: Stopwatch) -> None:
        self._store = store
        self._watch = watch

    def write_batch(self, items: list[Written]) -> None:
        """The later of two entries of a user wins."""
        self._store.mset({store_key(user.encode()): encoded for user, (_, encoded) in items})
        self._watch.wrote(sum(events for _, (events, _) in items))


class RedisSink(DynamicSink[Written]):
    """One connection for each worker thread."""

    def __init__(self, url: str, watch: Stopwatch) -> None:
        self._url = url
        self._watch = watch

    def build(self, step_id: str, worker_index: int, worker_count: int) -> RedisPartition:  # noqa: ARG002
        """Called by the library in the worker."""
        return RedisPartition(Redis.from_url(self._url), self._watch)


def dataflow(given: Terms, watch: Stopwatch) -> Dataflow:
    """Source, state and sink; the source ends where the topic ended when it was opened."""

    def keyed(records: list[KafkaSourceMessage[Any, Any]]) -> Iterable[tuple[str, bytes]]:
        watch.start()
        return [(record.key.decode(), record.value) for record in records if record.key is not None]

    flow = Dataflow("features")
    source = KafkaSource(
        [given.kafka],
        [given.topic],
        tail=False,
        starting_offset=OFFSET_BEGINNING,
        batch_size=BATCH,
        add_config={"fetch.queue.backoff.ms": str(FETCH_BACKOFF_MS)},
    )
    events = op.flat_map_batch("keyed", op.input("events", flow, source), keyed)
    features = op.stateful_batch("features", events, KeepFeatures)
    op.output("redis", features, RedisSink(given.redis, watch))
    return flow


def _recovery(folder: Path) -> RecoveryConfig:
    init_db_dir(folder, RECOVERY_PARTITIONS)
    return RecoveryConfig(str(folder))


def main() -> None:
    """Run until the topic's end."""
    given = terms()
    flow = dataflow(given, Stopwatch(given.events))
    cli_main(flow, recovery_config=_recovery(Path(tempfile.mkdtemp())))


if __name__ == "__main__":
    main()
