"""Everybody at risk at one moment: a row for people, and columns by which to choose and to order."""

import asyncio
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from redis import asyncio as aredis

from api.people.following import Present
from api.people.names import Names
from domain.calendar import DAY_MS
from domain.features import features
from domain.money import value_at_risk
from feature_store import reading
from feature_store.lookup import Facts
from online_model.tiers import Tier, tier_of
from profiles.views import Judged, judged

CHUNK: Final = 256
TIERS: Final[tuple[Tier, ...]] = ("high", "medium", "low")
CODES: Final = ("plan", "platform", "channel")
COLUMNS: Final = np.dtype(
    [
        ("score", "<f8"),
        ("value", "<f8"),  # at risk, major units
        ("changed", "<i8"),  # ms, last event
        ("hash", "<u8"),  # of the id, by `domain.hashing`
        *((name, "<u4") for name in CODES),  # by `domain.columns.code_of`
        ("tier", "u1"),  # place in TIERS
    ]
)
"""Of one user; some 53 bytes."""
Columns = npt.NDArray[Any]
"""Shape (n,) of `COLUMNS`, in the order of the ids."""


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


class Roster(NamedTuple):
    """Everybody, in the order of their ids."""

    rows: list[bytes]
    """MessagePack of `Ranked`."""
    columns: Columns


async def roster(store: aredis.Redis, names: Names, present: Present) -> Roster:
    """Score everybody, in chunks between which other requests are served.

    Raises:
        RedisError: the store is away.
    """
    found: dict[str, tuple[bytes, Any]] = {}
    for partition in range(present.stream.partitions):
        async for facts in reading.everybody(store, present.stream, partition, CHUNK):
            chosen = _at_risk(present, facts)
            if chosen.slots:
                found |= await names.worded(
                    present.stream,
                    partition,
                    lambda known, c=chosen: _told(present, c, known),  # type: ignore[misc]
                )
            await asyncio.sleep(0)
    return await asyncio.to_thread(_in_order, found)


class _AtRisk(NamedTuple):
    judged: Judged
    slots: list[int]
    values: list[float]


def _at_risk(present: Present, facts: Facts) -> _AtRisk:
    by = present.judge.by
    seen = judged(facts, by)
    slots = np.flatnonzero(~np.isnan(seen.risk))
    if not len(slots):
        return _AtRisk(seen, [], [])
    x = features(facts.states, slots, seen.nows[slots])
    values = value_at_risk(seen.risk[slots], x, by.horizon_ms / DAY_MS)
    return _AtRisk(seen, slots.tolist(), values.tolist())


def _told(present: Present, chosen: _AtRisk, names: Any) -> dict[str, tuple[bytes, Any]]:
    seen, slots = chosen.judged, chosen.slots
    states, thresholds = seen.facts.states[slots], present.judge.by.thresholds
    pack = msgspec.msgpack.Encoder().encode

    def named(codes: list[int]) -> list[str | None]:
        known = {code: names.get(code, f"#{code}") if code else None for code in set(codes)}
        return [known[code] for code in codes]

    # whole columns: a number at a time would cost as much as the scoring
    codes = [states[name].tolist() for name in CODES]
    columns = zip(
        slots, chosen.values, seen.risk[slots].tolist(), seen.nows[slots].tolist(), states["last_ms"].tolist(),
        seen.hashes[slots].tolist(), zip(*codes, strict=True), zip(*map(named, codes), strict=True), strict=True,
    )  # fmt: skip
    found: dict[str, tuple[bytes, Any]] = {}
    for slot, value, score, now, changed, hash_, numbers, (plan, platform, channel) in columns:
        user, tier = seen.facts.users[slot], tier_of(score, thresholds)
        row = Ranked(
            user=user,
            score=score,
            tier=tier,
            as_of=now,
            value_at_risk=value,
            changed=changed,
            plan=plan,
            platform=platform,
            channel=channel,
        )
        found[user] = pack(row), (score, value, changed, hash_, *numbers, TIERS.index(tier))
    return found


def _in_order(found: dict[str, tuple[bytes, Any]]) -> Roster:
    """A user who moved between two partitions of the scan stands in it once, as seen last."""
    users = sorted(found)
    return Roster([found[user][0] for user in users], np.array([found[user][1] for user in users], COLUMNS))
