"""What small histories are made of: events and marks by their distance from a Monday, and what the oracle says."""

from typing import Any

from domain.oracle import Partition
from domain.packing import unpack
from domain.settings import FactSettings
from domain.state import STATE
from tests.domain.histories import DAY, LogRecord, event, mark

MONDAY = 1_704_067_200_000  # 2024-01-01T00:00Z: day 19723, week 2818
DAY_SLOT = 19_723 % 64
WEEK_SLOT = 2_818 % 32
WEEKLY = 290_610_888
"""Weekly instants of ann, ms after Thursday 00:00: XXH3 of "ann" modulo a week."""
FIRST = MONDAY + 3 * DAY + WEEKLY
"""Ann's first weekly instant."""
NUMBER = 2_818
"""And its number: so many weeks after the first Thursday of 1970."""


def told(*records: LogRecord, facts: FactSettings | None = None) -> Partition:
    partition = Partition(0, 1, facts or FactSettings())
    for offset, record in enumerate(records):
        partition.feed(offset, record.timestamp, record.key, record.value)
    return partition


def state(partition: Partition, user: str = "ann") -> dict[str, Any]:
    record = unpack([partition.record(user)])
    return {name: record[name][0].tolist() for name in STATE.names or ()}


def did(
    after: int, kind: str = "page_view", event_id: str | None = None, user: str = "ann", **more: object
) -> LogRecord:
    """An event `after` ms from Monday."""
    return event(user, MONDAY + after, kind, event_id or f"{kind}@{after}", **more)


def clock(after: int, visits: int | None = None) -> LogRecord:
    return mark(MONDAY + after, visits)


def only(values: dict[str, Any], **expected: object) -> None:
    assert {name: values[name] for name in expected} == expected
