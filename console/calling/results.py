"""Result tables of the batch jobs, whole: the API gives them by the page."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from console.calling.caller import Caller

_MOST: Final = 10_000
"""Rows that the API gives at once."""


class Found(NamedTuple):
    """Rows of one table, all of one run."""

    rows: Sequence[Mapping[str, Any]]
    as_of: str | None
    """Day before which all is known to them, ISO; None before the first run."""
    reason: str | None
    """Why there are no rows."""


async def read(caller: Caller, job: str, table: str, **filters: str | None) -> Found:
    """A table of the last good run.

    Args:
        job: as the API's path names it.
        filters: parameters of the API; None leaves one out.

    Raises:
        ApiError: it was not answered, or a newer run took the place of this one meanwhile.
    """
    rows: list[dict[str, Any]] = []
    asked: dict[str, str | int | float | None] = {"table": table, "limit": _MOST, **filters}
    while True:
        answer = await caller.get(f"/v1/{job}", asked)
        rows += answer["items"]
        if answer["next"] is None:
            return Found(rows, answer["as_of"], None if rows else answer["reason"])
        asked["cursor"] = answer["next"]
