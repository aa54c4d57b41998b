"""What the transport relies on inside the pinned Faust and aiokafka, and what it makes of fetched bytes."""

import inspect
from importlib.metadata import version
from pathlib import Path

import aiokafka.consumer.fetcher as fetcher
import faust.transport.consumer as faust_consumer
import faust.transport.drivers.aiokafka as driver
import pytest
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from stream_processors.record_batches import RawRecords
from stream_processors.transport import Consumer, Fetch, FetchedPartition, Transport
from tests.stream_processors.test_record_batches import Given, batch

T = 1_500_000_000_000
TP = TopicPartition("session-events", 3)
REQUIREMENTS = Path(__file__).parents[2] / "requirements" / "run.in"


def test_the_versions_are_pinned_to_those_that_were_read() -> None:
    pinned = REQUIREMENTS.read_text("utf-8").splitlines()
    for package in ("faust-streaming", "aiokafka"):
        assert f"{package}=={version(package)}" in pinned


def parameters(function: object) -> list[str]:
    assert callable(function)
    return list(inspect.signature(function).parameters)


def test_the_fetcher_makes_what_we_stand_in_for_as_it_did() -> None:
    source = inspect.getsource(fetcher)
    assert source.count("PartitionRecords(") == 1
    assert source.count("MemoryRecords(") == 1
    assert len(parameters(FetchedPartition)) == len(parameters(fetcher.PartitionRecords)) == 8
    for name in ("has_next", "size_in_bytes"):
        assert callable(getattr(MemoryRecords(b""), name))
        assert callable(getattr(RawRecords(b""), name))


def test_a_fetch_result_asks_no_more_of_us_than_we_have() -> None:
    used = {
        line.split("self._partition_records.")[1].split()[0].strip("():}!r\"'`<>")
        for line in inspect.getsource(fetcher.FetchResult).splitlines()
        if "self._partition_records." in line
    }
    assert {name.split("!")[0] for name in used} == {"next_fetch_offset"}
    assert "getone" not in inspect.getsource(driver)  # which would want __next__


@pytest.mark.parametrize("name", ["_getmany", "seek_to_committed", "_add_gap", "_new_offset"])
def test_what_we_override_is_there_and_called_as_we_take_it(name: str) -> None:
    assert parameters(getattr(Consumer, name)) == parameters(getattr(driver.Consumer, name))
    assert inspect.iscoroutinefunction(getattr(Consumer, name)) == inspect.iscoroutinefunction(
        getattr(driver.Consumer, name)
    )


@pytest.mark.parametrize("name", ["earliest_offsets", "highwaters", "seek_wait"])
def test_what_we_call_is_there(name: str) -> None:
    assert inspect.iscoroutinefunction(getattr(driver.Consumer, name))


def test_faust_starts_where_we_say_after_each_assignment() -> None:
    assert "seek_to_committed()" in inspect.getsource(faust_consumer.Consumer.perform_seek)
    assert "_acked[tp]" in inspect.getsource(faust_consumer.Consumer._new_offset)
    assert Transport.Consumer is Consumer


# -- what becomes of the bytes of a response


def records(count: int, start: int = 0) -> list[Given]:
    return [(b"k", b"v%d" % i, T + i) for i in range(start, start + count)]


def fetched(
    data: bytes, at: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[tuple[int, int, list[bytes | None]]], int]:
    """First and last offset and values of each fetch, and where the next one begins."""
    monkeypatch.setattr(FetchedPartition, "most_records", most)
    partition = FetchedPartition(TP, RawRecords(data), None, at, None, None, True, 0)
    found = [(f.first, f.offset, [f.records.value(i) for i in range(f.records.size)]) for f in partition]
    return found, partition.next_fetch_offset


def values(first: int, stop: int) -> list[bytes]:
    return [b"v%d" % i for i in range(first, stop)]


def test_the_batches_of_a_response_are_one_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    data = batch(records(3), 10) + batch(records(2, 3), 13)
    assert fetched(data, 10, 4000, monkeypatch) == ([(10, 14, values(0, 5))], 15)


def test_a_start_within_a_batch_leaves_out_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = batch(records(3), 10) + batch(records(2, 3), 13)
    assert fetched(data, 12, 4000, monkeypatch) == ([(12, 14, values(2, 5))], 15)
    assert fetched(data, 13, 4000, monkeypatch) == ([(13, 14, values(3, 5))], 15)


def test_a_large_response_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    data = batch(records(5), 0) + batch(records(4, 5), 5)
    found, next_offset = fetched(data, 1, 3, monkeypatch)
    assert [(first, last) for first, last, _ in found] == [(1, 3), (4, 4), (5, 7), (8, 8)]
    assert [value for *_, part in found for value in part] == values(1, 9)
    assert next_offset == 9


def test_what_follows_a_hole_stands_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    data = batch(records(2), 0) + batch(records(2, 2), 7)
    assert fetched(data, 0, 4000, monkeypatch) == ([(0, 1, values(0, 2)), (7, 8, values(2, 4))], 9)


def test_a_fetch_poses_as_a_kafka_record() -> None:
    found = list(FetchedPartition(TP, RawRecords(batch(records(2), 4)), None, 4, None, None, True, 0))
    (fetch,) = found
    assert isinstance(fetch, Fetch)
    assert (fetch.topic, fetch.partition, fetch.offset, fetch.timestamp) == (*TP, 5, T + 1)
    assert fetch.value is fetch
    # what Faust's conversion reads of a record
    source = inspect.getsource(driver.AIOKafkaConsumerThread._ensure_consumer) + inspect.getsource(
        driver.Consumer._to_message
    )
    for name in ("key", "value", "headers", "checksum", "serialized_key_size", "serialized_value_size"):
        assert hasattr(fetch, name)
        assert f"record.{name}" in source
