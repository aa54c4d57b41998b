"""Events at a constant rate, and when each of a sample of them came through.

A sender that waits for a slow system measures too little, because it stops asking while it waits (Tene,
"How NOT to Measure Latency"). Here each event has a time at which it is to be sent, set before the
run; latency counts from there, so a sender that falls behind makes the figures worse, not better.
"""

import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event as Stop
from typing import Any, Final, cast

import msgspec
import numpy as np
import numpy.typing as npt
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from redis import Redis

from benchmarks.deployment import PARTITIONS
from domain.events import ClockMark, encode
from feature_store import stream
from feature_store.position import decode
from producers.replay.marks import MarkSchedule

_PROBE_EVERY: Final = 37
"""Every so many-th event is a probe; a prime, so that it beats with nothing."""
_TICK_S: Final = 0.001
_LINGER_MS: Final = 5
_MARK_EVERY_MS: Final = 10_000
_LOOK_S: Final = 0.004
_FLUSH_S: Final = 60.0

Floats = npt.NDArray[np.float64]
Sent = tuple[bytes, bytes, int]
"""Key, value and event time, ms."""


class Probes(msgspec.Struct):
    """Sampled events; the lists are parallel, times are seconds of `time.monotonic`."""

    due: list[float] = msgspec.field(default_factory=list)
    """When each was to be sent."""
    accepted: list[float] = msgspec.field(default_factory=list)
    """When Kafka's answer was in."""
    partition: list[int] = msgspec.field(default_factory=list)
    offset: list[int] = msgspec.field(default_factory=list)
    events: int = 0
    """Sent in all."""
    seconds: float = 0.0
    """From the first to the last."""


class Reached(msgspec.Struct):
    """How far each partition had come at the time of each look."""

    times: list[float] = msgspec.field(default_factory=list)
    offsets: list[list[int]] = msgspec.field(default_factory=list)
    """Of the next record, by partition."""

    def seen(self, probes: Probes) -> Floats:
        """When each probe was seen first, seconds of `time.monotonic`; not a number for never."""
        times = np.array([*self.times, np.nan])
        offsets = np.array(self.offsets, np.int64)
        found = np.empty(len(probes.due))
        partitions = np.array(probes.partition)
        for partition in range(offsets.shape[1]):
            mine = partitions == partition
            wanted = np.array(probes.offset, np.int64)[mine]
            found[mine] = times[np.searchsorted(offsets[:, partition], wanted, side="right")]
        return found


def at_wall_speed(events: Sequence[Sent], begin_ms: int, rate: float) -> list[tuple[bytes, bytes, int]]:
    """The same events as they would come from so many users that they make `rate` a second.

    The simulation's own times would pass a thousand times too fast, and with them every user's weekly timer.
    """
    times = [begin_ms + int(number / rate * 1000) for number in range(len(events))]
    return [
        (key, value.replace(b'"time":%d' % before, b'"time":%d' % now, 1), now)
        for (key, value, before), now in zip(events, times, strict=True)
    ]


def send(kafka: str, topic: str, events: Sequence[Sent], rate: float) -> Probes:
    """Send key, value and event time (ms) at `rate` a second, with marks as of a live clock in between.

    Raises:
        TimeoutError: Kafka did not take them.
    """
    probes = Probes()
    producer = Producer(
        {
            "bootstrap.servers": kafka,
            "partitioner": "murmur2_random",
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": _LINGER_MS,
            "log_level": 2,
        }
    )
    schedule = MarkSchedule(_MARK_EVERY_MS)
    begun = time.monotonic()
    while probes.events < len(events):
        ready = min(len(events), int((time.monotonic() - begun) * rate) + 1)
        while probes.events < ready:
            key, value, moment = events[probes.events]
            for mark in schedule.before(moment):
                for partition in range(PARTITIONS):
                    producer.produce(topic, encode(ClockMark(mark=mark)), partition=partition)
            if probes.events % _PROBE_EVERY:
                producer.produce(topic, value, key)
            else:
                producer.produce(topic, value, key, on_delivery=_note(probes, begun + probes.events / rate))
            probes.events += 1
        producer.poll(_TICK_S)
    probes.seconds = time.monotonic() - begun
    if producer.flush(_FLUSH_S):
        raise TimeoutError(f"Kafka did not take all events within {_FLUSH_S:.0f} s")
    return probes


def _note(probes: Probes, due: float) -> Any:
    def delivered(error: object, message: Message) -> None:
        if error is not None:
            raise RuntimeError(f"Kafka did not take an event: {error}")
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None
        probes.accepted.append(time.monotonic())
        probes.due.append(due)
        probes.partition.append(partition)
        probes.offset.append(offset)

    return delivered


class Watch:
    """Looks on from a process of its own, so that sending does not delay it. Use as a context manager."""

    def __init__(self, kind: Any, address: str, topic: str) -> None:
        """`kind` is `positions` or `bare`."""
        spawn = get_context("spawn")
        self._stop = spawn.Event()
        self._ours, theirs = spawn.Pipe()
        self._process = spawn.Process(target=kind, args=(address, topic, self._stop, theirs))
        self.reached = Reached()

    def __enter__(self) -> "Watch":
        self._process.start()
        self._ours.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.reached = msgspec.json.decode(self._ours.recv_bytes(), type=Reached)
        self._process.join()


def positions(redis: str, _: str, stop: Stop, out: Connection) -> None:
    """Poll the positions in Redis: they move in the same atomic write as the score, the ranking and the features."""
    store = Redis.from_url(redis)
    served = stream.load(store)
    assert served is not None
    keys = [served.keys(partition).position for partition in range(PARTITIONS)]
    looks: list[tuple[float, list[bytes | None]]] = []
    reached = Reached()
    out.send(True)
    while not stop.is_set():
        found = cast(list[bytes | None], store.mget(keys))
        looks.append((time.monotonic(), found))
        time.sleep(_LOOK_S)
    for moment, stored in looks:  # not before, so that looking takes little
        reached.times.append(moment)
        reached.offsets.append([decode(text).offset if text else 0 for text in stored])
    out.send_bytes(msgspec.json.encode(reached))


def bare(kafka: str, topic: str, stop: Stop, out: Connection) -> None:
    """Consume and do nothing: Kafka's own round trip, the physical limit."""
    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": "bench-bare", "enable.auto.commit": False,
         "fetch.queue.backoff.ms": 1}
    )  # fmt: skip
    consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
    reached = Reached()
    offsets = [0] * PARTITIONS
    out.send(True)
    while not stop.is_set():
        for message in consumer.consume(1000, timeout=_LOOK_S):
            offsets[cast(int, message.partition())] = cast(int, message.offset()) + 1
        reached.times.append(time.monotonic())
        reached.offsets.append(offsets.copy())
    consumer.close()
    out.send_bytes(msgspec.json.encode(reached))
