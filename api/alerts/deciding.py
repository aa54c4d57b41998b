"""Writes of people: into the topic first, then waited for, so that people read their own writes."""

import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from fastapi import Response

from api.resources import Resources
from control.waiting import projected
from domain.control import Record

_JSON: Final = "application/json"


def wall() -> int:
    """ms since 1970."""
    return int(time.time() * 1000)


async def write(here: Resources, records: Sequence[Record]) -> bool:
    """Whether what was written, and is kept for ever, can be read already.

    Raises:
        ControlAwayError: nothing was decided.
    """
    offset = await here.control.write_async(records)
    return await projected(here.store, offset, here.config.patience_s)


def answer(body: Any, status: int, *, seen: bool) -> Response:
    """The answer to a write: 202 if it cannot be read yet."""
    return Response(msgspec.json.encode(body), status if seen else 202, media_type=_JSON)
