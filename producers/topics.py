"""The topics of a deployment: created once, with settings that the exactness of the stream rests on."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from connections import refusals
from connections.kafka import kafka_python, security
from connections.knock import kafka_answers

MAX_RECORD_BYTES: Final = 5_242_880
"""Longest record in the events topic; far above an event, so that hostile ones reach the dead letters."""

MAX_DEAD_LETTER_BYTES: Final = 6_291_456
"""A dead letter carries the original record and says why."""

_KEEP_ALL: Final = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_COMPACT: Final = {"cleanup.policy": "compact"}


class TopicError(RuntimeError):
    """Kafka cannot be reached, or a topic is not as the project needs it."""


def ensure_topics(
    bootstrap: str,
    events_topic: str,
    partitions: int,
    dead_letter_topic: str,
    control_topic: str = "control",
    *,
    kept: Sequence[str] = (),
    compacted: Sequence[str] = (),
    replication: int = -1,
    timeout_ms: int = 30_000,
) -> str:
    """Create the topics that do not exist yet; calling it again changes nothing.

    Args:
        bootstrap: ``host:port``, several with commas.
        partitions: of the events topic; fixed once it exists.
        kept: further topics of one partition that let go of nothing.
        compacted: further topics of one partition of which the last record of each key counts.
        replication: copies of each partition; -1 leaves it to the broker.
        timeout_ms: how long to try to reach Kafka.

    Returns:
        The events topic's id (UUID as text): a topic deleted and created again has another one.

    Raises:
        TopicError: Kafka does not answer, refuses a topic, or the events topic has other partitions.
    """
    wanted: dict[str, dict[str, Any]] = {
        events_topic: {
            "num_partitions": partitions,
            "replication_factor": replication,
            "configs": _KEEP_ALL
            | {
                # the broker's clock judges events from the future, so producers must not set it
                "message.timestamp.type": "LogAppendTime",
                "max.message.bytes": str(MAX_RECORD_BYTES),
            },
        },
        dead_letter_topic: {
            "num_partitions": 1,
            "replication_factor": replication,
            "configs": _KEEP_ALL | {"max.message.bytes": str(MAX_DEAD_LETTER_BYTES)},
        },
        control_topic: {
            "num_partitions": 1,
            "replication_factor": replication,
            "configs": _COMPACT,
        },
    }
    for names, configs in ((kept, _KEEP_ALL), (compacted, _COMPACT)):
        for name in names:
            wanted[name] = {"num_partitions": 1, "replication_factor": replication, "configs": configs}
    with _admin(bootstrap, timeout_ms) as admin:
        _create(admin, wanted)
        return _checked_id(admin, events_topic, partitions)


def topic_id(bootstrap: str, topic: str, *, timeout_ms: int = 30_000) -> str | None:
    """The topic's id (UUID as text), or None where there is no such topic.

    Raises:
        TopicError: Kafka does not answer.
    """
    with _admin(bootstrap, timeout_ms) as admin:
        found: str | None = admin.describe_topics([topic])[0]["topic_id"]
        return found


def delete_topic(bootstrap: str, topic: str, *, timeout_ms: int = 30_000) -> None:
    """Delete a topic and its records; nothing happens where there is none.

    Raises:
        TopicError: Kafka does not answer, or refuses.
    """
    with _admin(bootstrap, timeout_ms) as admin:
        if admin.describe_topics([topic])[0]["error_code"] == 0:
            admin.delete_topics([topic])


@contextmanager
def _admin(bootstrap: str, timeout_ms: int) -> Iterator[KafkaAdminClient]:
    away = f"Kafka at {bootstrap} does not answer: is it up, and is KAFKA_SECURITY_PROTOCOL what that port speaks?"
    # kafka-python tries a wrong password again and again, and says in the end that it has run out of time
    if security(os.environ).protocol != "PLAINTEXT" and not kafka_answers(
        bootstrap, seconds=timeout_ms / 1000
    ):
        raise TopicError(away)
    try:
        admin = KafkaAdminClient(**kafka_python(bootstrap), bootstrap_timeout_ms=timeout_ms)
    except KafkaError as error:
        raise refusals.of_kafka(error) or TopicError(f"{away} ({error})") from error
    try:
        yield admin
    except KafkaError as error:
        raise refusals.of_kafka(error) or TopicError(f"Kafka at {bootstrap} refuses: {error}") from error
    finally:
        admin.close()


def _create(admin: KafkaAdminClient, wanted: dict[str, dict[str, Any]]) -> None:
    present = {found["name"] for found in admin.describe_topics(list(wanted)) if found["error_code"] == 0}
    missing = {name: options for name, options in wanted.items() if name not in present}
    if not missing:
        return
    answer = admin.create_topics(missing, raise_errors=False, wait_for_metadata=True)
    for topic in answer["topics"]:
        # another process may have been faster
        if topic["error_code"] not in (0, TopicAlreadyExistsError.errno):
            raise for_code(topic["error_code"])(f"{topic['name']}: {topic['error_message']}")


def _checked_id(admin: KafkaAdminClient, topic: str, partitions: int) -> str:
    found = admin.describe_topics([topic])[0]
    has = len(found["partitions"])
    if has != partitions:
        raise TopicError(
            f"topic {topic} has {has} partitions, the settings say {partitions}: "
            f"set EBBWATCH_PARTITIONS={has}, or move the events with `ebbwatch repartition {partitions}`"
        )
    return str(found["topic_id"])
