"""Which partition a key belongs to, as Java's producer decides it."""

from typing import Final

import numpy as np
import numpy.typing as npt

from domain.compiled import compiled

_SEED: Final = 0x9747B28C
_FACTOR: Final = 0x5BD1E995
_SHIFT: Final = 24
_BITS: Final = 0xFFFF_FFFF


def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, unsigned (Appleby 2008), seeded as Kafka's Java client seeds it."""
    h = _SEED ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * _FACTOR & _BITS
        k = (k ^ k >> _SHIFT) * _FACTOR & _BITS
        h = (h * _FACTOR & _BITS) ^ k
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * _FACTOR & _BITS
    h = (h ^ h >> 13) * _FACTOR & _BITS
    return h ^ h >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """Partition of a record with this key, 0 to `partitions` - 1."""
    return (murmur2(key) & 0x7FFF_FFFF) % partitions


@compiled
def _partitions(joined, starts, partitions, out):  # type: ignore[no-untyped-def]
    """`partition_of` for each key. The factor has 31 bits, so that no product overflows 63."""
    for i in range(out.shape[0]):
        at = starts[i]
        end = starts[i + 1]
        h = _SEED ^ (end - at)
        while at + 4 <= end:
            k = np.int64(joined[at])
            k |= np.int64(joined[at + 1]) << 8
            k |= np.int64(joined[at + 2]) << 16
            k |= np.int64(joined[at + 3]) << 24
            k = k * _FACTOR & _BITS
            k = (k ^ k >> _SHIFT) * _FACTOR & _BITS
            h = (h * _FACTOR & _BITS) ^ k
            at += 4
        if at < end:
            for b in range(end - at):
                h ^= np.int64(joined[at + b]) << 8 * b
            h = h * _FACTOR & _BITS
        h = (h ^ h >> 13) * _FACTOR & _BITS
        out[i] = (h ^ h >> 15) & 0x7FFF_FFFF
        out[i] %= partitions


def partitions_of(
    joined: npt.NDArray[np.uint8] | bytes, starts: npt.NDArray[np.int64], partitions: int
) -> npt.NDArray[np.int32]:
    """Partition of each key, shape (keys,).

    Args:
        joined: the bytes of all keys, one after another.
        starts: where each key begins, and at last where the last one ends, shape (keys + 1,).
        partitions: how many the topic has.
    """
    out = np.empty(len(starts) - 1, np.int32)
    _partitions(np.frombuffer(joined, np.uint8), starts, partitions, out)
    return out
