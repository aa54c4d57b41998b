"""A worker that does not fit the store or the log ends with one clear word, and a rebuild is the way out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from kafka.admin import KafkaAdminClient
from kafka.structs import TopicPartition

from feature_store.position import decode
from producers.topics import delete_topic, topic_id
from stream_processors.config import EXIT_REFUSED
from tests.integration.feed import DAY, START, event, prepare, publish, some_days
from tests.integration.place import Place, eventually


@pytest.fixture
def filled(place: Place) -> Place:
    """Some days of events, all of them read."""
    publish(place, some_days(seed=3, users=30, events=600))
    place.ebbwatch("run", "--until-idle")
    return place


def assert_refused(place: Place, *words: str) -> None:
    with place.worker() as worker:
        assert worker.ended() == EXIT_REFUSED
        refusals = [line for line in worker.text().splitlines() if "refused:" in line]
        assert len(refusals) == 1, "started anew, though that cannot help"
        for word in words:
            assert word in refusals[0]


def test_other_settings_are_refused_until_a_rebuild(filled: Place) -> None:
    other = filled.but(session_gap=60)
    assert_refused(other, "other settings", "ebbwatch rebuild")
    answer = other.call("verify")
    assert (answer.returncode, "other settings" in answer.said) == (1, True)
    other.ebbwatch("rebuild")
    assert other.report("verify")["identical"]
    assert_refused(filled, "other settings")


def test_a_log_whose_beginning_is_gone_is_refused(filled: Place) -> None:
    publish(filled, [event(f"user-{n}", f"more{n}", time=START + 60 * DAY) for n in range(40)])
    with admin(filled) as kafka:
        behind = {p: decode(stored).offset + 1 for p, stored in positions(filled).items()}
        kafka.delete_records({TopicPartition(filled.topic, p): offset for p, offset in behind.items()})
    assert_refused(filled, "the log begins at", "ebbwatch rebuild")
    answer = filled.call("rebuild")
    assert (answer.returncode, "let go of its beginning" in answer.said) == (1, True)


def test_a_topic_made_anew_is_refused_until_a_rebuild(filled: Place) -> None:
    former = prepare(filled)
    delete_topic(filled.at.kafka, filled.topic)
    eventually("the topic is gone", lambda: topic_id(filled.at.kafka, filled.topic) in (None, GONE))
    assert publish(filled, some_days(seed=4, users=30, events=900)) > 0
    assert prepare(filled) != former
    assert_refused(filled, "made anew", "ebbwatch rebuild")
    filled.ebbwatch("rebuild")
    assert filled.report("verify")["identical"]


def test_a_position_beyond_the_log_is_refused(filled: Place) -> None:
    stream = filled.stream()
    with filled.store as store:
        for partition, stored in positions(filled).items():
            offset = b'"offset":%d' % decode(stored).offset
            assert offset in stored
            store.set(stream.keys(partition).position, stored.replace(offset, offset + b"000"))
    assert_refused(filled, "the log ends at", "ebbwatch rebuild")


def test_a_damaged_record_is_refused_until_a_rebuild(filled: Place) -> None:
    with filled.store as store:
        stream = filled.stream()
        key = stream.keys(0).users
        (user, *_) = cast(Any, store.hkeys(key))
        store.hset(key, user, b"\xff\xff")
    name = user.decode()
    publish(filled, [event(name, "one-more", time=START + 60 * DAY)])
    assert_refused(filled, repr(name), "cannot be unpacked", "ebbwatch rebuild")
    filled.ebbwatch("rebuild")
    assert filled.report("verify")["identical"]


def test_a_position_that_is_none_is_refused(filled: Place) -> None:
    with filled.store as store:
        store.set(filled.stream().keys(0).position, "{}")
    assert_refused(filled, "cannot be read", "ebbwatch rebuild")


GONE = "00000000-0000-0000-0000-000000000000"


def positions(place: Place) -> dict[int, bytes]:
    """Texts of the positions of partitions in which something was read."""
    stream = place.stream()
    with place.store as store:
        found = {p: store.get(stream.keys(p).position) for p in range(stream.partitions)}
    return {
        p: stored for p, stored in found.items() if isinstance(stored, bytes) and decode(stored).offset > 0
    }


@contextmanager
def admin(place: Place) -> Iterator[KafkaAdminClient]:
    """Kafka's own administration."""
    client = KafkaAdminClient(bootstrap_servers=place.at.kafka)
    try:
        yield client
    finally:
        client.close()
