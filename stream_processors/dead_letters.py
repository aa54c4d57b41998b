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
    key, value = records.key(row), records.value(row)
    headers = {
        "reason": reason.encode(),
        "topic": topic.encode(),
        "partition": b"%d" % partition,
        "offset": b"%d" % offset,
        "timestamp": b"%d" % records.timestamps[row],
    }
    if key is None and value is None:  # aiokafka sends no record that has neither
        key, headers[NO_KEY] = b"", b""
    return DeadLetter(key, value, headers)


def original_key(key: bytes | None, headers: Mapping[str, bytes]) -> bytes | None:
    """The key of the record that a letter is about."""
    return None if NO_KEY in headers else key
