"""A deployment with its API and notifier, shared by the tests of a module."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec
from confluent_kafka import Producer
from redis import Redis

from api.access.secrets import make
from control.writing import ControlWriter
from domain.alerts import Alert, alert_id
from domain.control import ApiKey, Scope
from local_stack.addresses import Addresses
from local_stack.ports import free_ports
from tests.integration.place import Place, Supervised, eventually


class Services:
    """What runs."""

    def __init__(self, place: Place, notifier: Supervised, api: Supervised, url: str) -> None:
        self.place = place
        self.notifier = notifier
        self.api = api
        self.url = url

    def key(self, *scopes: Scope) -> str:
        """A new key that the API knows."""
        token = make()
        key = ApiKey(id=token.id, name="tests", digest=token.digest, scopes=scopes, created=1)
        ControlWriter(self.place.at.kafka, str(self.place.settings["control_topic"])).write([key])

        def works() -> bool:
            answer = httpx.get(f"{self.url}/v1/alerts", headers={"Authorization": f"Bearer {token.text}"})
            return answer.status_code != 401

        eventually("the key is known", works)
        return token.text

    def client(self, *scopes: Scope) -> httpx.Client:
        """Calls with a new key."""
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.key(*scopes)}"}, timeout=10.0
        )

    def kill_notifier(self) -> None:
        """-9; its supervisor starts it anew."""
        child = self.notifier.child()
        if child is not None:
            child.kill()


@contextmanager
def serving(stack: Addresses, folder: Path, name: str, **settings: object) -> Iterator[Services]:
    """A deployment that serves, on a Redis database of its own."""
    url = _free_database(stack.redis)
    (port,) = free_ports(1, Random(name))
    given: dict[str, object] = {
        "partitions": 2,
        "api_port": port,
        "api_per_second": 0,
        "limits_redis": url,
        "alert_budget_least": 1_000_000_000,
    }
    place = Place(folder / name, Addresses(stack.kafka, url, "tests"), name, **(given | settings))
    try:
        with ExitStack() as running:
            notifier = running.enter_context(place.notifier())
            api = running.enter_context(place.api())
            address = f"http://127.0.0.1:{port}"
            eventually("the API answers", lambda: _alive(address))
            yield Services(place, notifier, api, address)
    finally:
        with Redis.from_url(url) as store:
            store.flushdb()


def raised(number: int, **fields: Any) -> Alert:
    """The `number`-th of many alerts, each of a user of its own."""
    user, source = f"user-{number}", f"0:{number}"
    now = int(time.time() * 1000)
    made = Alert(
        id=alert_id(user, source),
        kind="raised",
        user=user,
        time=now,
        recorded=now,
        source=source,
        tier="high",
        tier_before="low",
        risk=0.75,
        risk_before=0.2,
        reasons=["no session for 12 days"],
        expected_spend=40.0,
        value_at_risk=30.0,
        action="Call.",
        model="baseline",
        expires=now + 7 * 86_400_000,
        deliver=True,
        held=False,
    )
    return msgspec.structs.replace(made, **fields)


def send(place: Place, alerts: Sequence[Alert]) -> None:
    """Into the topic of alerts."""
    producer = Producer({"bootstrap.servers": place.at.kafka, "acks": "all", "enable.idempotence": True})
    for alert in alerts:
        producer.produce(
            str(place.settings["alert_topic"]), msgspec.json.encode(alert), alert.user.encode(), 0
        )
    assert producer.flush(30) == 0


def _alive(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _free_database(redis: str) -> str:
    for number in range(15, 0, -1):
        url = f"{redis.rsplit('/', 1)[0]}/{number}"
        with Redis.from_url(url) as store:
            if store.dbsize() == 0:
                store.set("taken", 1)
                return url
    raise AssertionError("no empty Redis database is left for tests")
