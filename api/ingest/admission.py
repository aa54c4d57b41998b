"""What becomes of each event of a body: pure, so that the same body has the same answer at any time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from api.access.identity import inside
from api.problems import ProblemError
from domain.events import MAX_TIME_MS, MIN_TIME_MS, Event
from producers.acknowledged import Outgoing
from producers.validate import InvalidEventError, checked

MAX_EVENTS: Final = 1000
"""In one request."""

_SHORT: Final = 512
"""Bytes; too short to be too large or to nest too deeply, so that strict decoding is all there is to check."""
_FAULTS: Final = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError)

_WHOLE: Final = frozenset({"time", "quantity", "pages"})

_event: Final = msgspec.json.Decoder(Event).decode
_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode: Final = msgspec.json.Encoder().encode


class Result(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Of one event, in the order of the request."""

    status: str
    event_id: str | None = None
    field: str | None = None
    reason: str | None = None
    message: str | None = None


class Admission(NamedTuple):
    """Of one request."""

    results: list[Result]
    records: list[Outgoing]
    """Of the accepted ones."""


class Body(NamedTuple):
    """Events of a request, each as it was written."""

    events: Sequence[bytes]
    alone: bool
    """Whether the body is one event, not a list of them."""


def read(body: bytes) -> Body:
    """Take a body apart: an event, a list of them, or ``{"events": [...]}``.

    Raises:
        ProblemError: 400, it is no JSON in UTF-8; 422, neither object nor list, or more than `MAX_EVENTS`.
    """
    first = body.lstrip()[:1]
    if body and first not in (b"{", b"["):
        require_json(body)
        raise ProblemError(
            422, "no_events", 'the body must be an event, a list of them, or {"events": [...]}'
        )
    try:
        body.decode()
        if first == b"[":
            return Body(_bounded(_list(body)), alone=False)
        several = _members(body).get("events")
        if several is not None and bytes(several).startswith(b"["):
            return Body(_bounded(_list(several)), alone=False)
    except _FAULTS as fault:
        raise _no_json(fault) from fault
    return Body([body], alone=True)


def require_json(body: bytes) -> object:
    """The JSON value.

    Raises:
        ProblemError: 400, it is none.
    """
    try:
        body.decode()
        return msgspec.json.decode(body)
    except _FAULTS as fault:
        raise _no_json(fault) from fault


def admit(events: Sequence[bytes], secret: str) -> Admission:
    """Check each event as strictly as a worker's decoder.

    Args:
        secret: user ids are replaced by `inside` of them.
    """
    results: list[Result] = []
    records: list[Outgoing] = []
    for value in events:
        try:
            event, record = _admitted(value, secret)
        except InvalidEventError as fault:
            results.append(Result("rejected", _event_id(value), fault.field, fault.reason, fault.message))
        else:
            records.append(record)
            results.append(Result("accepted", event.event_id))
    return Admission(results, records)


def _admitted(value: bytes, secret: str) -> tuple[Event, Outgoing]:
    event = None
    if len(value) <= _SHORT:  # nearly all; whatever is wrong is named by the slow way
        try:
            event = _event(value)
            time = event.time
            if not (isinstance(time, int) and MIN_TIME_MS <= time < MAX_TIME_MS):
                event = None
        except _FAULTS:
            event = None
    if event is None:
        try:
            event = checked(value)
        except InvalidEventError:
            value = _with_whole_numbers(value)
            event = checked(value)
    user = event.user_id
    if "\0" in user:
        raise InvalidEventError("user_id", "bad_user", "contains a null character")
    if secret:
        user = inside(user, secret)
        # what the schema does not know stays as it was written
        value = _encode(_members(value) | {"user_id": msgspec.Raw(_encode(user))})
    return event, Outgoing(user.encode(), value)


def _with_whole_numbers(value: bytes) -> bytes:
    """As a worker reads them: to JSON Schema, and to many an encoder, 2.0 is the integer 2."""
    try:
        members = _members(value)
        for name in _WHOLE & members.keys():
            number = msgspec.json.decode(members[name])
            if isinstance(number, float) and number.is_integer():
                members[name] = msgspec.Raw(_encode(int(number)))
    except _FAULTS:
        return value
    return _encode(members)


def _event_id(value: bytes) -> str | None:
    """For the answer, where it can be read."""
    try:
        found = msgspec.json.decode(_members(value)["event_id"], type=str)
    except (*_FAULTS, KeyError):
        return None
    return found if len(found) <= 128 else None


def _bounded(events: list[msgspec.Raw]) -> list[bytes]:
    if len(events) > MAX_EVENTS:
        raise ProblemError(
            422, "too_many", f"{len(events):,} events, at most {MAX_EVENTS:,} at once: send several"
        )
    return list(map(bytes, events))


def _no_json(fault: Exception) -> ProblemError:
    what = str(fault) if isinstance(fault, msgspec.MsgspecError) else "it is not UTF-8, or nested too deeply"
    return ProblemError(400, "no_json", f"the body is no JSON: {what}")
