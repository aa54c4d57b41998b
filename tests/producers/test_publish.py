"""Bulk publishing against a real Kafka: partitions as Java has them, order, marks, failures."""

from collections.abc import Callable
from random import Random
from typing import Any, Protocol

import pytest
from kafka import KafkaProducer

from domain.events import ClockMark, encode
from local_stack.addresses import Addresses
from producers.publish import Publisher, PublishError
from producers.topics import ensure_topics

pytestmark = pytest.mark.integration

PARTITIONS = 7


class Reads(Protocol):
    def read(self, topic: str) -> dict[int, list[Any]]: ...


@pytest.fixture
def topic(stack: Addresses, unique: Callable[[str], str]) -> str:
    name = unique("events")
    ensure_topics(stack.kafka, name, PARTITIONS, unique("dead"), unique("control"))
    return name


def random_keys(count: int) -> list[bytes]:
    chance = Random(7)
    letters = "abcXYZ019-_ äßñ漢字🎵\u0301\x00"
    return [
        "".join(chance.choices(letters, k=chance.randint(1, 40))).encode() + b"%d" % i for i in range(count)
    ]


def test_the_partition_of_a_key_is_that_of_kafka_python(stack: Addresses, topic: str, log: Reads) -> None:
    keys = random_keys(2000)
    with Publisher(stack.kafka, topic, PARTITIONS) as publisher:
        for key in keys:
            publisher.send(key, b"confluent")
    app = KafkaProducer(bootstrap_servers=stack.kafka)
    try:
        for key in keys:
            app.send(topic, key=key, value=b"kafka-python")
        app.flush()
    finally:
        app.close()
    homes: dict[bytes, dict[bytes, int]] = {}
    for partition, records in log.read(topic).items():
        for record in records:
            homes.setdefault(record.value(), {})[record.key()] = partition
    assert set(homes[b"confluent"]) == set(keys)
    assert homes[b"confluent"] == homes[b"kafka-python"]
    assert len(set(homes[b"confluent"].values())) == PARTITIONS


def test_a_mark_stands_in_every_partition_behind_what_was_sent_before(
    stack: Addresses, topic: str, log: Reads
) -> None:
    first, second = encode(ClockMark(mark=10**12)), encode(ClockMark(mark=10**12 + 1, visits=7))
    with Publisher(stack.kafka, topic, PARTITIONS) as publisher:
        for key in random_keys(3000):
            publisher.send(key, b"before")
        publisher.mark(10**12)
        for key in random_keys(3000):
            publisher.send(key, b"after")
        publisher.mark(10**12 + 1, visits=7)
        publisher.flush()
        assert (publisher.sent, publisher.marks, publisher.failed) == (6000, 2, 0)
    for records in log.read(topic).values():
        values = [record.value() for record in records]
        middle = values.index(first)
        assert set(values[:middle]) == {b"before"}
        assert set(values[middle + 1 : -1]) == {b"after"}
        assert values[-1] == second
        assert records[middle].key() is None


def test_the_events_of_a_user_keep_their_order(stack: Addresses, topic: str, log: Reads) -> None:
    with Publisher(stack.kafka, topic, PARTITIONS) as publisher:
        for i in range(50_000):
            publisher.send(b"one user", b"%d" % i)
    [records] = [records for records in log.read(topic).values() if records]
    assert [int(record.value()) for record in records] == list(range(50_000))


def test_a_full_queue_makes_send_wait_for_kafka(free_address: str) -> None:
    publisher = Publisher(free_address, "events", 1, timeout_ms=8000)  # the first ones fail when all wait
    for _ in range(200_000):
        publisher.send(b"u", b"x")
    with pytest.raises(PublishError, match="did not reach Kafka"):  # no room until the first ones fail
        publisher.send(b"u", b"x")
    assert publisher.sent == 200_000


def test_a_record_that_kafka_does_not_take_is_named(stack: Addresses, topic: str) -> None:
    with pytest.raises(PublishError, match=f"does not take a record for {topic}"):  # noqa: SIM117
        with Publisher(stack.kafka, topic, PARTITIONS) as publisher:
            publisher.send(b"u", b"x" * 6_000_000)
    assert publisher.failed == 1


def test_kafka_that_is_away_ends_in_a_clear_error(free_address: str) -> None:
    with pytest.raises(PublishError, match=f"1 records for events did not reach Kafka at {free_address}"):  # noqa: SIM117
        with Publisher(free_address, "events", 1, timeout_ms=1000) as publisher:
            publisher.send(b"u", b"x")
    assert publisher.failed == 1
