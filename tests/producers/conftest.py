"""What the tests of several producers share."""

import gc
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from redis import Redis

from feature_store.keys import STREAM
from local_stack.addresses import Addresses


@pytest.fixture
def free_address() -> Iterator[str]:
    """An address at which nobody listens, kept from others while the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"
    _collect_sockets()


def _collect_sockets() -> None:
    """kafka-python 3.0 leaves sockets to the collector where it cannot connect; not a fault of a later test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class Log:
    """Reads all records that are in a topic now."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    def read(self, topic: str) -> dict[int, list[Any]]:
        """Records by partition, in order."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": "reads-without-group",
                "enable.auto.commit": False,
                "enable.partition.eof": False,
            }
        )
        try:
            partitions = consumer.list_topics(topic, 10).topics[topic].partitions
            ends = {p: consumer.get_watermark_offsets(TopicPartition(topic, p), 10)[1] for p in partitions}
            consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
            records: dict[int, list[Any]] = {p: [] for p in partitions}
            while any(not records[p] or records[p][-1].offset() + 1 < end for p, end in ends.items() if end):
                for message in consumer.consume(10_000, 0.1):
                    assert message.error() is None, message.error()
                    records[message.partition() or 0].append(message)
            return records
        finally:
            consumer.close()


@pytest.fixture
def log(stack: Addresses) -> Log:
    """Reads topics of the shared stack."""
    return Log(stack.kafka)


@pytest.fixture
def own_store(stack: Addresses) -> Iterator[str]:
    """A database of the shared Redis that serves no topic yet."""
    url = f"{stack.redis.rsplit('/', 1)[0]}/9"
    with Redis.from_url(url) as store:
        store.delete(STREAM)
        yield url
        store.delete(STREAM)


@pytest.fixture
def read_from() -> Callable[[str], Log]:
    """Reads topics of any stack."""
    return Log


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    """The test must end all threads that it started."""
    before = set(threading.enumerate())
    yield
    give_up = time.monotonic() + 60  # threads of a server that has answered end a moment later
    while (left := set(threading.enumerate()) - before) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert left == set()
    _collect_sockets()
