"""The trainer's process on a real Kafka: killed, stopped, started again, it comes to what one go comes to."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from domain.labels import encode
from domain.settings import FactSettings
from local_stack.addresses import Addresses
from online_model.registry import announcement
from online_model.registry.registry import Registry
from online_model.tournament.decision import Command
from online_model.training.contestants import LINEAR
from online_model.training.orders import Order
from online_model.training.orders import encode as order_bytes
from stream_processors.config import ENVIRONMENT, EXIT_REFUSED
from stream_processors.trainer_config import TrainerConfig
from tests.online_model.training.histories import DAY_MS, LINEAGE, History, blocks, history

pytestmark = pytest.mark.integration

PARTITIONS = 2
KEY = "a key of the tests, long enough"
TOPICS = ("snapshot_topic", "outcome_topic", "model_topic", "decision_topic", "command_topic")
READ_FROM_S = 60.0


class Place:
    """Topics of one test with a history in them, and trainers that read it."""

    def __init__(self, kafka: str, folder: Path, unique: Callable[[str], str], h: History) -> None:
        self.kafka = kafka
        self.folder = folder
        self._names = {name: unique(name) for name in TOPICS}
        self._h = h
        admin = AdminClient({"bootstrap.servers": kafka})
        created = admin.create_topics([NewTopic(name, 1, 1) for name in self._names.values()])
        for future in created.values():
            future.result()

    def config(self, who: str, **other: Any) -> TrainerConfig:
        facts = FactSettings(horizon_ms=self._h.delay_ms - DAY_MS, allowed_lateness_ms=DAY_MS)
        folder = self.folder / who
        settings: dict[str, Any] = {
            "kafka": self.kafka, "lineage": LINEAGE, "partitions": PARTITIONS, "facts": facts, "key": KEY,
            "folder": str(folder), "archive": str(folder / "archive"), "registry": str(folder / "registry"),
            "contestants": LINEAR,
            "publish_examples": 80, "checkpoint_s": 0.2, "until_idle": True,
        }  # fmt: skip
        return TrainerConfig(**settings | self._names | other)

    def fill(self, topics: Any) -> None:
        producer = Producer({"bootstrap.servers": self.kafka})
        for kind, name in (("snapshots", "snapshot_topic"), ("outcomes", "outcome_topic")):
            for block in topics[kind]:
                producer.produce(self._names[name], value=encode(block), partition=0)
        producer.flush(30)

    def send(self, topic: str, value: bytes) -> None:
        producer = Producer({"bootstrap.servers": self.kafka})
        producer.produce(self._names[topic], value=value, partition=0)
        producer.flush(30)

    def read(self, topic: str) -> Iterator[tuple[bytes, bytes]]:
        consumer = Consumer(
            {"bootstrap.servers": self.kafka, "group.id": "tests", "enable.auto.commit": False}
        )
        try:
            at = TopicPartition(self._names[topic], 0, 0)
            end = consumer.get_watermark_offsets(at, timeout=10)[1]
            consumer.assign([at])
            for _ in range(end):
                message = consumer.consume(1, timeout=READ_FROM_S)[0]
                yield message.key() or b"", message.value() or b""
        finally:
            consumer.close()


@contextmanager
def trainer(config: TrainerConfig, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {ENVIRONMENT: msgspec.json.encode(config).decode()}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "stream_processors.trainer"], env=environment, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def finished(config: TrainerConfig, log: Path) -> int:
    with trainer(config, log) as process:
        return process.wait(120)


def until(true: Callable[[], bool], within_s: float = 180.0) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def left_behind(config: TrainerConfig) -> tuple[Any, Any]:
    """Ledger and versions: scorer's bytes by id."""
    ledger = {
        path.name: pq.ParquetFile(path).read().to_pydict()
        for path in sorted(Path(config.archive).glob("ledger/*/*.parquet"))
    }
    registry = Registry(config.registry, KEY.encode())
    versions = {name: registry.load(name, LINEAGE).payloads["scorer.npz"] for name in registry.versions()}
    return json.dumps(ledger, default=str), versions


@pytest.fixture
def place(stack: Addresses, tmp_path: Path, unique: Callable[[str], str]) -> Place:
    h = history(1, users=30, days=60)
    found = Place(stack.kafka, tmp_path, unique, h)
    found.fill(blocks(h, PARTITIONS, np.random.default_rng(0), most=12))
    return found


def test_killed_it_comes_to_the_same(place: Place, tmp_path: Path) -> None:
    log = tmp_path / "log"
    whole = place.config("whole")
    assert finished(whole, log) == 0, log.read_text()
    expected = left_behind(whole)
    assert len(expected[1]) > 2
    said = [announcement.decode(*record) for record in place.read("model_topic") if record[0] == b"champion"]
    assert said[-1].shares[0].version == max(expected[1])
    numbers = [json.loads(value)["number"] for _, value in place.read("decision_topic")]
    assert numbers == sorted(numbers)

    config, rng, kills = place.config("killed", checkpoint_s=0.0), random.Random(1), 0
    archive = Path(config.archive) / "ledger" / f"lineage={LINEAGE}"
    for _ in range(4):
        with trainer(config, log) as process:
            goal = len(list(archive.glob("*.parquet"))) + rng.randrange(3, 12)
            until(lambda: len(list(archive.glob("*.parquet"))) > goal or process.poll() is not None)  # noqa: B023
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
    assert kills > 1, log.read_text()
    assert finished(config, log) == 0, log.read_text()
    assert left_behind(config) == expected


def test_waits_for_a_registry_that_is_gone_and_stops_cleanly(place: Place, tmp_path: Path) -> None:
    log = tmp_path / "log"
    registry = tmp_path / "gone"
    registry.write_text("a file where a folder should be")
    config = place.config("waits", registry=str(registry), until_idle=False)
    with trainer(config, log) as process:
        until(lambda: b"waiting for the registry" in log.read_bytes())
        registry.unlink()
        archive = Path(config.archive) / "ledger" / f"lineage={LINEAGE}"
        until(lambda: len(list(archive.glob("*.parquet"))) > 20)
        place.send("command_topic", b"junk")
        order = Order(id="o", at_ms=0, command=Command(kind="promote", name="recursive"))
        place.send("command_topic", order_bytes(order))
        until(
            lambda: any(
                b"an operator promoted recursive" in value for _, value in place.read("decision_topic")
            )
        )
        process.terminate()
        assert process.wait(120) == 0
    assert b"no order to the trainer" in log.read_bytes()
    *_, last = (
        announcement.decode(*record) for record in place.read("model_topic") if record[0] == b"champion"
    )
    manifest = Registry(config.registry, KEY.encode()).manifest(last.shares[0].version, LINEAGE)
    assert manifest.training.name == "recursive"
    # the order is not obeyed twice
    before = len(list(place.read("decision_topic")))
    assert finished(place.config("waits", registry=str(registry)), log) == 0
    assert len(list(place.read("decision_topic"))) == before


def test_refuses_other_settings(place: Place, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert finished(place.config("one"), log) == 0
    assert finished(place.config("one", seed=7), log) == EXIT_REFUSED
    assert b"other contestants, seed or settings" in log.read_bytes()
    shutil.rmtree(tmp_path / "one" / LINEAGE)
    assert finished(place.config("one", seed=7), log) == 0
