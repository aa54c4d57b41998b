"""Alerts reach a receiver exactly once by delivery id, whoever is killed meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec
import psutil
from redis import Redis
from redis.exceptions import RedisError

from control import tables
from control.webhooks.queue import Queue
from control.webhooks.signing import new_secret, secret_text
from domain.control import FeedEntry, Webhook, WebhookFilter, encode
from domain.webhooks import Rules, delivery_id
from feature_store.connect import connect
from local_stack.local import LocalStack
from local_stack.ports import free_ports
from stream_processors.courier import _GRACE_S
from stream_processors.courier_config import ENVIRONMENT, CourierConfig
from stream_processors.supervisor import COURIER, Supervisor
from tests.integration.place import eventually
from tests.integration.receiving import receiving
from tests.processes import children_running

KEY = "a deployment's key"
_BLOCK = 77
_ALERTS = 13 * _BLOCK
"""1,001."""
RULES = Rules(retries_s=(0.05,) * 200, breaker_s=0.2, breaker_longest_s=0.5)


@contextmanager
def courier(redis: str, log: Path, port: int = 0) -> Iterator[Supervisor]:
    config = CourierConfig(
        redis=redis, key=KEY, private=True, rules=RULES, metrics_host="127.0.0.1", metrics_port=port
    )
    running = Supervisor(
        lambda _: config, output=log, command=COURIER, name="courier", environment=ENVIRONMENT
    )
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        yield running
    finally:
        running.stop()
        thread.join()


def courier_process() -> psutil.Process | None:
    """None while there is none."""
    return next(iter(children_running("stream_processors.courier")), None)


def webhook(url: str, number: int = 0) -> Webhook:
    now = int(time.time() * 1000)
    return Webhook(
        id=f"wh_{number:016x}", name="CRM", url=url, secrets=(new_secret(now),), filter=WebhookFilter(),
        after=-1, enabled_since=now, created=now, by="test",
    )  # fmt: skip


def append(store: Redis, numbers: range) -> None:
    """Entries of the feed, as the notifier writes them; repeated until Redis has them."""
    for number in numbers:
        entry = FeedEntry(
            number=number, event="alert.raised", alert=f"a{number}", user=f"u{number}", at=1, body={"tier": "high"}
        )  # fmt: skip
        insist(lambda e=entry: store.zadd(tables.FEED, {msgspec.json.encode(e): e.number}))  # type: ignore[misc]


def insist(call: Callable[[], Any]) -> Any:
    while True:
        try:
            return call()
        except (RedisError, OSError):
            time.sleep(0.05)


def test_a_thousand_alerts_arrive_exactly_once_by_id_whoever_is_killed(
    breakable_redis: LocalStack, tmp_path: Path
) -> None:
    random = Random(11)
    redis = breakable_redis.address("redis")
    hook = webhook("")
    secret = secret_text(KEY, hook.id, hook.secrets[0])
    with receiving(tmp_path, secret, failing=0.5) as receiver, courier(redis, tmp_path / "log"):
        hook = msgspec.structs.replace(hook, url=receiver.url)
        store = connect(redis)
        store.hset(tables.WEBHOOKS, hook.id, encode(hook))
        victims = ["courier", "receiver", "redis"] * 4
        random.shuffle(victims)
        for block, victim in enumerate([*victims, "nobody"]):
            append(store, range(block * _BLOCK, (block + 1) * _BLOCK))
            eventually("some arrive", lambda b=block: len(receiver.had()) >= b * _BLOCK)  # type: ignore[misc]
            if victim == "courier":
                eventually("it runs", courier_process).kill()
            elif victim == "receiver":
                receiver.kill()
                receiver.start()
            elif victim == "redis":
                breakable_redis.redis.kill()
                breakable_redis.redis.start()
        expected = [delivery_id(hook.id, number) for number in range(_ALERTS)]
        eventually("all have arrived", lambda: len(receiver.had()) >= _ALERTS)
        eventually("none waits", lambda: insist(lambda: store.zcard(Queue(hook.id).waiting)) == 0)
        had = receiver.had()
    assert sorted(had) == sorted(expected), "each once, none missing"
    assert not (tmp_path / "unverified").exists()
    queue = Queue(hook.id)
    assert (store.zcard(queue.dead), store.zcard(queue.since), store.hlen(queue.attempts)) == (0, 0, 0)
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert {body["type"] for body in receiver.bodies()} == {"alert.raised"}


def test_a_courier_without_redis_waits_and_can_be_told_to_end(
    breakable_redis: LocalStack, tmp_path: Path
) -> None:
    (port,) = free_ports(1, Random())
    with courier(breakable_redis.address("redis"), tmp_path / "log", port) as running:
        eventually("it is well", lambda: health(port).get("status") == "ok")
        breakable_redis.redis.kill()
        eventually(
            "it says what it waits for", lambda: list(health(port).get("waiting_for", ())) == ["redis"]
        )
        breakable_redis.redis.start()
        eventually("it is well again", lambda: health(port).get("status") == "ok")
        breakable_redis.redis.kill()
        eventually("it waits again", lambda: health(port).get("status") == "waiting")
        begun = time.monotonic()
        running.stop()
        eventually("it has ended", lambda: courier_process() is None)
        assert time.monotonic() - begun < _GRACE_S, "it does not wait as for deliveries that are under way"
    assert "Traceback" not in (tmp_path / "log").read_text()


def health(port: int) -> dict[str, Any]:
    """What it says; empty while it does not answer."""
    try:
        found: dict[str, Any] = httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=60).json()
    except httpx.TransportError:
        return {}
    return found
