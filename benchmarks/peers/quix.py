"""Quix Streams: state in its RocksDB store, written to Redis by a batching sink at every checkpoint.

The changelog topic is on, as the library sets it up.
"""

import tempfile
from collections.abc import Callable
from typing import Any

from quixstreams import Application, State
from quixstreams.models import BytesDeserializer
from quixstreams.sinks import BatchingSink, SinkBatch
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

CHECKPOINT_EVENTS = 20_000


class RedisSink(BatchingSink):
    """Writes each user's last features of a checkpoint with one MSET."""

    def __init__(self, store: Redis, watch: Stopwatch, stop: Callable[[], None]) -> None:
        super().__init__()
        self._store = store
        self._watch = watch
        self._stop = stop

    def write(self, batch: SinkBatch) -> None:
        """Called by the library for each partition when it commits."""
        latest = {store_key(item.key): item.value for item in batch}
        self._store.mset(latest)
        if self._watch.wrote(batch.size):
            self._stop()


def _application(given: Terms, folder: str) -> Application:
    return Application(
        broker_address=given.kafka,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        commit_every=CHECKPOINT_EVENTS,
        commit_interval=0.5,
        state_dir=folder,
        loglevel="WARNING",
        consumer_extra_config={"fetch.queue.backoff.ms": FETCH_BACKOFF_MS},
        producer_extra_config={"linger.ms": 50, "queue.buffering.max.messages": 1_000_000},
    )


def main() -> None:
    """Run until all events are written."""
    given = terms()
    app = _application(given, tempfile.mkdtemp())
    watch = Stopwatch(given.events)
    sink = RedisSink(Redis.from_url(given.redis), watch, app.stop)

    def is_event(_value: bytes, key: bytes | None, _time: int, _headers: Any) -> bool:
        watch.start()
        return key is not None

    def keep_features(value: bytes, state: State) -> bytes:
        stored = state.get_bytes("features")
        features = decode_features(stored) if stored else UserFeatures()
        apply(features, decode_event(value))
        encoded = encode_features(features)
        state.set_bytes("features", encoded)
        return encoded

    topic = app.topic(
        given.topic, key_deserializer=BytesDeserializer(), value_deserializer=BytesDeserializer()
    )
    frame = app.dataframe(topic)
    frame = frame.filter(is_event, metadata=True).apply(keep_features, stateful=True)
    frame.sink(sink)
    app.run()


if __name__ == "__main__":
    main()
