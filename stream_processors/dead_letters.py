"""Records that could not be used, with the reason, the original bytes, and where they stood."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from domain.records import Records

NO_KEY: Final = "no_key"
"""Header of a letter whose record had no key, though the letter has one."""


class DeadLetter(NamedTuple):
    """One record of the dead-letter topic. May be sent twice after a crash: partition and offset tell."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


Send = Callable[[list[DeadLetter]], Awaitable[None]]
"""Sends letters and returns when Kafka has them."""


def letter(records: Records, row: int, topic: str, partition: int, offset: int, reason: str) -> DeadLetter:
    """The letter for a record at `offset`, row `row` of `records`. A tombstone's value is None, as it was."""
    return DeadLetter(
        records.key(row),
        records.value(row),
        {
            "reason": reason.encode(),
            "topic": topic.encode(),
            "partition": b"%d" % partition,
            "offset": b"%d" % offset,
            "timestamp": b"%d" % records.timestamps[row],
        },
    )
