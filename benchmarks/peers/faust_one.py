"""Faust, one event at a time: read the user's features from Redis, add the event, await the write."""

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


def main() -> None:
    """Run a worker until all events are written."""
    given = terms()
    app = build(given)
    store = Redis.from_url(given.redis)
    watch = Stopwatch(given.events)
    topic = app.topic(given.topic, key_serializer="raw", value_serializer="raw")

    @app.agent(topic)
    async def keep_features(stream: faust.StreamT) -> None:
        async for user, value in stream.items():
            if user is None:
                continue
            watch.start()
            key = store_key(user)
            stored = await store.get(key)
            state = decode_features(stored) if stored else UserFeatures()
            apply(state, decode_event(value))
            await store.set(key, encode_features(state))
            if watch.wrote(1):
                os._exit(0)

    run(app, tempfile.mkdtemp())


if __name__ == "__main__":
    main()
