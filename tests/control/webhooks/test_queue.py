"""Transitions of deliveries, with a real Redis: whole or not at all, and by one courier only."""

from collections.abc import AsyncIterator

import pytest
from redis import asyncio as aredis

from control import tables
from control.effects import removal
from control.webhooks.queue import (
    OWNER,
    Attempt,
    LostQueueError,
    Queue,
    Queues,
    attempts_before,
    dead_after,
    due,
    replay,
    standing,
    tried,
)
from domain.webhooks import Breaker
from feature_store.connect import connect_async
from local_stack.local import LocalStack

pytestmark = pytest.mark.integration

NOW = 1_750_000_000_000
OPEN = Breaker(failures=3, failing_since=5, open_until=7)


@pytest.fixture
async def store(breakable_redis: LocalStack) -> AsyncIterator[aredis.Redis]:
    connection = connect_async(breakable_redis.address("redis"))
    await connection.hset(tables.WEBHOOKS, "wh_1", b"{}")
    yield connection
    await connection.aclose()


def attempt(number: int, outcome: str, count: int = 1) -> Attempt:
    return Attempt(number=number, at=NOW, ms=3, attempt=count, outcome=outcome, status=500, fault="")


async def test_an_entry_is_in_one_state_at_a_time(store: aredis.Redis) -> None:
    queue, queues = Queue("wh_1"), Queues(store, "me")
    await queues.take()
    assert (await standing(store, queue)).handed is None
    assert await queues.move(queue, queue.hand_over(9, [3, 5, 7], NOW))
    stands = await standing(store, queue)
    assert (stands.handed, stands.waiting, stands.oldest) == (9, 3, NOW)

    assert await queues.move(queue, queue.done(attempt(3, "delivered"), Breaker()), 3)
    assert await queues.move(queue, queue.again(attempt(5, "failed"), OPEN, NOW + 100), 5)
    assert await queues.move(queue, queue.given_up(attempt(7, "dead", 2), OPEN), 7)
    stands = await standing(store, queue)
    assert (stands.waiting, stands.dead, stands.breaker) == (1, 1, OPEN)
    assert await due(store, queue, NOW + 99, 10) == []
    assert await due(store, queue, NOW + 100, 10) == [5]
    assert (await tried(store, queue, 5)).attempts == 1
    assert [(n, t.attempts) for n, t in await dead_after(store, queue, -1, 10)] == [(7, 2)]
    assert [a.outcome for _, a in await attempts_before(store, queue, "", 10)] == [
        "dead",
        "failed",
        "delivered",
    ]

    assert await replay(store, queue, [3, 7, 8], NOW) == 1
    assert await due(store, queue, NOW + 100, 10) == [7, 5]
    assert (await tried(store, queue, 7)).attempts == 0
    assert await replay(store, queue, [7], NOW) == 0


async def test_what_was_applied_without_an_answer_is_not_applied_twice(store: aredis.Redis) -> None:
    queue, queues = Queue("wh_1"), Queues(store, "me")
    await queues.take()
    await queues.move(queue, queue.hand_over(3, [3], NOW))
    for first in (True, False):
        assert await queues.move(queue, queue.given_up(attempt(3, "dead"), OPEN), 3) is first
    await replay(store, queue, [3], NOW)
    await queues.move(queue, queue.done(attempt(3, "delivered"), Breaker()), 3)
    assert not await queues.move(queue, queue.again(attempt(3, "failed"), OPEN, NOW), 3), (
        "delivered is the end"
    )
    assert len(await attempts_before(store, queue, "", 10)) == 2


async def test_a_courier_that_was_followed_by_another_moves_nothing(store: aredis.Redis) -> None:
    queue, old, new = Queue("wh_1"), Queues(store, "old"), Queues(store, "new")
    await old.take()
    await new.take()
    with pytest.raises(LostQueueError):
        await old.move(queue, queue.hand_over(3, [3], NOW))
    assert (await standing(store, queue)).handed is None
    assert await store.get(OWNER) == b"new"


async def test_nothing_is_left_of_a_webhook_that_was_deleted(store: aredis.Redis) -> None:
    queue, queues = Queue("wh_1"), Queues(store, "me")
    await queues.take()
    await queues.move(queue, queue.hand_over(3, [3], NOW))
    for command in removal(b"webhook/wh_1"):
        await store.execute_command(*command)  # type: ignore[no-untyped-call]
    assert not await queues.move(queue, queue.done(attempt(3, "delivered"), Breaker()), 3)
    assert not await queues.move(queue, queue.hand_over(9, [4], NOW))
    assert await store.exists(*queue.all()) == 0
