"""What a record of `control` changes in Redis: pure, as commands."""

from typing import Any

from control import tables
from control.webhooks.queue import Queue
from domain.control import ApiKey, Done, Erasure, Record, Step, Webhook, encode

Command = tuple[Any, ...]
"""Name and arguments of one command of Redis."""


def effects(record: Record) -> list[Command]:
    """Commands that bring the projection up to date; the same ones again change nothing.

    Those of a `Step` depend on what is known of its alert: `control.alert_effects`.
    """
    match record:
        case ApiKey():
            return [("HSET", tables.KEYS, record.id, encode(record))]
        case Erasure():
            return [
                ("HSET", tables.ERASED, record.id, record.at),
                ("HSET", tables.TO_FORGET, record.id, record.until),
            ]
        case Done():
            return [("HSET", tables.DONE, record.id, encode(record))]
        case Webhook():
            return [("HSET", tables.WEBHOOKS, record.id, encode(record))]
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
    if kind == "webhook":
        return [("HDEL", tables.WEBHOOKS, id_), ("DEL", *Queue(id_).all())]
    if user:
        return [("HDEL", tables.of_user(user), f"{kind}/{id_}")]
    return []
