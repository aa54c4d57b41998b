"""Values as our fields want them, from what libraries send: absent rather than wrong."""

import math
from collections.abc import Mapping
from typing import Any, Final

from domain.events import MAX_AMOUNT

_LONGEST: Final = 128

Object = Mapping[str, Any]


def mapping(value: object) -> Object:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def text(*candidates: object) -> str | None:
    """The first that says something: a text, cut to the longest that a field takes, or a number."""
    for value in candidates:
        if isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            return str(value)[:_LONGEST]
        if isinstance(value, str) and value:
            return value[:_LONGEST]
    return None


def number(*candidates: object) -> float | None:
    """The first that is a finite number, or a text that reads as one."""
    for value in candidates:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            continue
        try:
            found = float(value)
        except (ValueError, OverflowError):
            continue
        if math.isfinite(found):
            return found
    return None


def money(*candidates: object) -> float | None:
    """A number within what the schema takes."""
    found = number(*candidates)
    return found if found is not None and abs(found) <= MAX_AMOUNT else None


def items(value: object) -> int | None:
    """How many, where that makes sense."""
    found = number(value)
    return int(found) if found is not None and 0 <= found <= 1_000_000 and found == int(found) else None


def platform(context: Object) -> str | None:
    """Where the call was made: the system of a device, else the web if there is a browser."""
    system = text(mapping(context.get("os")).get("name"))
    device = text(mapping(context.get("device")).get("type"))
    for name in (device, system):
        if name and name.lower() in ("ios", "ipados", "android"):
            return name.lower().replace("ipados", "ios")
    if context.get("userAgent") or context.get("page"):
        return "web"
    found = system or device or text(mapping(context.get("app")).get("name"))
    return found.lower() if found else None
