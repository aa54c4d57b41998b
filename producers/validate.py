"""An event as it will be judged downstream: held against the one schema, as strictly as the worker's decoder."""

import math
import re
from typing import Final

import msgspec

from domain.events import MAX_EVENT_BYTES, MAX_TIME_MS, MIN_TIME_MS, Event, encode, milliseconds
from domain.rejection import MAX_DEPTH, too_deep

_decode: Final = msgspec.json.Decoder(Event).decode
_FIELD: Final = re.compile(r" - at `\$\.(\w+)")
_MISSING: Final = re.compile(r"missing required field `(\w+)`")
_NAMELESS: Final = {"user_id": "no_user", "event_id": "no_event_id"}


class InvalidEventError(ValueError):
    """The event breaks the schema; `field` says where, `reason` is a short word to count by."""

    def __init__(self, field: str, reason: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field: Final = field
        self.reason: Final = reason
        self.message: Final = message


def encoded(event: Event) -> bytes:
    """The record's value, proven to be readable by whoever holds to the schema.

    Raises:
        InvalidEventError: with reason ``no_user``, ``no_event_id``, ``bad_time``, ``too_long``, ``too_large``,
            ``bad_text`` or ``bad_<field>``.
    """
    for name, number in (
        ("amount", event.amount),
        ("discount", event.discount),
        ("duration", event.duration),
    ):
        # JSON knows neither, and encoding would turn them into an absent value without a word
        if isinstance(number, float) and not math.isfinite(number):
            raise InvalidEventError(name, f"bad_{name}", f"{number} is not a finite number")
    try:
        value = encode(event)
    except (TypeError, UnicodeEncodeError) as error:
        raise InvalidEventError("event", "bad_text", f"cannot be written as JSON: {error}") from None
    checked(value)
    return value


def checked(value: bytes) -> Event:
    """The event in a record's value, if a worker will take it; only what its clock decides is left open.

    Raises:
        InvalidEventError: with a reason of `encoded`, or ``malformed``: no JSON object in UTF-8, nested too deeply.
    """
    if len(value) > MAX_EVENT_BYTES:
        raise InvalidEventError("event", "too_large", f"{len(value):,} bytes, at most {MAX_EVENT_BYTES:,}")
    if too_deep(value):
        raise InvalidEventError("event", "malformed", f"nested deeper than {MAX_DEPTH}")
    try:
        value.decode()  # the JSON decoder does not look into fields that it does not know
        event = _decode(value)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None
    except UnicodeError:
        raise InvalidEventError("event", "malformed", "is not UTF-8") from None
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise InvalidEventError("event", "malformed", str(error)) from None
    if not MIN_TIME_MS <= milliseconds(event.time) < MAX_TIME_MS:
        raise InvalidEventError("time", "bad_time", "lies outside the years 2000 to 2089")
    return event


def _explained(message: str) -> InvalidEventError:
    if missing := _MISSING.search(message):
        return InvalidEventError(missing[1], _NAMELESS.get(missing[1], "missing"), "is missing")
    found = _FIELD.search(message)
    field = found.group(1) if found else "event"
    text = message.split(" - at ", maxsplit=1)[0].replace("`", "")
    if field in _NAMELESS and ("length >= 1" in message or "got `null`" in message):
        return InvalidEventError(field, _NAMELESS[field], "is empty")
    if "length <=" in message:
        return InvalidEventError(field, "too_long", text)
    return InvalidEventError(
        field, "malformed" if field == "event" else f"bad_{field.removesuffix('_id')}", text
    )
