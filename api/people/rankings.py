"""Rankings of all users at risk, pinned for a quarter of an hour: paging neither skips nor repeats while scores move.

Everybody is scored once, in the background where that can be (`api.people.roster`), and laid down
(`api.people.laid_down`). A query then costs the choosing and ordering of columns, not the scoring of users: some
milliseconds at 100,000 of them. A cursor names the roster, the query and a place.
"""

import asyncio
import logging
import re
import secrets
import time
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash
from redis import asyncio as aredis
from redis.exceptions import RedisError

from api.people.following import Present
from api.people.laid_down import Head, LaidDown, Order
from api.people.names import Names
from api.people.roster import CODES, TIERS, Columns, Ranked, roster
from api.people.segments import Hashes, Segments, among
from api.problems import ProblemError
from domain.columns import code_of

log = logging.getLogger(__name__)

_SHARED_S: Final = 5.0
_SHARED_FACTOR: Final = 20.0
"""A roster is good for so many times what it took to make: a twentieth of the time goes into rosters."""
_STALE_FACTOR: Final = 3.0
"""For so many times that it is still handed out while a new one is being made."""
CURSOR: Final = r"^[0-9a-f]{16}\.[0-9a-f]{8}\.[0-9]{1,9}$"


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which users, in which order."""

    sort: str
    """``risk``, ``value`` or ``changed``; the greatest first."""
    tier: str | None = None
    plan: str | None = None
    platform: str | None = None
    channel: str | None = None
    segment: str | None = None

    def fingerprint(self) -> str:
        """8 hex digits."""
        return xxhash.xxh32_hexdigest(msgspec.json.encode(self))


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a ranking."""

    items: list[Ranked]
    next: str | None
    """Cursor of the following page; null at the end."""
    as_of: int
    """ms since 1970, wall clock: when everybody was scored; all pages show that moment."""
    total: int
    """Users in the whole ranking."""


class _Here(NamedTuple):
    """The roster whose columns this process has."""

    head: Head
    columns: Columns


class Rankings:
    """Of one API process; several share what they lay down."""

    def __init__(self, store: aredis.Redis, scratch: aredis.Redis, names: Names, segments: Segments) -> None:
        self._store = store
        self._laid_down = LaidDown(scratch)
        self._names = names
        self._segments = segments
        self._making = asyncio.Lock()
        self._here: _Here | None = None
        self._behind: asyncio.Task[None] | None = None

    async def page(self, present: Present, query: Query | None, cursor: str | None, limit: int) -> Page:
        """A page.

        Args:
            query: None where a cursor alone was given.

        Raises:
            ProblemError: 404, the cursor's ranking is not kept any more, or no such segment; 409, the cursor is of
                another query; 503, Redis is away, or too many rankings are kept.
        """
        try:
            if cursor is None:
                return await self._first(present, query or Query(sort="risk"), limit)
            return await self._following(cursor, query, limit)
        except (RedisError, OSError) as fault:
            raise _away() from fault

    async def columns(self, present: Present) -> Columns:
        """Of everybody at risk, as scored last; see `api.people.roster`.

        Raises:
            ProblemError: 503, Redis is away, or too many rankings are kept.
        """
        try:
            return (await self._shared(present)).columns
        except (RedisError, OSError) as fault:
            raise _away() from fault

    async def _first(self, present: Present, query: Query, limit: int) -> Page:
        members = None if query.segment is None else await self._segments.members(query.segment)
        here, name = await self._shared(present), query.fingerprint()
        found = await self._laid_down.stretch(here.head.id, name, 0, limit)
        if found is None:
            order = await asyncio.to_thread(ordered, here.columns, query, members)
            await self._laid_down.put_order(here.head.id, name, order, _STALE_FACTOR * here.head.shared_s)
            return await self._told(here.head, name, order[:limit], 0, len(order))
        return await self._told(here.head, name, found.order, 0, found.total)

    async def _following(self, cursor: str, query: Query | None, limit: int) -> Page:
        if not re.fullmatch(CURSOR, cursor):
            raise ProblemError(422, "invalid", "no cursor of a ranking")
        id_, name, begin = cursor.split(".")
        if query is not None and query.fingerprint() != name:
            raise ProblemError(409, "other_query", "the cursor is of another query: begin without one")
        head = await self._laid_down.head(id_)
        found = None if head is None else await self._laid_down.stretch(id_, name, int(begin), limit)
        if head is None or found is None:
            raise _expired()
        return await self._told(head, name, found.order, int(begin), found.total)

    async def _told(self, head: Head, name: str, order: Order, begin: int, total: int) -> Page:
        items = await self._laid_down.rows(head.id, order)
        if items is None:
            raise _expired()
        end = begin + len(items)
        following = f"{head.id}.{name}.{end}" if end < total else None
        return Page(items=items, next=following, as_of=head.made, total=total)

    async def _shared(self, present: Present) -> _Here:
        """A roster that is good, or good enough until the next one, which is then begun."""
        generation = present.stream.generation
        async with self._making:  # who waits finds what the other has made
            head = await self._laid_down.newest(generation)
            if head is None:
                return await self._make(present)
            here = await self._having(head)
            if here is None:
                return await self._make(present)
        old = time.time() * 1000 - head.made > head.shared_s * 1000
        if old and self._behind is None and await self._laid_down.begin(generation):
            self._behind = asyncio.create_task(self._make_behind(present))
        return here

    async def _having(self, head: Head) -> _Here | None:
        """The columns of a roster, also of one that another process has made."""
        if self._here is None or self._here.head.id != head.id:
            columns = await self._laid_down.columns(head.id)
            if columns is None:
                return None
            self._here = _Here(head, columns)
        return self._here

    async def _make(self, present: Present) -> _Here:
        begun = time.monotonic()
        made = await roster(self._store, self._names, present)
        shared_s = max(_SHARED_S, _SHARED_FACTOR * (time.monotonic() - begun))
        at = int(time.time() * 1000)
        head = Head(id=secrets.token_hex(8), rows=len(made.rows), made=at, shared_s=shared_s)
        await self._laid_down.put(present.stream.generation, head, made, _STALE_FACTOR * shared_s)
        self._here = _Here(head, made.columns)
        return self._here

    async def _make_behind(self, present: Present) -> None:
        try:
            await self._make(present)
        except (RedisError, OSError, ProblemError) as fault:  # the next who asks tries again
            log.warning("no new ranking: %s", fault)
        finally:
            self._behind = None


def ordered(columns: Columns, query: Query, members: Hashes | None) -> Order:
    """Places of the users that a query wants, in its order; of equals the smaller id first.

    Args:
        members: hashes of the segment's users, sorted; None if the query names no segment.
    """
    wanted: npt.NDArray[np.bool_] = np.ones(len(columns), np.bool_)
    for name in CODES:
        value = getattr(query, name)
        if value is not None:
            wanted &= columns[name] == code_of(value)
    if query.tier is not None:
        wanted &= columns["tier"] == TIERS.index(query.tier)
    if members is not None:
        wanted &= among(members, columns["hash"])
    places = np.flatnonzero(wanted)
    field: Any = columns[{"risk": "score", "value": "value", "changed": "changed"}[query.sort]][places]
    return places[np.argsort(-field, kind="stable")].astype(np.uint32)


def _away() -> ProblemError:
    return ProblemError(503, "store_away", "the store does not answer; try again", {"Retry-After": "1"})


def _expired() -> ProblemError:
    return ProblemError(404, "expired_cursor", "this ranking is not kept any more: begin without a cursor")
