"""The topics in which the trainer is spoken to and answers: orders of operators, decisions of the tournament."""

from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec
from confluent_kafka import KafkaException, Producer

from connections.kafka import librdkafka
from control.log import Log, LogError
from online_model.training.logged_decision import LoggedDecision
from online_model.training.orders import Order, OrderError, decode, encode

_PATIENCE_S: Final = 20.0
_LOOK_S: Final = 0.1


class ModelTopics(NamedTuple):
    """Where they are."""

    kafka: str
    decisions: str
    commands: str
    lineage: str
    """Of the examples that the trainer learns from; decisions of others are not ours."""


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


def end_of_decisions(at: ModelTopics) -> int:
    """Offset of the next entry.

    Raises:
        LogError: Kafka does not answer.
    """
    with Log(at.kafka, at.decisions) as log:
        return log.bounds(0).end


def decisions(at: ModelTopics, start: int = 0) -> list[Decided]:
    """Entries of this lineage from an offset on, the oldest first; a crash of the trainer may have repeated some.

    Raises:
        LogError: Kafka does not answer.
    """
    found: dict[int, Decided] = {}
    with Log(at.kafka, at.decisions) as log:
        bounds = log.bounds(0)
        for record in log.read(0, max(start, bounds.earliest), bounds.end):
            logged = msgspec.json.decode(record.value or b"", type=LoggedDecision)
            if logged.lineage == at.lineage:
                found[logged.number] = _decided(logged)
    return list(found.values())


def orders(at: ModelTopics) -> list[Order]:
    """All orders that were given so far; what is no order is passed over.

    Raises:
        LogError: Kafka does not answer.
    """
    found = []
    with Log(at.kafka, at.commands) as log:
        bounds = log.bounds(0)
        for record in log.read(0, bounds.earliest, bounds.end):
            with suppress(OrderError):
                found.append(decode(record.value))
    return found


def send_order(at: ModelTopics, order: Order) -> None:
    """To the trainer.

    Raises:
        LogError: Kafka does not take it.
    """
    producer = Producer({**librdkafka(at.kafka), "acks": "all", "enable.idempotence": True})
    try:
        producer.produce(at.commands, value=encode(order), partition=0)
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
