"""The topics in which the trainer speaks and is spoken to: what serves, how good it is, decisions, orders."""

import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

from ebbwatch.deployment import Deployment
from online_model.training.orders import Order, encode
from stream_processors.log import Log, LogError
from stream_processors.logged_decision import LoggedDecision

_PATIENCE_S: Final = 20.0
_LOOK_S: Final = 0.1


class Newest:
    """The last value of each key of a compacted topic of one partition. A context manager."""

    def __init__(self, kafka: str, topic: str) -> None:
        self._topic = topic
        self._values: dict[bytes, bytes | None] = {}
        self._caught_up = False
        self._consumer = Consumer(
            {
                "bootstrap.servers": kafka,
                "group.id": "ebbwatch-reader",  # required, and never committed to
                "enable.auto.commit": False,
                "enable.partition.eof": True,
            }
        )
        self._consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])

    def __enter__(self) -> "Newest":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def look(self) -> Mapping[bytes, bytes | None]:
        """Values by key as they are now; only the first look waits, until the topic is read to its end.

        Raises:
            LogError: Kafka does not answer.
        """
        give_up = time.monotonic() + _PATIENCE_S
        while True:
            message = self._consumer.poll(0.0 if self._caught_up else _LOOK_S)
            if message is None:
                if self._caught_up:
                    return self._values
                if time.monotonic() > give_up:
                    raise LogError(f"topic {self._topic} cannot be read: Kafka does not answer")
                continue
            error = message.error()
            if error is None:
                self._values[message.key() or b""] = message.value()
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own codes have such names
                self._caught_up = True
                return self._values


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the log of decisions: of the tournament, of the drift watch, or an order that was refused."""

    number: int
    """In the order in which they were made."""
    at_ms: int | None
    """Event time; None where the entry names none."""
    kind: str
    by: str
    text: str
    detail: dict[str, Any]
    """The entry as it was logged."""


def end_of_decisions(here: Deployment) -> int:
    """Offset of the next entry.

    Raises:
        LogError: Kafka does not answer.
    """
    with Log(here.at.kafka, here.settings.decision_topic) as log:
        return log.bounds(0).end


def decisions(here: Deployment, start: int = 0) -> list[Decided]:
    """Entries of this lineage from an offset on, the oldest first; a crash of the trainer may have repeated some.

    Raises:
        LogError: Kafka does not answer.
    """
    found: dict[int, Decided] = {}
    with Log(here.at.kafka, here.settings.decision_topic) as log:
        bounds = log.bounds(0)
        for record in log.read(0, max(start, bounds.earliest), bounds.end):
            logged = msgspec.json.decode(record.value or b"", type=LoggedDecision)
            if logged.lineage == here.lineage:
                found[logged.number] = _decided(logged)
    return list(found.values())


def send_order(here: Deployment, order: Order) -> None:
    """To the trainer.

    Raises:
        LogError: Kafka does not take it.
    """
    producer = Producer({"bootstrap.servers": here.at.kafka, "acks": "all", "enable.idempotence": True})
    try:
        producer.produce(here.settings.command_topic, value=encode(order), partition=0)
        left = producer.flush(_PATIENCE_S)
    except KafkaException as fault:
        raise LogError(f"the order cannot be sent: {fault}") from fault
    if left:
        producer.purge()
        raise LogError("the order cannot be sent: Kafka does not answer")


def _decided(logged: LoggedDecision) -> Decided:
    detail: dict[str, Any] = logged.decision
    if "refused" in detail:
        kind, text, by = "refused", detail["reason"], "operator"
    elif "kind" in detail:
        kind, text, by = detail["kind"], detail["reason"], detail["by"]
    else:
        kind, text, by = "drift", detail["text"], "evidence"
    return Decided(
        number=logged.number, at_ms=detail.get("at_ms"), kind=kind, by=by, text=text, detail=detail
    )
