"""The app's client against a real Kafka: fields, order, a full buffer, the end of the process, outages."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Protocol

import pytest
from kafka.errors import KafkaError

from local_stack.addresses import Addresses
from local_stack.local import LocalStack
from producers.client import EbbwatchClient
from producers.client.buffer import OnFull
from producers.topics import ensure_topics

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("no_thread_is_left")]

NOW = 1_700_000_000_000


class Reads(Protocol):
    def read(self, topic: str) -> dict[int, list[Any]]: ...


@pytest.fixture
def topic(stack: Addresses, unique: Callable[[str], str]) -> str:
    name = unique("events")
    ensure_topics(stack.kafka, name, 4, unique("dead"), unique("control"))
    return name


def events(log: Reads, topic: str) -> list[dict[str, Any]]:
    return [json.loads(r.value()) | {"key": r.key().decode()} for rs in log.read(topic).values() for r in rs]


def test_events_arrive_with_the_fields_given(stack: Addresses, topic: str, log: Reads) -> None:
    berlin = datetime(2023, 11, 14, 23, 13, 20, 999, tzinfo=timezone(timedelta(hours=1)))
    with EbbwatchClient(stack.kafka, topic, clock=lambda: NOW, new_id=iter(["made"]).__next__) as client:
        assert client.track("ü1", "purchase", amount=12.5, order_id="o1") == "made"
        assert client.track("u2", "page_view", event_id="mine", time=berlin) == "mine"
        assert client.track("u2", "page_view", event_id="next", time=berlin.astimezone(UTC)) == "next"
        assert client.flush(60), client.stats()  # its end waits for a few seconds only
    got = {event["event_id"]: event for event in events(log, topic)}
    assert got["made"] == {
        "event_id": "made", "user_id": "ü1", "key": "ü1", "type": "purchase", "time": NOW,
        "amount": 12.5, "order_id": "o1",
    }  # fmt: skip
    assert got["mine"]["time"] == got["next"]["time"] == NOW
    assert (client.stats().sent, client.stats().waiting) == (3, 0)


def test_own_properties_arrive(stack: Addresses, topic: str, log: Reads) -> None:
    with EbbwatchClient(stack.kafka, topic) as client:
        client.track("u", "page_view", properties={"depth": 3, "tags": ["a"]})
        assert client.flush(60), client.stats()
    assert events(log, topic)[0]["properties"] == {"depth": 3, "tags": ["a"]}


def test_many_threads_lose_and_reorder_nothing(stack: Addresses, topic: str, log: Reads) -> None:
    with EbbwatchClient(stack.kafka, topic, clock=lambda: NOW) as client:

        def work(user: str) -> None:
            for i in range(500):
                client.track(user, "page_view", event_id=str(i))

        threads = [threading.Thread(target=work, args=(f"u{n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.flush(60)
        assert client.stats().sent == 4000
    by_user: dict[str, list[int]] = {}
    for event in events(log, topic):
        by_user.setdefault(event["user_id"], []).append(int(event["event_id"]))
    assert by_user == {f"u{n}": list(range(500)) for n in range(8)}


@pytest.mark.parametrize("on_full", ["drop_oldest", "drop_newest", "block"])
def test_a_full_buffer_keeps_to_its_policy_and_its_bound(
    stack: Addresses, unique: Callable[[str], str], log: Reads, on_full: OnFull
) -> None:
    topic = unique("events")  # does not exist yet, so everything waits
    with EbbwatchClient(
        stack.kafka, topic, max_buffer_events=100, on_full=on_full, max_block_seconds=0.05
    ) as client:
        client.track("u", "page_view", event_id="first")
        awaited = time.monotonic() + 60
        while client.stats().last_error is None and time.monotonic() < awaited:
            time.sleep(0.01)  # the first is in the thread's hands, not in the buffer
        started = time.monotonic()
        for i in range(103):
            client.track("u", "page_view", event_id=str(i))
        took = time.monotonic() - started
        assert client.stats().dropped == 3
        assert client.stats().waiting == 101
        assert (0.15 <= took < 5) if on_full == "block" else took < 5
        ensure_topics(stack.kafka, topic, 2, unique("dead"), unique("control"))
        assert client.flush(60), client.stats()
    kept = range(3, 103) if on_full == "drop_oldest" else range(100)
    assert [event["event_id"] for event in events(log, topic)] == ["first", *map(str, kept)]


@pytest.mark.parametrize("ending", ["", "raise SystemExit(3)", "1 / 0"])
def test_a_process_that_ends_delivers_first(stack: Addresses, topic: str, log: Reads, ending: str) -> None:
    script = f"""
from producers.client import EbbwatchClient
client = EbbwatchClient({stack.kafka!r}, {topic!r}, close_seconds=120)
for i in range(30_000):  # more than the second that kafka-python's own exit handler waits
    client.track("u", "page_view", event_id=str(i))
{ending}
"""
    subprocess.run([sys.executable, "-c", script], check=False, timeout=180, capture_output=True)
    assert [event["event_id"] for event in events(log, topic)] == [str(i) for i in range(30_000)]


def test_kafka_frozen_then_killed_then_back_loses_doubles_and_reorders_nothing(
    breakable_stack: LocalStack, read_from: Callable[[str], Reads]
) -> None:
    kafka = breakable_stack.kafka
    bootstrap = breakable_stack.address("kafka")
    ensure_topics(bootstrap, "events", 3, "dead")
    # short, so that what Kafka did take while frozen is sent again; yet longer than a busy broker needs for its
    # first answers, since kafka-python gives up for good where that to InitProducerId is late
    requests = {"request_timeout_ms": 4000}
    with EbbwatchClient(bootstrap, "events", producer_settings=requests) as client:

        def track(first: int) -> None:
            for i in range(first, first + 2000):
                client.track(f"u{i % 10}", "page_view", event_id=str(i))

        track(0)
        kafka.suspend()
        track(2000)
        assert not client.flush(6)
        kafka.resume()
        assert client.flush(60), client.stats()
        track(4000)
        kafka.kill()
        track(6000)
        assert not client.flush(0.1)
        kafka.start()
        assert client.flush(60), client.stats()
        stats = client.stats()
    assert (stats.sent, stats.dropped, stats.failed) == (8000, 0, 0)
    by_user: dict[str, list[int]] = {}
    for event in events(read_from(bootstrap), "events"):
        by_user.setdefault(event["user_id"], []).append(int(event["event_id"]))
    assert by_user == {f"u{n}": list(range(n, 8000, 10)) for n in range(10)}


def test_after_a_producer_that_gave_up_nothing_is_missing_and_all_is_in_order(
    stack: Addresses, topic: str, log: Reads
) -> None:
    """As kafka-python's does for good where the answer to its first word comes late."""
    with EbbwatchClient(stack.kafka, topic, clock=lambda: NOW) as client:
        for i in range(4000):
            client.track(f"u{i % 10}", "page_view", event_id=str(i))
            if i == 2000:
                delivery: Any = client._delivery
                awaited = time.monotonic() + 60
                while client.stats().sent == 0 and time.monotonic() < awaited:
                    time.sleep(0.01)
                delivery._producer._transaction_manager.transition_to_fatal_error(KafkaError("too late"))
        assert client.flush(60), client.stats()
        stats = client.stats()
    assert (stats.sent, stats.dropped, stats.failed) == (4000, 0, 0)
    first: dict[str, dict[int, None]] = {}  # what Kafka had in doubt it may have twice, under one event id
    for event in events(log, topic):
        first.setdefault(event["user_id"], {}).setdefault(int(event["event_id"]))
    assert {user: list(ids) for user, ids in first.items()} == {
        f"u{n}": list(range(n, 4000, 10)) for n in range(10)
    }
