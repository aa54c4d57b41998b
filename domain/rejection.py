"""Why a record of the log is no event: the one word that its dead letter carries."""

import re
from typing import Any, Final, Literal

import msgspec

from domain.events import MAX_EVENT_BYTES, Event

Fault = Literal["tombstone", "too_large", "malformed", "no_user", "no_event_id", "too_long"]


_NESTING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
"""Brackets; texts are matched whole, so that brackets within them do not count."""


def _longest(kind: msgspec.inspect.Type) -> int | None:
    """Most characters that a field takes; None if it takes no text, or text of any length."""
    kinds = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    return next((k.max_length for k in kinds if isinstance(k, msgspec.inspect.StrType)), None)


MAX_DEPTH: Final = 256
"""Objects and arrays deeper than this within each other are refused."""

_LIMITS: Final = {
    name: longest
    for name in Event.__struct_fields__
    if (longest := _longest(msgspec.inspect.type_info(Event.__annotations__[name]))) is not None
}


def reject(value: bytes | None, key: bytes | None) -> Fault:
    """The fault of a record that strict decoding refused; the first of several, in the order of `Fault`.

    ``malformed`` is what has no better name: not JSON in UTF-8, no object, nested too deeply, a field of the
    wrong type or out of its range. A record without a key can only be a clock mark, so it has no other fault.
    """
    if value is None:
        return "tombstone"
    if len(value) > MAX_EVENT_BYTES:
        return "too_large"
    fields = None if key is None or too_deep(value) else _parsed(value)
    if not isinstance(fields, dict):
        return "malformed"
    if fields.get("user_id") in (None, ""):
        return "no_user"
    if fields.get("event_id") in (None, ""):
        return "no_event_id"
    if any(_is_longer(fields.get(name), longest) for name, longest in _LIMITS.items()):
        return "too_long"
    return "malformed"


def too_deep(value: bytes) -> bool:
    """Whether JSON in `value` nests deeper than `MAX_DEPTH`; to be asked before it is decoded.

    The JSON decoder gives up at a depth that depends on how deep its caller stands in Python's stack, so what
    it alone refuses would be applied by one process and dead-lettered by another.
    """
    if len(value) <= 2 * MAX_DEPTH or value.count(b"[") + value.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for token in _NESTING.finditer(value):
        match token[0]:
            case b"{" | b"[":
                depth += 1
                if depth > MAX_DEPTH:
                    return True
            case b"}" | b"]":
                depth -= 1
    return False


def _parsed(value: bytes) -> Any:
    """The JSON value, or None if it is none."""
    try:
        return msgspec.json.decode(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        return None


def _is_longer(text: object, longest: int) -> bool:
    return isinstance(text, str) and len(text) > longest
