"""Pathway: events grouped by user, a stateful reducer that adds each batch's events to the user's features.

A batch is what arrived between two commits; its changed users are written with one MSET.
"""

import os
import tempfile
from typing import Any

import pathway as pw
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

COMMIT_MS = 200
BACKLOG_EVENTS = 50_000
SNAPSHOT_MS = 5000


def keep_features(stored: bytes | None, rows: list[tuple[list[bytes], int]]) -> bytes:
    """Features of a user after the rows of one batch; their order in it is not given, so it is restored."""
    features = decode_features(stored) if stored else UserFeatures()
    events = [decode_event(row[0]) for row, _ in rows]
    if len(events) > 1:
        events.sort(key=lambda event: event.time)
    for event in events:
        apply(features, event)
    return encode_features(features)


class Writer:
    """Collects a batch's changed users and writes them when it ends."""

    def __init__(self, store: Redis, watch: Stopwatch) -> None:
        self._store = store
        self._watch = watch
        self._changed: dict[bytes, bytes] = {}
        self._events = 0

    def on_change(self, key: Any, row: dict[str, Any], time: int, is_addition: bool) -> None:  # noqa: ARG002
        """Called by the library for the features that a user had, and for those that replace them."""
        if is_addition:
            self._changed[store_key(row["user"])] = row["features"]
            self._events += row["events"]
        else:
            self._events -= row["events"]

    def on_time_end(self, time: int) -> None:  # noqa: ARG002
        """Called by the library when a batch is complete."""
        if not self._changed:
            return
        self._store.mset(self._changed)
        written, self._events = self._events, 0
        self._changed = {}
        if self._watch.wrote(written):
            os._exit(0)


def build(given: Terms, watch: Stopwatch) -> None:
    """Read, group, reduce, write."""
    records = pw.io.kafka.read(
        {
            "bootstrap.servers": given.kafka,
            "group.id": given.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": "false",
            "fetch.queue.backoff.ms": str(FETCH_BACKOFF_MS),
        },
        topic=given.topic,
        format="raw",
        autogenerate_key=True,
        autocommit_duration_ms=COMMIT_MS,
        max_backlog_size=BACKLOG_EVENTS,
        name="events",
    )

    def timed(stored: bytes | None, rows: list[tuple[list[bytes], int]]) -> bytes:
        watch.start()
        return keep_features(stored, rows)

    reducer = pw.reducers.stateful_many(timed)
    events = records.filter(records.key.is_not_none())
    features = events.groupby(pw.this.key).reduce(
        user=pw.this.key, events=pw.reducers.count(), features=reducer(pw.this.data)
    )
    writer = Writer(Redis.from_url(given.redis), watch)
    pw.io.subscribe(features, on_change=writer.on_change, on_time_end=writer.on_time_end)


def _persistence(folder: str) -> pw.persistence.Config:
    return pw.persistence.Config(
        pw.persistence.Backend.filesystem(folder),
        snapshot_interval_ms=SNAPSHOT_MS,
    )


def main() -> None:
    """Run until all events are written."""
    given = terms()
    watch = Stopwatch(given.events)
    build(given, watch)
    pw.run(
        monitoring_level=pw.MonitoringLevel.NONE,
        persistence_config=_persistence(tempfile.mkdtemp()),
    )


if __name__ == "__main__":
    main()
