"""Deliveries to one webhook: what is handed over, what is under way, and what came of it."""

import asyncio
import time
from random import Random
from typing import Final, NamedTuple

from redis import asyncio as aredis

from control import feed
from control.webhooks.queue import Attempt, Command, Queue, Queues, due, next_due_ms, standing, tried
from control.webhooks.sender import Sender
from control.webhooks.signing import signed_headers
from domain.control import Webhook
from domain.webhooks import (
    Answer,
    Breaker,
    Rules,
    breaker_after,
    delivery_id,
    next_due,
    payload,
    resumed,
    room,
    state_of,
    verdict,
    wanted,
)
from stream_processors.courier_metrics import CourierMetrics
from stream_processors.patience import Patience

_BLOCK: Final = 200
"""Entries that are handed over at once."""
_LOOK_S: Final = 1.0
"""A queue is looked at so often even where nothing is heard of: people bring dead deliveries back."""


class Shared(NamedTuple):
    """What all endpoints of a courier share."""

    store: aredis.Redis
    queues: Queues
    sender: Sender
    key: str
    rules: Rules
    random: Random
    metrics: CourierMetrics
    patience: Patience


class Endpoint:
    """One of them."""

    def __init__(self, webhook: Webhook, shared: Shared) -> None:
        self._webhook = webhook
        self._shared = shared
        self._queue = Queue(webhook.id)
        self._breaker = Breaker()
        self._handed = webhook.after
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._ending = False
        self._measured = 0.0

    def follow(self, webhook: Webhook) -> None:
        """What people have decided about it since."""
        if webhook != self._webhook:
            self._webhook = webhook
            self.wake()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def end(self) -> None:
        """Begin nothing more; `run` returns when what is under way has come to its end."""
        self._ending = True
        self.wake()

    async def run(self) -> None:
        """Until `end`.

        Raises:
            LostQueueError: another courier has taken over.
        """
        redis = self._shared.patience.redis
        stands = await redis(lambda: standing(self._shared.store, self._queue))
        self._breaker = stands.breaker
        if stands.handed is not None:
            self._handed = stands.handed
        try:
            while not self._ending:
                self._wake.clear()
                more = await self._hand_over()
                pause_s = await self._begin()
                await self._measure()
                if not more:
                    await self._wait(pause_s)
                self._reap()
            await asyncio.gather(*self._under_way.values())
        finally:
            for task in self._under_way.values():
                task.cancel()

    async def _hand_over(self) -> bool:
        """Whether there may be more."""
        shared = self._shared
        entries = await shared.patience.redis(
            lambda: feed.entries_after_async(shared.store, self._handed, _BLOCK)
        )
        if not entries:
            return False
        upto = entries[-1].number
        numbers = [entry.number for entry in entries if wanted(entry, self._webhook.filter)]
        await self._move(self._queue.hand_over(upto, numbers, _now_ms()))
        self._handed = upto
        return len(entries) == _BLOCK

    async def _begin(self) -> float:
        """Begin what is due and has room; seconds after which to look again."""
        shared, now = self._shared, _now_ms()
        self._breaker = resumed(self._breaker, self._webhook.enabled_since)
        state = state_of(self._breaker, self._webhook.enabled_since, now, shared.rules)
        free = room(state, len(self._under_way), shared.rules)
        if not free:
            until = self._breaker.open_until if state == "open" else now + _LOOK_S * 1000
            return min(max(0.0, (until - now) / 1000), _LOOK_S)
        numbers = await shared.patience.redis(
            lambda: due(shared.store, self._queue, now, free + len(self._under_way))
        )
        beginning = [number for number in numbers if number not in self._under_way][:free]
        for number in beginning:
            task = asyncio.create_task(self._deliver(number))
            task.add_done_callback(lambda _: self.wake())
            self._under_way[number] = task
        if len(beginning) == free or self._under_way:
            return _LOOK_S
        following = await shared.patience.redis(lambda: next_due_ms(shared.store, self._queue))
        return _LOOK_S if following is None else min(max(0.0, (following - _now_ms()) / 1000), _LOOK_S)

    async def _deliver(self, number: int) -> None:
        shared, webhook = self._shared, self._webhook
        redis = shared.patience.redis
        entry = await redis(lambda: feed.entry_async(shared.store, number))
        before = await redis(lambda: tried(shared.store, self._queue, number))
        if entry is None:
            answer, outcome = Answer(None, 0), "withdrawn"
        else:
            body = payload(entry)
            id_ = delivery_id(webhook.id, number)
            headers = signed_headers(shared.key, webhook, id_, body, _now_ms())
            answer = await shared.sender.send(webhook.url, body, headers)
            outcome = verdict(answer)
            shared.metrics.seconds.observe(answer.ms / 1000)
            self._breaker = breaker_after(self._breaker, answer, _now_ms(), shared.rules)
        now, attempts = _now_ms(), before.attempts + 1
        due_ms = next_due(attempts, answer, now, shared.rules, shared.random.random())
        if outcome == "gone":  # nobody listens there: it waits until somebody does again
            due_ms = now
        elif outcome == "failed" and due_ms is None:
            outcome = "dead"
        attempt = Attempt(
            number=number, at=now, ms=answer.ms, attempt=attempts, outcome=outcome, status=answer.status,
            fault=answer.fault,
        )  # fmt: skip
        await self._move(self._commands(attempt, due_ms), number)
        shared.metrics.deliveries.labels(webhook.id, outcome).inc()

    def _commands(self, attempt: Attempt, due_ms: int | None) -> list[Command]:
        if attempt.outcome in ("delivered", "withdrawn"):
            return self._queue.done(attempt, self._breaker)
        if due_ms is None:
            return self._queue.given_up(attempt, self._breaker)
        return self._queue.again(attempt, self._breaker, due_ms)

    async def _move(self, commands: list[Command], number: int | None = None) -> None:
        """Tried until Redis answers. What was applied without an answer is not applied twice."""
        await self._shared.patience.redis(lambda: self._shared.queues.move(self._queue, commands, number))

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _reap(self) -> None:
        for number, task in list(self._under_way.items()):
            if task.done():
                del self._under_way[number]
                task.result()

    async def _measure(self) -> None:
        if time.monotonic() - self._measured < _LOOK_S:
            return
        self._measured = time.monotonic()
        stands = await self._shared.patience.redis(lambda: standing(self._shared.store, self._queue))
        now = _now_ms()
        state = state_of(self._breaker, self._webhook.enabled_since, now, self._shared.rules)
        oldest_s = max(0.0, (now - stands.oldest) / 1000) if stands.oldest else 0.0
        self._shared.metrics.standing(self._webhook.id, state, stands.waiting, stands.dead, oldest_s)


def _now_ms() -> int:
    return int(time.time() * 1000)
