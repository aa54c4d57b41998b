"""Kafka's record batches into columns, against aiokafka's own parser."""

import struct
from collections.abc import Sequence

import numpy as np
import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.records import Records
from stream_processors import record_batches
from stream_processors.record_batches import RawRecords

T = 1_500_000_000_000
Given = tuple[bytes | None, bytes | None, int]
PARTS = st.one_of(st.none(), st.binary(max_size=200))
RECORDS = st.lists(st.tuples(PARTS, PARTS, st.integers(T - 10**9, T + 10**9)), min_size=1, max_size=70)


def batch(
    records: Sequence[Given], base: int = 0, compression: int = 0, transactional: bool = False
) -> bytes:
    """As a producer sends it, and the broker numbers it."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=compression, is_transactional=transactional, producer_id=-1,
        producer_epoch=-1, base_sequence=-1, batch_size=1 << 24,
    )  # fmt: skip
    for offset, (key, value, timestamp) in enumerate(records):
        assert builder.append(offset, timestamp, key, value, [("h", b"x")]) is not None
    return struct.pack(">q", base) + bytes(builder.build())[8:]


def parsed(data: bytes, check_crcs: bool = True) -> list[tuple[int, list[Given]]]:
    return [(first, given_of(records)) for first, records in RawRecords(data).batches(check_crcs)]


def given_of(records: Records) -> list[Given]:
    return [(records.key(i), records.value(i), int(records.timestamps[i])) for i in range(records.size)]


def of_aiokafka(data: bytes) -> list[tuple[int, Given]]:
    memory = MemoryRecords(data)
    found = []
    while memory.has_next():
        found += [(r.offset, (r.key, r.value, r.timestamp)) for r in memory.next_batch()]
    return found


@settings(deadline=None, max_examples=100)
@given(st.lists(RECORDS, min_size=1, max_size=3), st.sampled_from([0, 1]))
def test_batches_are_what_aiokafka_reads(batches: list[list[Given]], compression: int) -> None:
    base, data = 10**9, b""
    for records in batches:
        data += batch(records, base, compression)
        base += len(records)
    found = parsed(data)
    assert [records for _, records in found] == batches
    flat = [(first + i, given) for first, records in found for i, given in enumerate(records)]
    assert flat == of_aiokafka(data)


def test_the_brokers_time_counts_where_the_topic_says_so() -> None:
    data = bytearray(batch([(b"k", b"v", T), (b"k", b"w", T + 9)]))
    data[22] |= 0b1000  # LogAppendTime: the time of all is the latest one
    assert [t for _, records in parsed(bytes(data), check_crcs=False) for *_, t in records] == [T + 9] * 2
    assert [given[2] for _, given in of_aiokafka(bytes(data))] == [T + 9] * 2


def test_control_batches_are_no_events() -> None:
    data = bytearray(batch([(b"k", b"v", T)], 5, transactional=True))
    data[22] |= 0b100000
    assert parsed(bytes(data) + batch([(b"k", b"v", T)], 6), check_crcs=False) == [(6, [(b"k", b"v", T)])]


def test_a_batch_cut_off_at_the_end_of_the_fetch_waits_for_the_next() -> None:
    whole = batch([(b"k", b"v", T)], 0)
    for cut in (1, 11, 40, len(whole) - 1):
        assert len(parsed(whole + batch([(b"k", b"w", T)], 1)[:cut])) == 1


def test_a_wrong_checksum_is_noticed() -> None:
    data = bytearray(batch([(b"k", b"value", T)]))
    data[-5] ^= 1
    with pytest.raises(CorruptRecordException, match="wrong checksum"):
        parsed(bytes(data))


def varint(number: int) -> bytes:
    """A zigzag varint."""
    value = (number << 1 ^ number >> 63) & (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


PIECES = st.one_of(
    st.binary(max_size=3),
    st.sampled_from([-1, 0, 1, 2, 63, 2**31, 2**62, 2**63 - 1, -(2**63)]).map(varint),
    st.integers(-3, 40).map(varint),
)


@settings(deadline=None, max_examples=500)
@given(st.lists(PIECES, max_size=24).map(b"".join), st.integers(1, 3))
@example(varint(30) + b"\0" + varint(0) + varint(0) + varint(2**63 - 1) + b"\0" * 30, 1)
def test_damage_that_passes_the_checksum_is_read_within_its_bounds(body: bytes, count: int) -> None:
    data = np.frombuffer(body, np.uint8)
    columns = np.zeros((5, count), np.int64)
    if record_batches._parse(data, 0, T, columns):
        for starts, lengths in (columns[1:3].tolist(), columns[3:5].tolist()):
            assert all(0 <= a <= a + max(n, 0) <= len(body) for a, n in zip(starts, lengths, strict=True))


@settings(deadline=None, max_examples=100)
@given(RECORDS, st.data())
def test_a_changed_byte_is_an_error_or_other_records_but_no_crash(
    records: list[Given], data: st.DataObject
) -> None:
    changed = bytearray(batch(records[:5]))
    at = data.draw(st.integers(61, len(changed) - 1))
    changed[at] = data.draw(st.integers(0, 255))
    try:
        found = parsed(bytes(changed), check_crcs=False)
    except CorruptRecordException as fault:
        assert "does not hold what it says" in str(fault)  # noqa: PT017 - either may come
    else:
        assert len(found[0][1]) == len(records[:5])
