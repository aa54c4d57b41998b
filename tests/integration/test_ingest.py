"""Events by HTTP: into the right partition and applied by a worker; Segment's own package; Kafka away."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
import uvicorn
import zstandard
from redis import Redis
from segment.analytics.client import Client as SegmentClient

from api.access.secrets import make
from api.app import create_app
from control import tables
from control.log import Log, Record
from domain.control import ApiKey
from domain.partitioner import partition_of
from ebbwatch.dead_letters import letters
from ebbwatch.deployment import open_deployment
from ebbwatch.processes import api_config
from ebbwatch.settings import Settings
from feature_store import lookup
from feature_store.stream import serve as serve_stream
from local_stack.addresses import Addresses
from local_stack.local import LocalStack
from local_stack.ports import free_ports
from producers.client import EbbwatchClient
from producers.topics import ensure_topics
from tests.integration.place import ANSWER_S, Place, eventually


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
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=ANSWER_S)
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


def in_log(place: Place, topic: str, partitions: int = 4) -> list[tuple[int, Record]]:
    """Partition and record, marks left out."""
    with Log(place.at.kafka, topic) as log:
        return [
            (partition, record)
            for partition in range(partitions)
            for record in log.read(partition, 0, log.bounds(partition).end)
            if topic != place.topic or record.key is not None
        ]


def by_id(serving: Serving) -> dict[str, dict[str, Any]]:
    """Events in the log by their id."""
    events = [json.loads(record.value or b"") for _, record in in_log(serving.place, serving.place.topic)]
    return {event["event_id"]: event for event in events}


def test_events_stand_in_the_partition_of_their_user_and_are_applied(serving: Serving) -> None:
    events = [an_event(number, more={"depth": number}) for number in range(100)]
    answer = serving.push(events).json()
    assert (answer["accepted"], answer["rejected"]) == (100, 0)
    for partition, record in in_log(serving.place, serving.place.topic):
        user = json.loads(record.value or b"")["user_id"].encode()
        assert (record.key, partition) == (user, partition_of(user, 4))
    found = by_id(serving)
    assert [found[event["event_id"]] for event in events] == events
    with serving.place.worker(), serving.place.store as store:

        def applied() -> int:
            return lookup.totals(store, serving.place.stream()).outcomes.get("applied", 0)

        eventually("all are applied", lambda: applied() >= 100)


def test_each_event_has_its_own_result(serving: Serving) -> None:
    answer = serving.push({"events": [an_event(200), an_event(201, amount="1"), 5]}).json()
    assert (answer["accepted"], answer["rejected"]) == (1, 2)
    assert answer["results"][0] == {"status": "accepted", "event_id": "e200"}
    assert answer["results"][1] | {"message": ""} == {
        "status": "rejected", "event_id": "e201", "field": "amount", "reason": "bad_amount", "message": "",
    }  # fmt: skip
    alone = serving.push(an_event(202) | {"user_id": ""})
    assert (alone.status_code, alone.json()["errors"][0]["field"]) == (422, "body.user_id")
    assert {"e200", "e201", "e202"} & by_id(serving).keys() == {"e200"}


def test_compressed_bodies_are_read_and_bombs_are_not(serving: Serving) -> None:
    def post(body: bytes, encoding: str) -> httpx.Response:
        return serving.http.post("/v1/events", content=body, headers={"Content-Encoding": encoding})

    body = json.dumps([an_event(300)]).encode()
    assert post(gzip.compress(body), "gzip").json()["accepted"] == 1
    assert post(zstandard.ZstdCompressor().compress(body), "zstd").json()["accepted"] == 1
    bomb = b" " * 500_000_000
    assert post(zstandard.ZstdCompressor().compress(bomb), "zstd").status_code == 413
    assert post(gzip.compress(bomb[:50_000_000], 1), "gzip").status_code == 413
    assert post(body, "br").status_code == 415
    assert post(body, "gzip").status_code == 400
    assert serving.http.post("/v1/events", content=b"{").status_code == 400
    assert serving.http.post("/v1/events", content=b" " * 1_100_000).status_code == 413


def test_a_repeat_under_an_idempotency_key_is_answered_and_not_sent(serving: Serving) -> None:
    events = [an_event(number, "repeat") for number in range(400, 403)] + [an_event(403, "")]
    events[3]["user_id"] = ""
    key = {"Idempotency-Key": "batch-1"}
    first, second = serving.push(events, **key), serving.push(events, **key)
    assert first.json() == second.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    sent = [r for _, r in in_log(serving.place, serving.place.topic) if r.key == b"repeat"]
    assert len(sent) == 3
    other = serving.push(events[:1], **key)
    assert (other.status_code, other.json()["type"].rsplit("/")[-1]) == (409, "other_body")
    keys = list(serving.place.store.scan_iter("ebbwatch:1:idempotency:*"))
    assert 86_000 < serving.place.store.ttl(keys[0]) <= 86_400


@pytest.mark.parametrize("packed", [True, False])
def test_segments_own_package_works_unmodified(serving: Serving, packed: bool) -> None:
    faults: list[Any] = []
    user = f"segment-{packed}"
    client = SegmentClient(
        serving.key, host=serving.url, gzip=packed, on_error=lambda fault, _: faults.append(fault)
    )
    client.identify(user, {"plan": "pro", "email": "a@example.org"}, message_id=f"{user}-1")
    client.track(
        user, "Order Completed",
        {"order_id": "o1", "products": [{"sku": "mug", "price": 10, "quantity": 2}, {"sku": "cup", "price": "3.5"}]},
        message_id=f"{user}-2",
    )  # fmt: skip
    client.page(user, "docs", "Start", message_id=f"{user}-3")
    client.screen(user, name="Home", message_id=f"{user}-4")
    client.group(user, "team-1", message_id=f"{user}-5")
    client.alias("anonymous-1", user, message_id=f"{user}-6")
    client.track(anonymous_id="anonymous-1", event="Product Viewed", message_id=f"{user}-7")
    client.shutdown()
    assert faults == []
    found = {id_: event for id_, event in by_id(serving).items() if id_.startswith(user)}
    assert sorted(found) == [f"{user}-{n}" for n in ("1", "2", "2/1", "3", "4")]
    told = [(e["type"], e.get("product"), e.get("amount")) for _, e in sorted(found.items())]
    assert told == [
        ("identify", None, None),
        ("purchase", "mug", 20.0),
        ("purchase", "cup", 3.5),
        ("page_view", None, None),
        ("page_view", None, None),
    ]
    assert found[f"{user}-1"]["plan"] == "pro"
    assert "a@example.org" not in str(found)
    now = time.time_ns() // 1_000_000
    assert all(abs(event["time"] - now) < 60_000 for event in found.values())
    with Log(serving.place.at.kafka, serving.place.dead_letter_topic) as log:
        found_letters = [
            letter for letter in letters(log, serving.place.topic) if f"{user}-7" in (letter.value or "")
        ]
    assert [letter.reason for letter in found_letters] == ["no_user"]
    letter = json.loads(found_letters[0].value or "")
    assert (letter["type"], letter["properties"]["anonymous_id"]) == ("page_view", "anonymous-1")
    metrics = serving.http.get("/metrics").text
    assert 'ebbwatch_api_events_total{result="dead_lettered",source="segment"}' in metrics
    assert 'ebbwatch_api_segment_messages_total{type="alias"}' in metrics
    assert user not in metrics


def test_of_requests_at_once_under_one_key_one_is_sent(serving: Serving) -> None:
    events = [an_event(500, "at-once")]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: serving.push(events, **{"Idempotency-Key": "at-once"}), range(8)))
    statuses = [answer.status_code for answer in found]
    assert set(statuses) <= {200, 409}
    assert sum(a.status_code == 200 and "idempotent-replayed" not in a.headers for a in found) == 1
    sent = [r for _, r in in_log(serving.place, serving.place.topic) if r.key == b"at-once"]
    assert len(sent) == 1


def test_our_client_speaks_http_too(serving: Serving) -> None:
    with EbbwatchClient(serving.url, key=serving.key) as client:
        for number in range(1_500):
            client.track(f"client-{number % 7}", "page_view", event_id=f"c{number}")
        client.track("null\0", "page_view")
        assert client.flush(ANSWER_S), client.stats()
        stats = client.stats()
    assert (stats.sent, stats.failed, stats.dropped) == (1_500, 1, 0)
    ids: dict[bytes, list[int]] = {}
    for _, record in in_log(serving.place, serving.place.topic):
        if record.key is not None and record.key.startswith(b"client-"):
            ids.setdefault(record.key, []).append(int(json.loads(record.value or b"")["event_id"][1:]))
    assert ids == {f"client-{n}".encode(): list(range(n, 1_500, 7)) for n in range(7)}


def test_events_follow_the_topic_that_is_served(serving: Serving, unique: Callable[[str], str]) -> None:
    place = serving.place
    served, topic = place.stream(), unique("moved")
    ensure_topics(place.at.kafka, topic, 2, place.dead_letter_topic, str(place.settings["control_topic"]))
    with place.store as store:
        serve_stream(store, msgspec.structs.replace(served, topic=topic, partitions=2))
        try:
            assert serving.push([an_event(600, "mover")]).json()["accepted"] == 1
            found = in_log(place, topic, 2)
        finally:
            serve_stream(store, served)
    assert [record.key for _, record in found] == [b"mover"]


def test_without_kafka_nothing_is_claimed(
    breakable_stack: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = breakable_stack
    at = Addresses(stack.address("kafka"), stack.address("redis"), "tests")
    place = Place(tmp_path, at, "away")
    with in_this_process(place, monkeypatch) as serving:
        assert serving.push([an_event(0)]).status_code == 200
        eventually("it is ready", lambda: serving.http.get("/readyz").status_code == 200)
        stack.kafka.kill()
        refused = serving.push([an_event(1)], **{"Idempotency-Key": "k"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")

        def not_ready() -> Any:  # it looks once a second
            answer = serving.http.get("/readyz")
            return answer if answer.status_code == 503 else None

        health = eventually("readiness says so", not_ready)
        assert health.json()["checks"]["kafka"]["reason"]
        with EbbwatchClient(serving.url, key=serving.key) as client:
            client.track("waits", "page_view", event_id="w")
            assert not client.flush(0.5)
            stack.kafka.start()
            again = eventually(
                "events are taken again",
                lambda: (r := serving.push([an_event(1)], **{"Idempotency-Key": "k"})).is_success and r,
            )
            assert again.json()["accepted"] == 1
            assert client.flush(ANSWER_S), client.stats()
        assert "w" in by_id(serving)


@contextmanager
def in_this_process(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """The app without supervisor and notifier: quicker to start."""
    for name, value in place.environ().items():
        monkeypatch.setenv(name, value)
    token, port = make(), free_ports(1, Random())[0]
    monkeypatch.setenv("EBBWATCH_API_PORT", str(port))
    config = api_config(open_deployment(Settings()), 0)
    key = ApiKey(id=token.id, name="t", digest=token.digest, scopes=("ingest",), created=0)
    with place.store as store:
        store.hset(tables.KEYS, token.id, msgspec.json.encode(key))
    server = uvicorn.Server(uvicorn.Config(create_app(config), port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    url = f"http://127.0.0.1:{port}"
    try:
        eventually("the API answers", lambda: server.started)
        with httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token.text}"}, timeout=ANSWER_S
        ) as http:
            yield Serving(place, url, token.text, http)
    finally:
        server.should_exit = True
        thread.join()
