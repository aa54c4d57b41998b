"""Reads of alerts for the routes."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

import msgspec
from redis import asyncio as aredis

from control import tables
from control.feed import entries_after_async
from domain.alert_life import AlertState
from domain.control import FeedEntry

_SCANNED: Final = 10
"""Pages of the feed that one filtered page looks through at most."""


class Page(NamedTuple):
    """Some entries, and how far the feed was looked through."""

    entries: list[FeedEntry]
    last: int
    """Number up to which it was."""
    more: bool


class Wanted(NamedTuple):
    """What people filter by; None for all."""

    state: str | None = None
    tier: str | None = None

    @property
    def all(self) -> bool:
        """Whether it is the plain sequence."""
        return self.state is None and self.tier is None


async def alert(store: aredis.Redis, id_: str) -> AlertState | None:
    """One alert, None if it is unknown."""
    reading: Any = store.hget(tables.ALERTS, id_)
    stored: bytes | None = await reading
    return None if stored is None else msgspec.json.decode(stored, type=AlertState)


async def last_number(store: aredis.Redis) -> int:
    """Number of the newest entry of the feed; 0 for none."""
    reading: Any = store.zrange(tables.FEED, -1, -1, withscores=True)
    found = await reading
    return int(found[0][1]) if found else 0


async def page(store: aredis.Redis, after: int, limit: int, wanted: Wanted) -> Page:
    """The next entries behind a number.

    With a filter: of the alerts that are so now, their first entries, with the alert as it is now.
    """
    if wanted.all:
        found = await entries_after_async(store, after, limit + 1)
        entries = found[:limit]
        return Page(entries, entries[-1].number if entries else after, len(found) > limit)
    kept: list[FeedEntry] = []
    for _ in range(_SCANNED):
        found = await entries_after_async(store, after, limit)
        for entry, state in zip(found, await _states(store, found), strict=True):
            after = entry.number
            if state is not None and _is(entry, state, wanted):
                kept.append(msgspec.structs.replace(entry, body=state.shown))
                if len(kept) == limit:
                    return Page(kept, after, more=True)
        if len(found) < limit:
            return Page(kept, after, more=False)
    return Page(kept, after, more=True)


async def _states(store: aredis.Redis, entries: Sequence[FeedEntry]) -> list[AlertState | None]:
    if not entries:
        return []
    reading: Any = store.hmget(tables.ALERTS, [entry.alert for entry in entries])
    stored = cast("list[bytes | None]", await reading)
    return [None if value is None else msgspec.json.decode(value, type=AlertState) for value in stored]


def _is(entry: FeedEntry, state: AlertState, wanted: Wanted) -> bool:
    return (
        entry.event.endswith(".raised")
        and wanted.state in (None, state.state)
        and wanted.tier in (None, state.view.get("tier"))
    )
