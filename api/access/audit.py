"""The audit log: which key changed what, one JSON object a line. Routes, never ids of users nor secrets."""

import logging
from logging.handlers import WatchedFileHandler
from typing import Final

import msgspec
from starlette.types import Scope

from domain.control import ApiKey

log = logging.getLogger("ebbwatch.audit")

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LEFT_OUT: Final = frozenset({"ingest", "read"})
"""Scopes whose calls change no decision: events are recorded in Kafka, and reading writes nothing."""


def write_to(path: str) -> None:
    """Where it goes: a file, which may be rotated by others; empty for standard error, with the other logs."""
    if path and not log.handlers:
        handler = WatchedFileHandler(path, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)
        log.propagate = False
    log.setLevel(logging.INFO)


def entry(scope: Scope, request: str, status: int, at_ms: int) -> bytes | None:
    """The line for a request that was answered; None if it is not for this log.

    Refused ones stand in it too: who tried matters as much as who did.
    """
    state, reads = scope["state"], scope["method"] in _READS
    if reads and "admin" not in state.get("scopes", ()):  # most calls by far
        return None
    key: ApiKey | None = state.get("key")
    scopes = state.get("scopes", frozenset())
    if "admin" not in scopes and scopes <= _LEFT_OUT:
        return None
    return msgspec.json.encode(
        {
            "at": at_ms,
            "request": request,
            "key": key.id if key else None,
            "name": key.name if key else None,
            "method": scope["method"],
            "route": getattr(scope.get("route"), "path", None),
            "status": status,
            "client": (scope.get("client") or (None,))[0],
        }
    )
