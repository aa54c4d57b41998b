"""An event as it will be judged downstream: encoded, and held against the one schema."""

import math
import re
from typing import Final

import msgspec

from domain.events import MAX_EVENT_BYTES, MAX_TIME_MS, MIN_TIME_MS, Event, encode, milliseconds

_decode: Final = msgspec.json.Decoder(Event).decode
_FIELD: Final = re.compile(r" - at `\$\.(\w+)")


class InvalidEventError(ValueError):
    """The event breaks the schema; `field` says where, `reason` is a short word to count by."""

    def __init__(self, field: str, reason: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field: Final = field
        self.reason: Final = reason


def encoded(event: Event) -> bytes:
    """The record's value, proven to be readable by whoever holds to the schema.

    Raises:
        InvalidEventError: with reason ``no_user``, ``bad_time``, ``too_long``, ``too_large``, ``bad_text`` or
            ``bad_<field>``.
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
        time = _decode(value).time
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None
    except (TypeError, UnicodeEncodeError) as error:
        raise InvalidEventError("event", "bad_text", f"cannot be written as JSON: {error}") from None
    if not MIN_TIME_MS <= milliseconds(time) < MAX_TIME_MS:
        raise InvalidEventError("time", "bad_time", "lies outside the years 2000 to 2089")
    if len(value) > MAX_EVENT_BYTES:
        raise InvalidEventError("event", "too_large", f"{len(value):,} bytes, at most {MAX_EVENT_BYTES:,}")
    return value


def _explained(message: str) -> InvalidEventError:
    found = _FIELD.search(message)
    field = found.group(1) if found else "event"
    text = message.split(" - at ", maxsplit=1)[0].replace("`", "")
    if field == "user_id" and "length >= 1" in message:
        return InvalidEventError(field, "no_user", "is empty")
    if "length <=" in message:
        return InvalidEventError(field, "too_long", text)
    return InvalidEventError(field, f"bad_{field.removesuffix('_id')}", text)
