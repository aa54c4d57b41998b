"""Erasing a user, end to end: the log says so to the store, `control` to what the log does not reach."""

import time
from contextlib import suppress
from typing import Any, Final, cast

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from redis import Redis

from connections.kafka import librdkafka
from control.newest import Newest
from control.projection import reached
from control.writing import ControlAwayError, ControlWriter
from domain.columns import hash_of
from domain.control import ControlError, Erasure, Record
from domain.control import decode as decode_record
from domain.events import UserErasure, encode
from domain.partitioner import partition_of
from feature_store.position import decode
from feature_store.stream import load_or_begin

_LOOK_S: Final = 0.05
_SEND_S: Final = 10.0
_ERASE: Final = encode(UserErasure(erase=True))


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What has been done, and what follows by itself."""

    partition: int
    offset: int
    """Of the erasure in the topic of events."""
    forgotten: bool
    """Whether the worker has passed it: the store knows nothing of the user any more."""
    decided: bool
    """Whether the notifier has passed it: nothing that people have said of the user is shown any more."""
    removed: int
    """Records about the user that were taken out of the topic `control`."""
    until: int
    """ms, event time: snapshots of up to then leave the ledger."""


class Eraser:
    """Erases users. Safe for several threads."""

    def __init__(
        self, kafka: str, control: ControlWriter, topic: str, partitions: int, future_tolerance_ms: int
    ) -> None:
        """
        Args:
            topic: of events, and its partitions, as the settings say; the stream pointer has the last word.
            future_tolerance_ms: by how much marks may be ahead of Kafka's time.
        """
        self._kafka = kafka
        self._topic = topic
        self._partitions = partitions
        self._ahead_ms = future_tolerance_ms
        self._control = control
        self._producer = Producer(
            {
                **librdkafka(kafka),
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": int(_SEND_S * 1000),
                "log_level": 2,
            }
        )

    def erase(self, store: Redis, user: str, by: str, patience_s: float) -> Erased:
        """Erase a user; to do it again erases what has come since.

        First the log, so that nothing new comes of what was known; then the record that stops whoever still works on
        it; then all that people have said.

        Args:
            user: the id as it is inside.
            by: who wants it: the name of a key, or of a process.
            patience_s: how long to wait for worker and notifier; they come to it later too.

        Raises:
            ControlAwayError: Kafka did not take it all; to be done again.
            LogError: `control` cannot be read; likewise.
            redis.exceptions.RedisError: Redis is away; likewise.
        """
        give_up = time.monotonic() + patience_s
        stream = load_or_begin(store, self._topic, self._partitions)
        partition = partition_of(user.encode(), stream.partitions)
        offset, at = self._send(stream.topic, partition, user.encode())
        position = stream.keys(partition).position
        clock = _clock_behind(store, position, offset)
        while clock is None and time.monotonic() < give_up:
            time.sleep(_LOOK_S)
            clock = _clock_behind(store, position, offset)
        # a clock is nowhere further than this when the worker comes to the erasure
        until = at + self._ahead_ms if clock is None else clock
        erasure = Erasure(id=f"{hash_of(user):016x}", at=at, by=by, until=until)
        written = self._control.write([erasure])
        while not (decided := reached(store).offset > written) and time.monotonic() < give_up:
            time.sleep(_LOOK_S)
        said = list(records_of_user(self._kafka, self._control.topic, user))
        if said:
            self._control.write([], said)
        return Erased(
            partition=partition, offset=offset, forgotten=clock is not None, decided=decided, removed=len(said),
            until=until,
        )  # fmt: skip

    def _send(self, topic: str, partition: int, key: bytes) -> tuple[int, int]:
        """Offset and Kafka's time of the erasure."""
        found: list[tuple[int, int]] = []
        faults: list[KafkaError] = []

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is None:
                found.append((message.offset() or 0, message.timestamp()[1]))
            else:
                faults.append(error)

        try:
            self._producer.produce(topic, _ERASE, key, partition, on_delivery=delivered)
        except (KafkaException, BufferError) as fault:
            raise ControlAwayError(f"Kafka does not take the erasure: {fault}") from fault
        self._producer.flush(_SEND_S)
        if not found:
            why = faults[0].str() if faults else "no answer in time"
            raise ControlAwayError(f"Kafka does not take the erasure: {why}")
        return found[0]


def records_of_user(kafka: str, topic: str, user: str) -> dict[bytes, Record]:
    """All that stands in `control` about a user, by key: the whole topic is read.

    Raises:
        LogError: Kafka does not answer.
    """
    found: dict[bytes, Record] = {}
    with Newest(kafka, topic) as newest:
        for key, value in newest.look().items():
            if value is not None and key.endswith(b"/" + user.encode()):
                with suppress(ControlError):
                    record = decode_record(value)
                    if getattr(record, "user", "") == user:
                        found[key] = record
    return found


def _clock_behind(store: Redis, position: str, offset: int) -> int | None:
    """Clock of a partition, ms, if it has been read beyond an offset."""
    stored = cast("bytes | None", cast(Any, store.get(position)))
    if stored is None:
        return None
    stands = decode(stored)
    return stands.clock if stands.offset > offset else None
