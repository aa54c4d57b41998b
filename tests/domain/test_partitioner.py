import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.partitioner import murmur2, partition_of, partitions_of

with warnings.catch_warnings():  # kafka-python reads its schemas in a way that Python 3.11 warns of
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka.partitioner.default import murmur2 as murmur2_of_kafka_python


@given(st.binary(max_size=40))
def test_murmur2_agrees_with_kafka_python(key: bytes) -> None:
    assert murmur2(key) == murmur2_of_kafka_python(key) & 0xFFFF_FFFF


def test_murmur2_agrees_with_java() -> None:
    # org.apache.kafka.common.utils.UtilsTest, as unsigned numbers
    assert murmur2(b"21") == -973932308 & 0xFFFF_FFFF
    assert murmur2(b"foobar") == -790332482 & 0xFFFF_FFFF
    assert murmur2(b"a-little-bit-long-string") == -985981536 & 0xFFFF_FFFF


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.binary(max_size=20), min_size=1, max_size=20), st.integers(1, 50))
def test_many_keys_at_once_are_the_same_as_one_by_one(keys: list[bytes], partitions: int) -> None:
    starts = np.cumsum([0, *map(len, keys)], dtype=np.int64)
    at_once = partitions_of(b"".join(keys), starts, partitions)
    assert at_once.tolist() == [partition_of(k, partitions) for k in keys]
    assert at_once.dtype == np.int32
