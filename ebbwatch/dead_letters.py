"""The dead-letter topic: what is in it, and the way back into the stream."""

import base64
from collections.abc import Iterable, Iterator

import msgspec

from control.log import Log, Record
from stream_processors.dead_letters import original_key


class LetterError(ValueError):
    """A file of letters holds something else."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One dead letter, as it is shown, written to a file, and read back from it."""

    partition: int
    offset: int
    reason: str
    timestamp: int
    """Kafka's time of the original record, ms."""
    key: str | None = None
    value: str | None = None
    """The original bytes as text, where they are UTF-8."""
    key_base64: str | None = None
    value_base64: str | None = None
    """The original bytes otherwise."""

    def key_bytes(self) -> bytes | None:
        """The original key."""
        return _bytes(self.key, self.key_base64)

    def value_bytes(self) -> bytes | None:
        """The original value, or what a person has made of it."""
        return _bytes(self.value, self.value_base64)


def letters(log: Log, topic: str, reason: str | None = None) -> Iterator[Letter]:
    """Dead letters of records of `topic`, oldest first; what a crash sent twice comes once.

    Args:
        log: of the dead-letter topic.
        reason: only those of this reason.
    """
    seen: set[tuple[int, int]] = set()
    bounds = log.bounds(0)
    for record in log.read(0, bounds.earliest, bounds.end):
        letter = _letter(record)
        at = (letter.partition, letter.offset)
        if record.headers.get("topic", b"").decode() != topic or at in seen:
            continue
        seen.add(at)
        if reason is None or letter.reason == reason:
            yield letter


def from_lines(lines: Iterable[bytes]) -> Iterator[Letter]:
    """Letters from JSON lines.

    Raises:
        LetterError: a line is none; says which.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield msgspec.json.decode(line, type=Letter)
            except (msgspec.MsgspecError, UnicodeError) as fault:
                raise LetterError(
                    f"line {number} is no dead letter ({fault}): each is a JSON object as `dlq show --out` writes it"
                ) from fault


def user_of(value: bytes) -> str | None:
    """The user id of a repaired event, None where it names none."""
    try:
        user = msgspec.json.decode(value, type=_Addressed).user_id
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return user or None


class _Addressed(msgspec.Struct):
    user_id: str


def _letter(record: Record) -> Letter:
    key, key_base64 = _text(original_key(record.key, record.headers))
    value, value_base64 = _text(record.value)
    return Letter(
        partition=int(record.headers.get("partition", b"-1")),
        offset=int(record.headers.get("offset", b"-1")),
        reason=record.headers.get("reason", b"unknown").decode(),
        timestamp=int(record.headers.get("timestamp", b"0")),
        key=key,
        key_base64=key_base64,
        value=value,
        value_base64=value_base64,
    )


def _text(raw: bytes | None) -> tuple[str | None, str | None]:
    if raw is None:
        return None, None
    try:
        return raw.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(raw).decode()


def _bytes(text: str | None, encoded: str | None) -> bytes | None:
    if encoded is not None:
        return base64.b64decode(encoded)
    return None if text is None else text.encode()
