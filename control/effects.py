"""What a record of `control` changes in Redis: pure, as commands."""

from typing import Any

from control import tables
from domain.control import ApiKey, Erasure, Record, Step, encode

Command = tuple[Any, ...]
"""Name and arguments of one command of Redis."""


def effects(record: Record) -> list[Command]:
    """Commands that bring the projection up to date; the same ones again change nothing."""
    match record:
        case ApiKey():
            return [("HSET", tables.KEYS, record.id, encode(record))]
        case Erasure():
            return [
                ("HSET", tables.ERASED, record.id, record.at),
                ("HSET", tables.TO_FORGET, record.id, record.until),
            ]
        case Step():
            return []
        case _:
            kind = record.__struct_config__.tag
            return [("HSET", tables.of_user(record.user), f"{kind}/{record.id}", encode(record))]


def removal(key: bytes) -> list[Command]:
    """Commands that follow a record without a value."""
    kind, _, rest = key.decode("utf-8", "replace").partition("/")
    id_, _, user = rest.partition("/")
    if kind == "key":
        return [("HDEL", tables.KEYS, id_)]
    if user:
        return [("HDEL", tables.of_user(user), f"{kind}/{id_}")]
    return []
