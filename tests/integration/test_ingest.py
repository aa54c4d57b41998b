"""Events by HTTP: into the right partition and applied by a worker; Segment's own package; Kafka away."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest
from redis import Redis

from domain.partitioner import partition_of
from feature_store import lookup
from local_stack.addresses import Addresses
from local_stack.ports import free_ports
from tests.integration.place import Place, eventually


class Serving(NamedTuple):
    """A deployment with an API, and a key for it."""

    place: Place
    url: str
    key: str
    http: httpx.Client

    def push(self, body: Any, **headers: str) -> httpx.Response:
        return self.http.post("/v1/events", json=body, headers=headers)


def serve(started: ExitStack, place: Place) -> Serving:
    port = free_ports(1, Random())[0]
    place.settings |= {"api_port": port, "limits_redis": place.at.redis, "api_per_second": 0}
    key = place.report("keys", "create", "--scope", "ingest")["key"]
    started.enter_context(place.notifier())
    started.enter_context(place.api())
    url = f"http://127.0.0.1:{port}"
    http = started.enter_context(
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=20)
    )

    def answers() -> bool:
        try:
            return http.post("/v1/events", json=[]).status_code == 200
        except httpx.TransportError:
            return False

    eventually("the API answers", answers)
    return Serving(place, url, key, http)


@pytest.fixture(scope="module")
def serving(stack: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    name = f"ingest-{time.time_ns() % 10**9}"
    redis = next(url for n in range(15, 0, -1) if _is_empty(url := f"{stack.redis.rsplit('/', 1)[0]}/{n}"))
    place = Place(tmp_path_factory.mktemp(name), Addresses(stack.kafka, redis, "tests"), name)
    with ExitStack() as started:
        try:
            yield serve(started, place)
        finally:
            started.close()
            with Redis.from_url(redis) as store:
                store.flushdb()


def _is_empty(url: str) -> bool:
    with Redis.from_url(url) as store:
        return not store.dbsize()


def an_event(number: int, user: str = "", **fields: Any) -> dict[str, Any]:
    now = time.time_ns() // 1_000_000
    user = user or f"ü-{number % 10}"
    return {"event_id": f"e{number}", "user_id": user, "type": "page_view", "time": now} | fields


def test_events_stand_in_the_partition_of_their_user_and_are_applied(
    serving: Serving, read_from: Callable[[str], Any]
) -> None:
    events = [an_event(number, more={"depth": number}) for number in range(100)]
    answer = serving.push(events).json()
    assert (answer["accepted"], answer["rejected"]) == (100, 0)
    records = read_from(serving.place.at.kafka).read(serving.place.topic)
    found = {}
    for partition, ones in records.items():
        for record in ones:
            if record.key() is None:
                continue
            assert partition_of(record.key(), 4) == partition
            event = json.loads(record.value())
            assert record.key() == event["user_id"].encode()
            found[event["event_id"]] = event
    assert [found[e["event_id"]] for e in events] == events
    with serving.place.worker(), serving.place.store as store:

        def applied() -> int:
            return lookup.totals(store, serving.place.stream()).outcomes.get("applied", 0)

        eventually("all are applied", lambda: applied() >= 100)
