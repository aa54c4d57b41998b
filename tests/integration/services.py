"""A deployment with its API and notifier, shared by the tests of a module."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Producer
from redis import Redis

from domain.alerts import Alert, alert_id
from local_stack.addresses import Addresses
from tests.integration.place import Api, Place


@contextmanager
def serving(stack: Addresses, folder: Path, name: str, **settings: object) -> Iterator[Api]:
    """A deployment that serves, on a Redis database of its own."""
    url = _free_database(stack.redis)
    given: dict[str, object] = {
        "partitions": 2,
        "api_per_second": 0,
        "limits_redis": url,
        "alert_budget_least": 1_000_000_000,
    }
    place = Place(folder / name, Addresses(stack.kafka, url, "tests"), name, **(given | settings))
    try:
        with place.answering_api() as api:
            yield api
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


def _free_database(redis: str) -> str:
    for number in range(15, 0, -1):
        url = f"{redis.rsplit('/', 1)[0]}/{number}"
        with Redis.from_url(url) as store:
            if store.dbsize() == 0:
                store.set("taken", 1)
                return url
    raise AssertionError("no empty Redis database is left for tests")
