"""Faust with `take`: 2,000 events at a time, one read and one write of all users that they touch."""

import os
import tempfile

import faust
from redis.asyncio import Redis

from benchmarks.peers.contest import Stopwatch, terms
from benchmarks.peers.faust_app import build, run
from benchmarks.peers.features import (
    UserFeatures,
    apply,
    decode_event,
    decode_features,
    encode_features,
    store_key,
)

BATCH = 2000
WITHIN_SECONDS = 0.2


async def _fold(store: Redis, events: list[tuple[bytes, bytes]]) -> None:
    keys = list({store_key(user): None for user, _ in events})
    states = {
        key: decode_features(stored) if stored else UserFeatures()
        for key, stored in zip(keys, await store.mget(keys), strict=True)
    }
    for user, value in events:
        apply(states[store_key(user)], decode_event(value))
    await store.mset({key: encode_features(state) for key, state in states.items()})


def main() -> None:
    """Run a worker until all events are written."""
    given = terms()
    app = build(given)
    store = Redis.from_url(given.redis)
    watch = Stopwatch(given.events)
    topic = app.topic(given.topic, key_serializer="raw", value_serializer="raw")

    @app.agent(topic)
    async def keep_features(stream: faust.StreamT) -> None:
        async for batch in stream.take_events(BATCH, within=WITHIN_SECONDS):
            watch.start()
            events = [(event.key, event.value) for event in batch if event.key is not None]
            if events:
                await _fold(store, events)
            if watch.wrote(len(events)):
                os._exit(0)

    run(app, tempfile.mkdtemp())


if __name__ == "__main__":
    main()
