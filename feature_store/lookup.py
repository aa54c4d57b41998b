"""Reads for people and the API: users, the ranking of users at risk, counters, progress."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

from redis import Redis

from domain.packing import unpack
from domain.partitioner import partition_of
from domain.state import States
from feature_store.position import Position, decode
from feature_store.served import facts
from feature_store.stream import Stream


class Facts(NamedTuple):
    """Users of one partition as the store has them."""

    partition: int
    users: list[str]
    states: States
    """Shape (len(users),)."""
    clock: int
    """Latest mark of the partition, ms."""


def user(store: Redis, stream: Stream, user_id: str) -> Facts | None:
    """One user, None if no event of theirs was applied."""
    partition = partition_of(user_id.encode(), stream.partitions)
    facts = _facts(store, stream, partition, [user_id])
    return facts if facts.states["id_count"][0] > 0 else None


def most_at_risk(store: Redis, stream: Stream, partition: int, count: int) -> Facts:
    """The first `count` of a partition's ranking, as of each user's last visit."""
    ranked = cast(Any, store.zrevrange(stream.keys(partition).ranking, 0, count - 1))
    return _facts(store, stream, partition, [u.decode() for u in ranked])


def _facts(store: Redis, stream: Stream, partition: int, users: Sequence[str]) -> Facts:
    keys = stream.keys(partition)
    with store.pipeline(transaction=False) as pipe:
        pipe.get(keys.position)
        if users:
            pipe.hmget(keys.users, list(users))
        stored, *records = pipe.execute()
    return facts_of(partition, users, stored, records[0] if records else [])


def facts_of(
    partition: int, users: Sequence[str], position: bytes | None, records: Sequence[bytes | None]
) -> Facts:
    """What the store has said of users of one partition.

    Args:
        position: stored value of the partition's position.
        records: stored values of the users.
    """
    clock = decode(position).clock if position else 0
    return Facts(partition, list(users), unpack(facts(records)), clock)


def everybody(store: Redis, stream: Stream, partition: int, chunk: int) -> Iterator[Facts]:
    """All users of a partition in chunks of about `chunk`; who is written meanwhile may come twice."""
    keys, cursor = stream.keys(partition), 0
    position = cast(bytes | None, store.get(keys.position))
    while True:
        cursor, found = cast(Any, store.hscan(keys.users, cursor, count=chunk))
        if found:
            yield facts_of(partition, [user.decode() for user in found], position, list(found.values()))
        if not cursor:
            return


def gaps(store: Redis, stream: Stream) -> tuple[int, int]:
    """Gaps between sessions that all users have ended, and their sum in seconds."""
    with store.pipeline(transaction=False) as pipe:
        for partition in range(stream.partitions):
            pipe.hmget(stream.keys(partition).counts, ["gaps", "gap_seconds"])
        answers = pipe.execute()
    return sum(int(g or 0) for g, _ in answers), sum(int(s or 0) for _, s in answers)


def names(store: Redis, stream: Stream, partition: int) -> dict[int, str]:
    """Names behind codes."""
    stored = cast(Any, store.hgetall(stream.keys(partition).names))
    return {int(code): name.decode() for code, name in stored.items()}


def positions(store: Redis, stream: Stream) -> dict[int, Position]:
    """Progress of the partitions that were begun."""
    with store.pipeline(transaction=False) as pipe:
        for partition in range(stream.partitions):
            pipe.get(stream.keys(partition).position)
        stored = pipe.execute()
    return {partition: decode(text) for partition, text in enumerate(stored) if text}


class Totals(NamedTuple):
    """Sums over all partitions."""

    outcomes: dict[str, int]
    """Records by outcome; dead letters by ``dead_letter:<reason>``."""
    users: int
    at_risk: int


def totals(store: Redis, stream: Stream) -> Totals:
    """Counters over all partitions."""
    with store.pipeline(transaction=False) as pipe:
        for partition in range(stream.partitions):
            keys = stream.keys(partition)
            pipe.hgetall(keys.counts)
            pipe.hlen(keys.users)
            pipe.zcard(keys.ranking)
        answers = pipe.execute()
    outcomes: dict[str, int] = {}
    for counts in answers[0::3]:
        for name, count in counts.items():
            if name not in (b"gaps", b"gap_seconds"):
                outcomes[name.decode()] = outcomes.get(name.decode(), 0) + int(count)
    return Totals(outcomes, sum(answers[1::3]), sum(answers[2::3]))


def tier_counts(store: Redis, stream: Stream, medium: int, high: int) -> dict[str, int]:
    """Users at risk by tier as of their last visit; `medium` and `high` in units of the ranking."""
    with store.pipeline(transaction=False) as pipe:
        for partition in range(stream.partitions):
            ranking = stream.keys(partition).ranking
            pipe.zcount(ranking, high, "+inf")
            pipe.zcount(ranking, medium, f"({high}")
            pipe.zcount(ranking, "-inf", f"({medium}")
        answers = pipe.execute()
    return {"high": sum(answers[0::3]), "medium": sum(answers[1::3]), "low": sum(answers[2::3])}
