"""Columns of the archived log: the record as Kafka had it, and what could be read of it."""

from typing import Final

import pyarrow as pa

TABLE: Final = "log"
"""Folder of the table in the archive."""

KINDS: Final = ("event", "mark", "erasure", "rejected", "erased")
"""What a record is; `erased` is what is left of an event whose user was erased: partition, offset and day alone."""

_TIME: Final = pa.timestamp("ms", tz="UTC")

RECORD: Final = (
    pa.field("partition", pa.int32(), nullable=False),
    pa.field("offset", pa.int64(), nullable=False),
    pa.field("appended", _TIME, nullable=False),  # Kafka's time of the record
    pa.field("key", pa.binary()),
    pa.field("value", pa.binary()),
    pa.field("kind", pa.string(), nullable=False),
    pa.field("reason", pa.string()),  # why it was rejected
)

EVENT: Final = (
    pa.field("time", _TIME),  # of an event; of a mark: where the clock moves to
    pa.field("user", pa.string()),
    pa.field("event_id", pa.string()),
    pa.field("type", pa.string()),
    pa.field("session_id", pa.string()),
    pa.field("session_type", pa.string()),
    pa.field("platform", pa.string()),
    pa.field("plan", pa.string()),
    pa.field("channel", pa.string()),
    pa.field("geography", pa.string()),
    pa.field("feature", pa.string()),
    pa.field("category", pa.string()),
    pa.field("product", pa.string()),
    pa.field("order_id", pa.string()),
    pa.field("quantity", pa.int32()),
    pa.field("amount", pa.int64()),  # minor units, without its sign, as `domain.decode` rounds it
    pa.field("discount", pa.int64()),  # minor units
    pa.field("pages", pa.int32()),
    pa.field("duration_ms", pa.int64()),
    pa.field("conversion", pa.bool_()),
    pa.field("change", pa.string()),
    pa.field("experiment", pa.string()),
    pa.field("variant", pa.string()),
)

DAY: Final = pa.field("day", pa.date32(), nullable=False)
"""What the table is partitioned by: UTC day of the event or mark; of others, of `appended`."""

SCHEMA: Final = pa.schema([*RECORD, *EVENT, DAY])
