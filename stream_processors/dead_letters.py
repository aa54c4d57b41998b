"""Records that could not be used, with the reason, the original bytes, and where they stood."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from domain.decode import LogRecord


class DeadLetter(NamedTuple):
    """One record of the dead-letter topic. May be sent twice after a crash: partition and offset tell."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


Send = Callable[[list[DeadLetter]], Awaitable[None]]
"""Sends letters and returns when Kafka has them."""


def letter(record: LogRecord, topic: str, partition: int, offset: int, reason: str) -> DeadLetter:
    """The letter for a record. A tombstone's value is None, as it was."""
    return DeadLetter(
        record.key,
        record.value,
        {
            "reason": reason.encode(),
            "topic": topic.encode(),
            "partition": b"%d" % partition,
            "offset": b"%d" % offset,
            "timestamp": b"%d" % record.timestamp,
        },
    )
