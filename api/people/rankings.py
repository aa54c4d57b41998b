"""Rankings of all users at risk, pinned for a quarter of an hour: paging neither skips nor repeats while scores move.

A ranking is scored once, in chunks between which other requests are served, and laid down in pages in the Redis
without persistence. A cursor names the ranking and a place in it.
"""

import asyncio
import re
import secrets
import time
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import xxhash
from redis import asyncio as aredis
from redis.exceptions import RedisError

from api.people.following import Present
from api.people.names import Names
from api.people.segments import Hashes, Segments, among
from api.problems import ProblemError
from domain.calendar import DAY_MS
from domain.columns import code_of
from domain.features import features
from domain.money import value_at_risk
from feature_store import reading
from feature_store.lookup import Facts
from online_model.tiers import Tier, tier_of
from profiles.views import Judged, judged

KEPT_S: Final = 900
_SHARED_S: Final = 5.0
_SHARED_FACTOR: Final = 20.0
"""Who asks within so many times what a ranking took gets the same one: a twentieth of the time goes into ranking."""
_CHUNK: Final = 256
_PAGE: Final = 1000
_MOST_ROWS: Final = 3_000_000
"""Of all rankings that are kept: some hundred megabytes."""
_PREFIX: Final = "ebbwatch:ranking"
_KEPT: Final = f"{_PREFIX}:kept"
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


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One user as ranked."""

    user: str
    score: float
    tier: Tier
    as_of: int
    value_at_risk: float
    """Money, major units: score times what the user will spend within the horizon if the user stays."""
    changed: int
    """ms since 1970: the last event of the user, which was the last change of what is known."""
    plan: str | None
    platform: str | None
    channel: str | None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a ranking."""

    items: list[Ranked]
    next: str | None
    """Cursor of the following page; null at the end."""
    as_of: int
    """ms since 1970, wall clock: when the ranking was made; all its pages show that moment."""
    total: int
    """Users in the whole ranking."""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    generation: str
    rows: int
    made: int
    query: Query


class _Rows(NamedTuple):
    judged: Judged
    slots: list[int]
    values: list[float]


class Rankings:
    """Of one API process; several share what they lay down."""

    def __init__(self, store: aredis.Redis, scratch: aredis.Redis, names: Names, segments: Segments) -> None:
        self._store = store
        self._scratch = scratch
        self._names = names
        self._segments = segments
        self._making = asyncio.Lock()

    async def page(self, present: Present, query: Query | None, cursor: str | None, limit: int) -> Page:
        """A page.

        Args:
            query: None where a cursor alone was given.

        Raises:
            ProblemError: 404, the cursor's ranking is not kept any more, or no such segment; 422, the cursor is of
                another query; 503, Redis is away, or too many rankings are kept.
        """
        try:
            if cursor is None:
                head, begin = await self._shared(present, query or Query(sort="risk")), 0
            else:
                head, begin = await self._pinned(cursor, query)
            items = await self._read(head, begin, limit)
        except (RedisError, OSError) as fault:
            raise ProblemError(
                503, "store_away", "the store does not answer; try again", {"Retry-After": "1"}
            ) from fault
        end = begin + len(items)
        following = f"{head.generation}.{head.query.fingerprint()}.{end}" if end < head.rows else None
        return Page(items=items, next=following, as_of=head.made, total=head.rows)

    async def _pinned(self, cursor: str, query: Query | None) -> tuple[_Head, int]:
        if not re.fullmatch(CURSOR, cursor):
            raise ProblemError(422, "invalid", "no cursor of a ranking")
        generation, fingerprint, begin = cursor.split(".")
        if query is not None and query.fingerprint() != fingerprint:
            raise ProblemError(409, "other_query", "the cursor is of another query: begin without one")
        stored = await self._scratch.get(f"{_PREFIX}:{generation}:head")
        head = None if stored is None else msgspec.json.decode(stored, type=_Head)
        if head is None or head.query.fingerprint() != fingerprint:
            raise ProblemError(
                404, "expired_cursor", "this ranking is not kept any more: begin without a cursor"
            )
        return head, int(begin)

    async def _shared(self, present: Present, query: Query) -> _Head:
        newest = f"{_PREFIX}:newest:{present.stream.generation}:{query.fingerprint()}"
        async with self._making:  # who waits finds what the other has made
            stored = await self._scratch.get(newest)
            if stored is not None:
                return msgspec.json.decode(stored, type=_Head)
            begun = time.monotonic()
            head, rows = await self._make(present, query)
            shared = max(_SHARED_S, _SHARED_FACTOR * (time.monotonic() - begun))
            await self._lay_down(head, rows, int(shared) + 1)
            await self._scratch.set(newest, msgspec.json.encode(head), px=int(shared * 1000))
            return head

    async def _make(self, present: Present, query: Query) -> tuple[_Head, list[Ranked]]:
        found: dict[str, Ranked] = {}
        members = None if query.segment is None else await self._segments.members(query.segment)
        for partition in range(present.stream.partitions):
            async for facts in reading.everybody(self._store, present.stream, partition, _CHUNK):
                chosen = _chosen(present, facts, query, members)
                if chosen.slots:
                    rows = await self._names.worded(
                        present.stream,
                        partition,
                        lambda names, c=chosen: _rows(present, c, names),  # type: ignore[misc]
                    )
                    found |= {row.user: row for row in rows}
                await asyncio.sleep(0)
        ranked = await asyncio.to_thread(_sorted, list(found.values()), query.sort)
        made = int(time.time() * 1000)
        return _Head(generation=secrets.token_hex(8), rows=len(ranked), made=made, query=query), ranked

    async def _lay_down(self, head: _Head, rows: list[Ranked], shared_s: int) -> None:
        kept_s, now = KEPT_S + shared_s, time.time()
        async with self._scratch.pipeline(transaction=False) as pipe:
            pipe.zremrangebyscore(_KEPT, "-inf", now)
            pipe.zrange(_KEPT, 0, -1)
            _, kept = await pipe.execute()
        if sum(int(entry.partition(b":")[2]) for entry in kept) + len(rows) > _MOST_ROWS:
            raise ProblemError(
                503, "too_many_rankings", "too many rankings are pinned; try later", {"Retry-After": "60"}
            )
        await self._scratch.zadd(_KEPT, {f"{head.generation}:{len(rows)}": now + kept_s})
        for begin in range(0, len(rows), _PAGE):
            page = msgspec.msgpack.encode(rows[begin : begin + _PAGE])
            await self._scratch.set(f"{_PREFIX}:{head.generation}:{begin // _PAGE}", page, ex=kept_s)
        await self._scratch.set(f"{_PREFIX}:{head.generation}:head", msgspec.json.encode(head), ex=kept_s)

    async def _read(self, head: _Head, begin: int, limit: int) -> list[Ranked]:
        end = min(begin + limit, head.rows)
        if begin >= end:
            return []
        first, last = begin // _PAGE, (end - 1) // _PAGE
        keys = [f"{_PREFIX}:{head.generation}:{page}" for page in range(first, last + 1)]
        async with self._scratch.pipeline(
            transaction=False
        ) as pipe:  # no MGET: in a cluster they lie here and there
            for key in keys:
                pipe.get(key)
            stored: list[Any] = await pipe.execute()
        if any(page is None for page in stored):
            raise ProblemError(
                404, "expired_cursor", "this ranking is not kept any more: begin without a cursor"
            )
        rows = [row for page in stored for row in msgspec.msgpack.decode(page, type=list[Ranked])]
        return rows[begin - first * _PAGE : end - first * _PAGE]


def _chosen(present: Present, facts: Facts, query: Query, members: Hashes | None) -> _Rows:
    by = present.judge.by
    seen = judged(facts, by)
    wanted = ~np.isnan(seen.risk)
    for name in ("plan", "platform", "channel"):
        value = getattr(query, name)
        if value is not None:
            wanted &= facts.states[name] == code_of(value)
    if members is not None:
        wanted &= among(members, seen.hashes)
    if query.tier is not None:
        begins = {"high": by.thresholds.high, "medium": by.thresholds.medium, "low": -np.inf}[query.tier]
        ends = {"high": np.inf, "medium": by.thresholds.high, "low": by.thresholds.medium}[query.tier]
        with np.errstate(invalid="ignore"):
            wanted &= (seen.risk >= begins) & (seen.risk < ends)
    slots = np.flatnonzero(wanted)
    if not len(slots):
        return _Rows(seen, [], [])
    x = features(facts.states, slots, seen.nows[slots])
    values = value_at_risk(seen.risk[slots], x, by.horizon_ms / DAY_MS)
    return _Rows(seen, slots.tolist(), values.tolist())


def _rows(present: Present, chosen: _Rows, names: Any) -> list[Ranked]:
    seen, states = chosen.judged, chosen.judged.facts.states
    thresholds = present.judge.by.thresholds

    def named(code: int) -> str | None:
        return names.get(code, f"#{code}") if code else None

    rows = []
    for slot, value in zip(chosen.slots, chosen.values, strict=True):
        state, score = states[slot], float(seen.risk[slot])
        rows.append(
            Ranked(
                user=seen.facts.users[slot],
                score=score,
                tier=tier_of(score, thresholds),
                as_of=int(seen.nows[slot]),
                value_at_risk=value,
                changed=int(state["last_ms"]),
                plan=named(int(state["plan"])),
                platform=named(int(state["platform"])),
                channel=named(int(state["channel"])),
            )
        )
    return rows


def _sorted(rows: list[Ranked], sort: str) -> list[Ranked]:
    field = {"risk": "score", "value": "value_at_risk", "changed": "changed"}[sort]
    return sorted(rows, key=lambda row: (-getattr(row, field), row.user))
