"""Requests of Segment's libraries: what becomes of each message. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import xxhash

from api.ingest.admission import MAX_EVENTS, Result
from api.problems import ProblemError
from api.segment.fields import mapping
from api.segment.mapping import Around, Mapped, UnmappableError, mapped
from producers.acknowledged import Outgoing
from producers.validate import InvalidEventError, checked

NO_USER: Final = "no_user"
MAX_MADE: Final = 5_000
"""Events that the orders of one request may become."""

_encode: Final = msgspec.json.Encoder().encode


class Translation(NamedTuple):
    """Of one request."""

    results: list[Result]
    """One for each message, in order."""
    records: list[Outgoing]
    letters: list[Outgoing]
    kinds: Counter[str]
    """Messages by their type, known types only."""


def messages_of(body: object, kind: str | None) -> tuple[Sequence[object], object]:
    """The messages, each with its type, and when the request says it was sent.

    Args:
        kind: of the call that carries one message; None for a batch.

    Raises:
        ProblemError: 422, no such request, or too many messages.
    """
    if not isinstance(body, dict):
        raise ProblemError(422, "no_messages", "the body must be an object")
    if kind is not None:
        return [body | {"type": kind}], body.get("sentAt")
    batch = body.get("batch")
    if not isinstance(batch, list):
        raise ProblemError(422, "no_messages", "`batch` must be a list of messages")
    if len(batch) > MAX_EVENTS:
        raise ProblemError(422, "too_many", f"{len(batch):,} messages, at most {MAX_EVENTS:,} at once")
    return batch, body.get("sentAt")


def translate(messages: Sequence[object], around: Around, topic: str) -> Translation:
    """What is to be sent, and what to answer.

    Args:
        topic: that dead letters say they were meant for.
    """
    done = Translation([], [], [], Counter())
    for message in messages:
        try:
            found = _mapped(message, around)
            done.kinds[found.kind] += 1
            _add(found, done, around, topic)
        except (UnmappableError, InvalidEventError) as fault:
            id_ = mapping(message).get("messageId")
            shown = id_ if isinstance(id_, str) and len(id_) <= 128 else None
            done.results.append(Result("rejected", shown, fault.field, fault.reason, fault.message))
    return done


def _mapped(message: object, around: Around) -> Mapped:
    if not isinstance(message, dict):
        raise UnmappableError("message", "malformed", "must be an object")
    return mapped(message, around)


def _add(found: Mapped, done: Translation, around: Around, topic: str) -> None:
    if not found.events:
        done.results.append(Result("ignored", found.message_id))
        return
    if found.user is None:
        done.letters.extend(_letter(event, topic, around.received_ms) for event in found.events)
        done.results.append(Result("dead_lettered", found.message_id, "userId", NO_USER))
        return
    if len(done.records) + len(found.events) > MAX_MADE:
        raise InvalidEventError("products", "too_many", f"the request makes more than {MAX_MADE:,} events")
    key = found.user.encode()
    values = [_encode(event) for event in found.events]
    for value in values:
        checked(value)
    done.records.extend(Outgoing(key, value) for value in values)
    done.results.append(Result("accepted", found.message_id))


def _letter(event: dict[str, Any], topic: str, received_ms: int) -> Outgoing:
    """As a worker writes them. It never stood in the log: a digest of its id takes the offset's place."""
    return Outgoing(
        None,
        _encode(event),
        [
            ("reason", NO_USER.encode()),
            ("topic", topic.encode()),
            ("partition", b"-1"),
            ("offset", b"%d" % (xxhash.xxh3_64_intdigest(event["event_id"].encode()) >> 1)),
            ("timestamp", b"%d" % received_ms),
        ],
    )
