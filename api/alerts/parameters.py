"""Parameters that several routes share."""

from typing import Annotated, Final

from fastapi import Path, Query

AlertId = Annotated[
    str, Path(pattern="^[0-9a-f]{16}$", description="id of the alert", examples=["9f2c0a51b7d3e846"])
]
Limit = Annotated[int, Query(ge=1, le=1000, description="entries of a page")]
NumberCursor = Annotated[
    str | None,
    Query(
        pattern="^[0-9]{1,18}$",
        description="`cursor` or `next` of an earlier answer; without it, from the beginning",
        examples=["1841"],
    ),
]

READ: Final = (401, 403, 422, 429, 503)
"""Statuses of problems that every guarded read may answer with."""
WRITE: Final = (400, 408, 413, *READ)
"""The same of a call with a body."""
