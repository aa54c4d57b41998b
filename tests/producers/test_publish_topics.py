"""The topics are created once, as the stream needs them."""

from collections.abc import Callable

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from local_stack.addresses import Addresses
from producers.topics import TopicError, ensure_topics, topic_id

pytestmark = pytest.mark.integration


def test_topics_are_created_once_with_their_settings(stack: Addresses, unique: Callable[[str], str]) -> None:
    events, dead, control = unique("events"), unique("dead"), unique("control")
    first = ensure_topics(stack.kafka, events, 3, dead, control)
    assert ensure_topics(stack.kafka, events, 3, dead, control) == first == topic_id(stack.kafka, events)

    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    try:
        found = {t["name"]: len(t["partitions"]) for t in admin.describe_topics([events, dead, control])}
        configs = admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name) for name in (events, dead, control)],
            config_filter="all",
        )["topic"]
    finally:
        admin.close()
    assert found == {events: 3, dead: 1, control: 1}
    wanted = {
        (events, "message.timestamp.type"): "LogAppendTime",
        (events, "retention.ms"): "-1",
        (events, "retention.bytes"): "-1",
        (events, "cleanup.policy"): "delete",
        (events, "max.message.bytes"): "5242880",
        (dead, "max.message.bytes"): "6291456",
        (dead, "retention.ms"): "-1",
        (control, "cleanup.policy"): "compact",
    }
    assert {key: configs[key[0]][key[1]]["value"] for key in wanted} == wanted


def test_another_number_of_partitions_is_refused_with_the_way_out(
    stack: Addresses, unique: Callable[[str], str]
) -> None:
    events, dead, control = unique("events"), unique("dead"), unique("control")
    ensure_topics(stack.kafka, events, 3, dead, control)
    with pytest.raises(TopicError, match=r"has 3 partitions, the settings say 5.*ebbwatch repartition 5"):
        ensure_topics(stack.kafka, events, 5, dead, control)


def test_an_unknown_topic_has_no_id(stack: Addresses, unique: Callable[[str], str]) -> None:
    assert topic_id(stack.kafka, unique("never")) is None


def test_kafka_that_does_not_answer_is_named(free_address: str) -> None:
    with pytest.raises(TopicError, match=f"Kafka at {free_address} does not answer"):
        ensure_topics(free_address, "events", 1, "dead", timeout_ms=300)
