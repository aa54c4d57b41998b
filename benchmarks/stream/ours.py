"""This project's worker as a contestant: the full path, watched through its positions in Redis."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, cast

import msgspec
import psutil
from confluent_kafka import Consumer, TopicPartition
from redis import Redis

from benchmarks.stream.contestants import ROOT
from benchmarks.stream.events import DEAD_LETTERS, PARTITIONS, Loaded
from feature_store import stream
from feature_store.position import decode
from local_stack.addresses import Addresses

_LOOK_EVERY_SECONDS: Final = 0.01
_START_SECONDS: Final = 120.0
_SECONDS_AT_MOST: Final = 600.0


class WorkerError(RuntimeError):
    """The worker did not come to the log's end with every event applied."""


class Timed(msgspec.Struct, frozen=True):
    """What was measured between the first write seen and the last."""

    events: float
    """Applied in that time: those of the first write do not count, since its beginning is not seen."""
    seconds: float
    cpu_seconds: float


class _Progress:
    """Records (events and marks) behind the positions of all partitions."""

    def __init__(self, store: Redis) -> None:
        self._store = store
        self._keys: list[str] = []

    def records(self) -> int:
        """How many are written."""
        if not self._keys:
            served = stream.load(self._store)
            if served is None:
                return 0
            self._keys = [served.keys(partition).position for partition in range(served.partitions)]
        stored = cast(list[bytes | None], self._store.mget(self._keys))
        return sum(decode(text).offset for text in stored if text)


def run(at: Addresses, loaded: Loaded, group: str, log: Path) -> Timed:
    """Start `ebbwatch worker` on an empty store, wait until lag 0, stop it.

    Raises:
        WorkerError: it ended early, is too slow, or not every event was applied.
    """
    store = Redis.from_url(at.redis)
    end = _end(at.kafka, loaded.topic)
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": at.kafka,
        "REDIS_URL": at.redis,
        "EBBWATCH_STACK": "env",
        "EBBWATCH_TOPIC": loaded.topic,
        "EBBWATCH_DEAD_LETTER_TOPIC": DEAD_LETTERS,
        "EBBWATCH_PARTITIONS": str(PARTITIONS),
        "EBBWATCH_GROUP": group,
    }
    command = [str(Path(sys.executable).parent / "ebbwatch"), "worker"]
    with log.open("wb") as output:
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            timed = _watch(worker, _Progress(store), end, loaded.events, log)
        finally:
            worker.terminate()
            worker.wait(30)
    applied = _applied(store)
    if applied != loaded.events:
        raise WorkerError(f"{applied:,} of {loaded.events:,} events were applied, see {log}")
    return timed


def _watch(worker: subprocess.Popen[bytes], progress: _Progress, end: int, events: int, log: Path) -> Timed:
    first = _await(worker, progress, 1, _START_SECONDS, log)
    began, cpu = time.monotonic(), _cpu_seconds(worker.pid)
    _await(worker, progress, end, _SECONDS_AT_MOST, log)
    seconds = time.monotonic() - began
    return Timed(events * (end - first) / end, seconds, _cpu_seconds(worker.pid) - cpu)


def _await(
    worker: subprocess.Popen[bytes], progress: _Progress, records: int, within: float, log: Path
) -> int:
    deadline = time.monotonic() + within
    while (written := progress.records()) < records:
        if worker.poll() is not None:
            raise WorkerError(f"the worker ended with code {worker.returncode}, see {log}")
        if time.monotonic() > deadline:
            raise WorkerError(
                f"the worker wrote {written:,} of {records:,} records in {within:.0f} s, see {log}"
            )
        time.sleep(_LOOK_EVERY_SECONDS)
    return written


def _cpu_seconds(pid: int) -> float:
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return float(sum(sum(member.cpu_times()[:2]) for member in family))


def _end(kafka: str, topic: str) -> int:
    reader = Consumer({"bootstrap.servers": kafka, "group.id": "bench-ends"})
    try:
        return sum(
            reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)[1]
            for partition in range(PARTITIONS)
        )
    finally:
        reader.close()


def _applied(store: Redis) -> int:
    served = stream.load(store)
    assert served is not None
    counts = [store.hget(served.keys(partition).counts, "applied") for partition in range(served.partitions)]
    return sum(int(count or 0) for count in counts)
