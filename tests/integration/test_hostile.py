"""Bad input through real Kafka and a real worker. ``HOSTILE_MESSAGES=200000`` sends as many as `make chaos` does."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import Producer

from control.log import Log
from producers.topics import MAX_RECORD_BYTES
from stream_processors.dead_letters import original_key
from tests.hostile.messages import Message, last_mark, messages
from tests.integration.feed import prepare
from tests.integration.place import WAIT_S, Place, eventually

COUNT = int(os.environ.get("HOSTILE_MESSAGES", "10000"))

Expected = dict[tuple[int, int], Message]
"""By partition and offset."""


@pytest.mark.timeout(1200)
def test_bad_input_harms_nobody(place: Place, tmp_path: Path) -> None:
    sent = send(place)
    outcomes = Counter(
        m.reason if m.reason == "mark" else f"dead_letter:{m.reason}" if m.reason else "applied"
        for m in sent.values()
    )
    with place.worker() as worker:
        process = eventually("the worker runs", worker.child)
        waited = place.report("wait", "--timeout", WAIT_S)
        assert waited["events"] == dict(sorted(outcomes.items()))
        assert worker.child() == process, worker.text()[-2000:]
        assert worker.stop() == 0

    assert set(place.report("clock", "status")["clocks"].values()) == {last_mark(COUNT)}
    assert_all_are_dead_letters(place, {at: m for at, m in sent.items() if m.reason not in ("", "mark")})
    verified = place.report("verify")
    assert verified["identical"], verified["differences"]
    assert verified["events"] == waited["events"]

    repaired = repair(place, tmp_path / "letters.jsonl")
    assert repaired == outcomes["dead_letter:no_event_id"]
    again = place.report("run", "--until-idle")["events"]
    assert again["applied"] + again.get("late", 0) == outcomes["applied"] + repaired
    assert place.report("verify")["identical"]


def send(place: Place) -> Expected:
    """Each to the partition that it names; what is expected of it, by where it stands."""
    prepare(place)
    producer = Producer(
        {
            "bootstrap.servers": place.at.kafka,
            "enable.idempotence": True,
            "linger.ms": 20,
            "message.max.bytes": MAX_RECORD_BYTES,
        }
    )
    sent: Expected = {}
    ends = Counter[int]()
    for message in messages(seed=COUNT, count=COUNT, partitions=place.partitions):
        while True:
            try:
                producer.produce(place.topic, message.value, message.key, message.partition)
                break
            except BufferError:
                producer.poll(0.1)
        sent[message.partition, ends[message.partition]] = message
        ends[message.partition] += 1
    assert producer.flush(120) == 0
    return sent


def assert_all_are_dead_letters(place: Place, expected: Expected) -> None:
    """Each with its reason and its original bytes, and none besides."""
    with Log(place.at.kafka, place.dead_letter_topic) as log:
        bounds = log.bounds(0)
        for record in log.read(0, bounds.earliest, bounds.end):
            at = int(record.headers["partition"]), int(record.headers["offset"])
            message = expected.pop(at)
            key = original_key(record.key, record.headers)
            found = key, record.value, record.headers["reason"].decode()
            assert found == (message.key, message.value, message.reason), at
            assert record.headers["topic"].decode() == place.topic
    assert not expected


def repair(place: Place, file: Path) -> int:
    """Give an event id to those that had none, and send them again; how many."""
    place.ebbwatch("dlq", "show", "--reason", "no_event_id", "--out", file)
    letters = [json.loads(line) for line in file.read_text().splitlines()]
    for number, letter in enumerate(letters):
        letter["value"] = json.dumps(json.loads(letter["value"]) | {"event_id": f"repaired{number}"})
    file.write_text("".join(json.dumps(letter) + "\n" for letter in letters))
    report = place.report("dlq", "replay", file)
    assert report == {"sent": len(letters), "unusable": 0}
    return len(letters)
