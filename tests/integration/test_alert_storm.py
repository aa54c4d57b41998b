"""From the topic of alerts to a webhook receiver and to a reader by cursor, each alert once, whoever is killed."""

import os
import threading
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil
from redis.exceptions import RedisError

from control.feed import entries_after
from domain.triage import in_holdout
from domain.webhooks import delivery_id
from feature_store.connect import connect
from local_stack.addresses import Addresses
from local_stack.local import LocalStack
from local_stack.ports import free_ports
from tests.integration.place import Api, Supervised, eventually
from tests.integration.receiving import receiving
from tests.integration.services import raised, send, serving

ALERTS = int(os.environ.get("STORM_ALERTS", "240"))
"""`make chaos` takes 1,000."""
ROUNDS = 8
HOLDOUT = 0.1


class Reader(threading.Thread):
    """Reads by cursor and stores it; an API that is killed in the midst is asked again."""

    def __init__(self, services: Api, key: str) -> None:
        super().__init__()
        self._url, self._headers = f"{services.url}/v1/alerts", {"Authorization": f"Bearer {key}"}
        self._over = threading.Event()
        self._cursor = "0"
        self.numbers: list[int] = []
        self.ended = False

    def run(self) -> None:
        with httpx.Client(headers=self._headers, timeout=30.0) as client:
            while not (self.ended and self._over.is_set()):
                self._page(client)

    def _page(self, client: httpx.Client) -> None:
        try:
            answer = client.get(self._url, params={"cursor": self._cursor, "limit": 50})
        except httpx.TransportError:
            self._over.wait(0.05)
            return
        if answer.status_code == 200:
            found = answer.json()
            self.numbers += [item["number"] for item in found["items"]]
            self._cursor = found["cursor"]
            self.ended = not found["items"]
        self._over.wait(0.05)

    def stop(self) -> None:
        """At the end of the feed."""
        self._over.set()
        self.join()


def test_each_alert_arrives_once_whoever_is_killed(breakable_stack: LocalStack, tmp_path: Path) -> None:
    random = Random(5)
    at = Addresses(breakable_stack.address("kafka"), breakable_stack.address("redis"), "tests")
    settings = {
        "webhook_private": True,
        "webhook_retries": f"[{','.join(['0.05'] * 200)}]",
        "webhook_breaker": 0.2,
    }
    with serving(at, tmp_path, "storm", **settings) as services, services.place.courier() as courier:
        store = connect(services.place.at.redis)
        with services.caller("admin", "alerts", "read") as client:
            (port,) = free_ports(1, random)
            hook = {"url": f"http://127.0.0.1:{port}/hook", "name": "CRM", "start": "beginning"}
            made = client.post("/v1/webhooks", json=hook)
            assert made.status_code == 201, made.text
            with receiving(tmp_path, made.json()["secret"], failing=0.5, port=port) as receiver:
                reader = Reader(services, services.key("alerts"))
                reader.start()
                _storm(services, courier, receiver, breakable_stack, random)
                wanted = sum(not in_holdout(f"user-{n}", HOLDOUT) for n in range(ALERTS))
                feed = eventually("all are handed out", lambda: _feed(store, wanted))
                eventually("all have arrived", lambda: len(receiver.had()) >= wanted)
                eventually("the reader is at the end", lambda: len(reader.numbers) >= wanted)
                reader.stop()
                had = receiver.had()
    numbers = [entry.number for entry in feed]
    assert reader.numbers == numbers, "by cursor: none missing, none twice, in the order of the feed"
    assert sorted(had) == sorted(delivery_id(made.json()["id"], number) for number in numbers)
    assert not (tmp_path / "unverified").exists()
    assert sorted(entry.user for entry in feed) == sorted(
        f"user-{n}" for n in range(ALERTS) if not in_holdout(f"user-{n}", HOLDOUT)
    )


def _storm(services: Api, courier: Supervised, receiver: Any, stack: LocalStack, random: Random) -> None:
    """Alerts come, with repeats, and one process after the other dies."""
    alerts = [raised(number) for number in range(ALERTS)]
    victims = ["notifier", "courier", "api", "redis"] * (ROUNDS // 4)
    random.shuffle(victims)
    part = ALERTS // ROUNDS
    for number, victim in enumerate(victims):
        end = ALERTS if number == ROUNDS - 1 else (number + 1) * part
        send(services.place, alerts[max(number * part - random.randrange(5), 0) : end])
        wanted = number * part // 2
        eventually("some arrive", lambda w=wanted: len(receiver.had()) >= w)  # type: ignore[misc]
        if victim == "redis":
            stack.redis.kill()
            stack.redis.start()
        else:
            running = {"notifier": services.notifier, "courier": courier, "api": services.process}[victim]
            process: psutil.Process = eventually("it runs", running.child)
            process.kill()


def _feed(store: Any, wanted: int) -> Any:
    try:
        found = entries_after(store, 0, 10 * ALERTS)
    except (RedisError, OSError):
        return None
    return found if len(found) >= wanted else None
