"""A worker follows what is announced, on a real Kafka; what cannot be used changes nothing."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer
from prometheus_client import CollectorRegistry

from local_stack.addresses import Addresses
from online_model.loading import last_good, load
from online_model.registry.announcement import Announcement, encode
from online_model.registry.manifest import SCORER
from online_model.registry.registry import Registry
from online_model.tiers import Thresholds
from producers.topics import ensure_topics
from stream_processors.following import Following
from stream_processors.health import Health
from stream_processors.metrics import WorkerMetrics
from tests.integration.place import eventually
from tests.online_model.versions import KEY, LINEAGE, announced, publish

pytestmark = pytest.mark.integration


class Channel:
    """The topic of announcements."""

    def __init__(self, kafka: str, topic: str) -> None:
        self.kafka, self.topic = kafka, topic
        self._producer = Producer({"bootstrap.servers": kafka})

    def say(self, announcement: Announcement) -> None:
        self.send(*encode(announcement))

    def send(self, key: bytes, value: bytes | None) -> None:
        self._producer.produce(self.topic, value, key)
        self._producer.flush()


@pytest.fixture
def channel(stack: Addresses, unique: Callable[[str], str]) -> Channel:
    topic = unique("models")
    ensure_topics(stack.kafka, unique("events"), 1, unique("dead"), unique("control"), compacted=(topic,))
    return Channel(stack.kafka, topic)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "registry"


@pytest.fixture
def registry(folder: Path) -> Registry:
    made = Registry(str(folder), KEY)
    made.prepare()
    return made


Follow = Callable[[], tuple[Following, Health, WorkerMetrics]]


@pytest.fixture
def follow(channel: Channel, registry: Registry) -> Iterator[Follow]:
    """Starts one who follows."""
    running: list[Following] = []

    def started() -> tuple[Following, Health, WorkerMetrics]:
        health, metrics = Health(), WorkerMetrics(CollectorRegistry())
        following = Following(
            channel.kafka,
            channel.topic,
            partial(load, registry, lineage=LINEAGE),
            partial(last_good, registry, LINEAGE),
            metrics,
            health,
        )
        following.start()
        running.append(following)
        return following, health, metrics

    yield started
    for following in running:
        following.stop()


def test_what_is_announced_last_serves(channel: Channel, registry: Registry, follow: Follow) -> None:
    first, second, third = (publish(registry, seed=seed) for seed in (1, 2, 3))
    channel.say(announced(registry, (first, 1.0)))
    channel.say(announced(registry, (second, 1.0)))
    channel.send(b"quality", b"not for us")
    following, health, _ = follow()
    eventually("the last one serves", lambda: following.risk.versions == (second,))
    channel.say(announced(registry, (third, 0.1), (second, 0.9)))
    eventually("both serve", lambda: health.serving == [third, second])
    limits = Thresholds(0.3, 0.6)
    channel.say(msgspec.structs.replace(announced(registry, (third, 1.0)), thresholds=limits))
    eventually("tiers begin elsewhere", lambda: following.risk.thresholds == limits)
    channel.say(msgspec.structs.replace(announced(registry, (third, 1.0)), thresholds=Thresholds(0.2, 0.6)))
    eventually("and elsewhere again", lambda: following.risk.thresholds == Thresholds(0.2, 0.6))
    assert following.former is not None
    assert following.former.thresholds == limits  # by which a rise at the change is looked at
    channel.say(announced(registry))
    eventually("the baseline serves", lambda: following.risk.parts == ())
    assert following.risk.thresholds is None


def test_what_cannot_be_used_leaves_the_good_one_serving(
    channel: Channel,
    registry: Registry,
    folder: Path,
    follow: Follow,
) -> None:
    good, damaged = publish(registry, seed=1), publish(registry, seed=2)
    channel.say(announced(registry, (good, 1.0)))
    following, _, metrics = follow()
    eventually("it serves", lambda: following.risk.versions == (good,))
    announcement = announced(registry, (damaged, 1.0))
    (folder / damaged / SCORER).write_bytes(b"junk")
    channel.say(announcement)
    channel.send(b"champion", b"{")
    channel.say(msgspec.structs.replace(announced(registry, (good, 1.0)), lineage="another"))
    refused = metrics.refused_versions._value
    eventually("it is refused", lambda: refused.get() >= 1)
    assert following.risk.versions == (good,)
    # who starts now finds the last good one
    channel.say(announcement)
    other, _, _ = follow()
    eventually("the last good one stands in", lambda: other.risk.versions == (good,))
