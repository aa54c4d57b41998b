"""What an object remembers, as plain values that can be compared to the bit."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import numpy as np

_ATOMS: Final = (str, bytes, bool, int, type(None))


def differences(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """Where two objects differ, in words; those of arrays and numbers to the bit, those of others part by part.

    What is shared between parts, and in which type a number is kept, does not count: both change when an object is
    written to a file and read again.
    """
    yield from _differences(one, other, where, set())


def _differences(one: Any, other: Any, where: str, seen: set[tuple[int, int]]) -> Iterator[str]:
    if (id(one), id(other)) in seen:
        return
    a, b = _plain(one), _plain(other)
    if isinstance(a, dict) and isinstance(b, dict):
        seen.add((id(one), id(other)))
        for key in [*a, *(key for key in b if key not in a)]:
            if key not in a or key not in b:
                yield f"{where}/{key} is on one side only"
            else:
                yield from _differences(a[key], b[key], f"{where}/{key}", seen)
    elif a != b:
        yield f"{where}: {_short(a)} and {_short(b)}"


def _plain(value: Any) -> Any:
    """An atom, or a dict of parts."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, float | np.floating):
        return float(value).hex()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {_name(key): part for key, part in value.items()}
    if isinstance(value, msgspec.Struct):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, _ATOMS) or callable(value):
        return value
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    return _parts(value)


def _parts(value: Any) -> Any:
    if hasattr(value, "__iter__") and hasattr(value, "__len__"):
        return dict(enumerate(value))
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    found = {name: getattr(value, name) for name in slots if hasattr(value, name)} | getattr(
        value, "__dict__", {}
    )
    return found or value.__reduce_ex__(4)[1:]


def _name(key: Any) -> Any:
    return key if isinstance(key, str | int) else repr(key)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 120 else f"{text[:117]}..."
