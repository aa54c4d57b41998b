"""Whole stacks, with real Kafka: side by side, killed, started again, wiped."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from local_stack import stack
from local_stack.addresses import Addresses
from local_stack.errors import StackError
from local_stack.finding import choose, look
from local_stack.local import LocalStack

pytestmark = pytest.mark.integration

FIVE_MEGABYTES = b"x" * 5_000_000


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home whose stacks are local processes and are gone after the test."""
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EBBWATCH_STACK", "local")
    try:
        choose(look(os.environ, "local"), "local")
    except StackError as error:
        pytest.skip(str(error))
    yield tmp_path
    for folder in (tmp_path / "stacks").glob("*/"):
        for part in stack.open_local(tmp_path, folder.name).parts.values():
            part.kill()


def topics(bootstrap: str) -> set[str]:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    return set(admin.list_topics(timeout=60).topics)


def make_topic(bootstrap: str, topic: str) -> None:
    new = NewTopic(topic, num_partitions=1, replication_factor=1)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for made in admin.create_topics([new]).values():
        made.result(timeout=60)


def send(bootstrap: str, topic: str, value: bytes) -> None:
    failed: list[object] = []
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "message.max.bytes": 8_000_000})
    producer.produce(topic, value, on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(60) == 0
    assert not failed


def read_all(bootstrap: str, topic: str) -> list[bytes]:
    settings = {"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False}
    consumer = Consumer(settings)
    try:
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=60)
        consumer.assign([TopicPartition(topic, 0, 0)])
        values: list[bytes] = []
        while len(values) < end:
            record = consumer.poll(60)
            assert record is not None, "no record within 60 s"
            assert record.error() is None
            value = record.value()
            assert value is not None
            values.append(value)
        return values
    finally:
        consumer.close()


def test_two_stacks_live_side_by_side_and_keep_their_data(home: Path) -> None:
    told: list[str] = []
    names = ("one", "two")
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda name: stack.up(home, name=name, progress=told.append), names)
    assert {one.kafka, one.redis}.isdisjoint({two.kafka, two.redis})
    assert one.source == "Kafka and Redis from local processes"
    assert stack.find(home, "one") == one
    make_topic(one.kafka, "only-here")
    send(one.kafka, "only-here", FIVE_MEGABYTES)
    with redis.Redis.from_url(one.redis) as client:
        client.set("only", "here")
    assert "only-here" not in topics(two.kafka)
    with redis.Redis.from_url(two.redis) as client:
        assert client.get("only") is None

    assert stack.down(home, "two", wipe=True)
    assert not stack.status(home, "two").parts
    assert stack.status(home, "one").running
    assert stack.down(home, "one")
    assert stack.find(home, "one") is None
    assert not stack.status(home, "one").running

    assert stack.up(home, name="one", progress=told.append) == one, "addresses must outlive a restart"
    assert read_all(one.kafka, "only-here") == [FIVE_MEGABYTES]
    with redis.Redis.from_url(one.redis) as client:
        assert client.get("only") == b"here"


def test_two_commands_that_start_the_same_stack_get_the_same_one(home: Path) -> None:
    def start(_: int) -> Addresses:
        return stack.up(home, progress=lambda _: None)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(start, range(2))
    assert first == second


def test_killed_servers_come_back_on_their_ports_with_what_they_had_answered(
    breakable_stack: LocalStack, unique: Callable[[str], str]
) -> None:
    own, topic = breakable_stack, unique("kept")
    before = {name: own.address(name) for name in own.parts}
    make_topic(before["kafka"], topic)
    sent = [b"record %d" % number for number in range(3)]
    for round_number, value in enumerate(sent):
        send(before["kafka"], topic, value)
        with redis.Redis.from_url(before["redis"]) as client:
            assert client.incr("rounds") == round_number + 1
        own.kafka.kill()
        own.redis.kill()
        own.kafka.start()
        own.redis.start()
        assert {name: own.address(name) for name in own.parts} == before
    assert read_all(before["kafka"], topic) == sent
    with redis.Redis.from_url(before["redis"]) as client:
        assert client.get("rounds") == b"3"


def test_a_crashed_run_is_picked_up(home: Path) -> None:
    told: list[str] = []
    addresses = stack.up(home, progress=told.append)
    own = stack.open_local(home)
    kafka, redis_before = own.kafka.process(), own.redis.process()
    own.redis.kill()
    assert stack.find(home) is None
    states = {name: part.state for name, part in stack.status(home).parts.items()}
    assert states == {"kafka": "running", "redis": "stopped"}
    assert stack.up(home, progress=told.append) == addresses
    assert own.kafka.process() == kafka, "the healthy half is kept"
    assert own.redis.process() not in (redis_before, None)


def test_topics_are_never_made_by_accident(stack: Addresses, unique: Callable[[str], str]) -> None:
    topic = unique("typo")
    producer = Producer({"bootstrap.servers": stack.kafka, "message.timeout.ms": 3000, "log_level": 0})
    accepted: list[bool] = []
    producer.produce(topic, b"x", on_delivery=lambda error, _: accepted.append(error is None))
    producer.flush(10)
    assert accepted == [False]
    assert topic not in topics(stack.kafka)
