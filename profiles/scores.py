"""Probability and tier of everybody at risk, for who wants them as a table."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

import numpy as np
import pyarrow as pa
from redis import Redis

from feature_store import lookup
from feature_store.stream import Stream
from profiles.views import Basis, judged

_CHUNK: Final = 2_000


def day_of(store: Redis, stream: Stream) -> date | None:
    """UTC day at which the partition stands that is farthest behind; None before all have begun."""
    clocks = [position.clock for position in lookup.positions(store, stream).values()]
    if len(clocks) < stream.partitions:
        return None
    return datetime.fromtimestamp(min(clocks) / 1000, UTC).date()


def everybody(store: Redis, stream: Stream, by: Basis) -> Iterator[pa.RecordBatch]:
    """`user`, `probability` and `tier` of each user at risk, once, in chunks.

    Each is as of the partition's clock, or of the user's last event if that is later.
    """
    for partition in range(stream.partitions):
        met: set[str] = set()
        for facts in lookup.everybody(store, stream, partition, _CHUNK):
            found = judged(facts, by)
            slots = [
                slot
                for slot in np.flatnonzero(~np.isnan(found.risk)).tolist()
                if facts.users[slot] not in met
            ]
            if not slots:
                continue
            users, risk = [facts.users[slot] for slot in slots], found.risk[slots]
            met.update(users)
            tiers = np.select(
                [risk >= by.thresholds.high, risk >= by.thresholds.medium], ["high", "medium"], "low"
            )
            columns = [pa.array(users, pa.string()), pa.array(risk), pa.array(tiers.tolist(), pa.string())]
            yield pa.record_batch(columns, ["user", "probability", "tier"])
