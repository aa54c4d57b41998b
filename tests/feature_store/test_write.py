"""What the fenced write lets through, held against a real Redis."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis import asyncio as aredis
from redis.exceptions import ConnectionError as RedisConnectionError

from feature_store.connect import connect_async
from feature_store.keys import Keys
from feature_store.write import SCRIPT, FencedError, Write, Writer
from local_stack.addresses import Addresses

pytestmark = pytest.mark.integration


@pytest.fixture
async def store(stack: Addresses) -> AsyncIterator[aredis.Redis]:
    client = connect_async(stack.redis)
    yield client
    await client.aclose()


@pytest.fixture
async def keys(store: aredis.Redis) -> AsyncIterator[Keys]:
    """Keys of a partition that no deployment has."""
    own = Keys(9_000_000, uuid.uuid4().int % 10**9)
    await store.unlink(*own.all())
    yield own
    await store.unlink(*own.all())


def step(
    after: bytes, user: bytes = b"ann", record: bytes = b"record", forget: int = 0, **lists: list[Any]
) -> Write:
    """A step that writes one user and counts one event."""
    given: dict[str, list[Any]] = {
        "users": [user, record], "erased": [], "ranked": [], "unranked": [], "timers": [], "untimed": [],
        "dropped": [], "kept": [], "recalled": [], "alerts": [], "counts": ["applied", 1], "names": [],
    }  # fmt: skip
    return Write(after=after, forget=forget, **(given | lists))


async def contents(store: aredis.Redis, keys: Keys) -> dict[str, Any]:
    """All that the partition's keys hold."""
    reads: Any = store
    return {
        "position": await reads.get(keys.position),
        "users": await reads.hgetall(keys.users),
        "ranking": await reads.zrange(keys.ranking, 0, -1, withscores=True),
        "timers": await reads.zrange(keys.timers, 0, -1, withscores=True),
        "counts": await reads.hgetall(keys.counts),
        "names": await reads.hgetall(keys.names),
        "alerts": await reads.hgetall(keys.alerts),
        "outbox": await reads.zrange(keys.outbox, 0, -1, withscores=True),
    }


async def test_a_step_writes_all_of_it(store: aredis.Redis, keys: Keys) -> None:
    writer = Writer(store)
    first = step(
        b"1",
        ranked=[70, b"ann", 10, b"bob"],
        timers=[5, b"ann", 6, b"bob"],
        names=["7", "web"],
        alerts=[b"id", b"alert"],
    )
    second = step(b"2", unranked=[b"bob"], untimed=[b"ann"], counts=["applied", 2, "late", 1])
    await writer.write_once(keys, b"", [first, second])
    assert await contents(store, keys) == {
        "position": b"2",
        "users": {b"ann": b"record"},
        "ranking": [(b"ann", 70.0)],
        "timers": [(b"bob", 6.0)],
        "counts": {b"applied": b"3", b"late": b"1"},
        "names": {b"7": b"web"},
        "outbox": [],
        "alerts": {b"id": b"alert"},
    }


async def test_what_has_left_is_forgotten_before_more_is_kept(store: aredis.Redis, keys: Keys) -> None:
    writer = Writer(store)
    first = step(b"1", kept=[5, b"five", 6, b"six", 7, b"seven"])
    await writer.write_once(keys, b"", [first, step(b"2", forget=6, kept=[8, b"eight"])])
    assert (await contents(store, keys))["outbox"] == [(b"seven", 7.0), (b"eight", 8.0)]


async def test_who_is_erased_leaves_nothing_but_what_the_same_step_brings(
    store: aredis.Redis, keys: Keys
) -> None:
    writer = Writer(store)
    first = step(b"1", kept=[5, b"five", 6, b"six"], alerts=[b"id", b"alert", b"brake", b"open"])
    second = step(
        b"2", user=b"bob", erased=[b"ann"], dropped=[b"five", b"six"], kept=[6, b"six"], recalled=[b"id"],
        alerts=[b"brake", b"held"],
    )  # fmt: skip
    await writer.write_once(keys, b"", [first, second])
    found = await contents(store, keys)
    assert found["users"] == {b"bob": b"record"}
    assert found["outbox"] == [(b"six", 6.0)]
    assert found["alerts"] == {b"brake": b"held"}


@pytest.mark.parametrize("way", ["write", "write_once"])
async def test_a_stale_writer_gets_the_standing_position_and_writes_nothing(
    store: aredis.Redis, keys: Keys, way: str
) -> None:
    await Writer(store).write_once(keys, b"", [step(b"1")])
    await Writer(store).write_once(keys, b"1", [step(b"2", record=b"the owner's")])
    before = await contents(store, keys)
    stale = Writer(store)
    with pytest.raises(FencedError, match="stands at b'2'"):
        await getattr(stale, way)(keys, b"1", [step(b"3", record=b"stale"), step(b"4", record=b"stale")])
    assert await contents(store, keys) == before

    arguments = step(b"3", record=b"stale").arguments(b"1")
    answer = await store.eval(SCRIPT, len(keys.all()), *keys.all(), *arguments)
    assert answer == b"2"
    assert await contents(store, keys) == before


async def test_a_writer_of_an_empty_store_is_fenced_where_something_stands(
    store: aredis.Redis, keys: Keys
) -> None:
    with pytest.raises(FencedError, match="stands at b''"):
        await Writer(store).write_once(keys, b"1", [step(b"2")])
    assert await store.exists(*keys.all()) == 0
    await Writer(store).write_once(keys, b"", [step(b"1")])
    with pytest.raises(FencedError):
        await Writer(store).write_once(keys, b"", [step(b"5")])
    assert await store.get(keys.position) == b"1"


async def test_steps_after_a_fenced_one_write_nothing(store: aredis.Redis, keys: Keys) -> None:
    steps = [step(b"1"), step(b"2"), step(b"3")]
    writer = Writer(store)
    await writer.write_once(keys, b"", steps[:1])
    await store.set(keys.position, b"1 by another")
    with pytest.raises(FencedError):
        await writer.write_once(keys, b"1", steps[1:])
    assert await store.hget(keys.counts, "applied") == b"1"


@pytest.mark.parametrize("answered", [0, 1, 2, 3])
async def test_a_repeat_after_a_lost_answer_does_only_what_is_missing(
    store: aredis.Redis, keys: Keys, answered: int
) -> None:
    steps = [step(b"1"), step(b"2"), step(b"3")]
    await Writer(store).write_once(keys, b"", steps[:answered])
    await Writer(store).write(keys, b"", steps)
    await Writer(store).write(keys, b"", steps)
    assert await store.get(keys.position) == b"3"
    assert await store.hget(keys.counts, "applied") == b"3"


async def test_a_client_that_sends_all_again_finds_it_done(store: aredis.Redis, keys: Keys) -> None:
    """As a cluster's does where the answer of a whole call was lost."""
    steps = [step(b"1"), step(b"2"), step(b"3")]
    await Writer(store).write_once(keys, b"", steps)
    once = await contents(store, keys)
    await Writer(store).write_once(keys, b"", steps)
    assert await contents(store, keys) == once
    with pytest.raises(FencedError):  # ahead of all that is in hand: somebody else's
        await Writer(store).write_once(keys, b"", steps[:2])


async def test_a_redis_that_forgot_the_script_is_told_again(store: aredis.Redis, keys: Keys) -> None:
    writer = Writer(store)
    await writer.write(keys, b"", [step(b"1")])
    await store.script_flush()
    await writer.write(keys, b"1", [step(b"2")])
    assert await store.get(keys.position) == b"2"


async def test_more_users_than_lua_can_unpack(store: aredis.Redis, keys: Keys) -> None:
    users = [x for n in range(9000) for x in (b"user-%d" % n, b"%d" % n)]
    await Writer(store).write_once(keys, b"", [step(b"1", users=users)])
    found: Any = await store.hgetall(keys.users)
    assert found == {b"user-%d" % n: b"%d" % n for n in range(9000)}


async def test_nothing_to_write_asks_nobody(keys: Keys) -> None:
    nowhere = connect_async("redis://127.0.0.1:1/0")
    await Writer(nowhere).write(keys, b"", [])
    with pytest.raises(RedisConnectionError):
        await Writer(nowhere).write_once(keys, b"", [step(b"1")])
    await nowhere.aclose()
