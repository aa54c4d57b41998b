"""What the present task is about: fields that stand in each of its log lines."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

Value = str | int

_NOTHING: Final[Mapping[str, Value]] = MappingProxyType({})
_fields: ContextVar[Mapping[str, Value]] = ContextVar("fields", default=_NOTHING)


def fields() -> Mapping[str, Value]:
    """Those of the present task."""
    return _fields.get()


def put(**given: Value) -> None:
    """Until the task or thread ends; what has one of these names already is replaced."""
    _fields.set({**_fields.get(), **given})


@contextmanager
def about(**given: Value) -> Iterator[None]:
    """Until the block ends."""
    before = _fields.set({**_fields.get(), **given})
    try:
        yield
    finally:
        _fields.reset(before)
