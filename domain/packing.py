"""The bytes that a user's state is stored as: the record without its zeros.

Cap'n Proto's packing (Cap'n Proto encoding manual, "Packing"): for each word of eight bytes a tag byte whose
bit b says that byte b is not zero, then those bytes; after the tags 0x00 and 0xff a count of words that follow
as zeros, or as they are. Trailing zero words are left out.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.compiled import compiled
from domain.state import STATE, STATE_VERSION, States

_WORDS: Final = STATE.itemsize // 8
_PACKED_MAX: Final = _WORDS * 10 + 2  # tag, eight bytes and a count for each word
_LONGEST_RUN: Final = 255


class DamagedStateError(ValueError):
    """A stored record is not one of ours, or of another version."""

    def __init__(self, record: int, records: int, why: str) -> None:
        super().__init__(f"record {record} of {records} {why}")
        self.record = record
        """Its place among those that were read."""


@compiled
def _zero_bytes(word):  # type: ignore[no-untyped-def]
    zeros = 0
    for b in range(8):
        if (word >> np.uint64(8 * b)) & np.uint64(255) == 0:
            zeros += 1
    return zeros


@compiled
def _pack_word(word, out, at):  # type: ignore[no-untyped-def]
    """Tag and bytes of one word; returns the tag."""
    tag = 0
    to = at + 1
    for b in range(8):
        value = (word >> np.uint64(8 * b)) & np.uint64(255)
        if value != 0:
            tag |= 1 << b
            out[to] = value
            to += 1
    out[at] = tag
    return tag, to


@compiled
def _pack_one(words, out, at):  # type: ignore[no-untyped-def]
    last = words.shape[0]
    while last > 0 and words[last - 1] == 0:
        last -= 1
    w = 0
    while w < last:
        tag, at = _pack_word(words[w], out, at)
        w += 1
        if tag == 0 or tag == 255:
            count_at = at
            at += 1
            run = 0
            while w < last and run < _LONGEST_RUN:
                if tag == 0 and words[w] != 0:
                    break
                if tag == 255:
                    if _zero_bytes(words[w]) > 1:
                        break
                    for b in range(8):
                        out[at + b] = (words[w] >> np.uint64(8 * b)) & np.uint64(255)
                    at += 8
                run += 1
                w += 1
            out[count_at] = run
    return at


@compiled
def _pack_many(rows, chosen, out, starts):  # type: ignore[no-untyped-def]
    at = 0
    for i in range(chosen.shape[0]):
        starts[i] = at
        at = _pack_one(rows[chosen[i]], out, at)
    starts[chosen.shape[0]] = at


@compiled
def _unpack_one(data, at, end, row):  # type: ignore[no-untyped-def]
    """Whether the bytes of one record could be read; `row` must be zero."""
    w = np.int64(0)
    while at < end:
        tag = data[at]
        at += 1
        if w == row.shape[0]:
            return False
        word = np.uint64(0)
        for b in range(8):
            if tag & (1 << b):
                if at == end:
                    return False
                word |= np.uint64(data[at]) << np.uint64(8 * b)
                at += 1
        row[w] = word
        w += 1
        if tag == 0 or tag == 255:
            if at == end:
                return False
            run = np.int64(data[at])
            at += 1
            if w + run > row.shape[0] or (tag == 255 and at + run * 8 > end):
                return False
            if tag == 255:
                for r in range(run):
                    word = np.uint64(0)
                    for b in range(8):
                        word |= np.uint64(data[at + b]) << np.uint64(8 * b)
                    row[w + r] = word
                    at += 8
            w += run
    return True


@compiled
def _unpack_many(data, starts, rows):  # type: ignore[no-untyped-def]
    """The first damaged record, or -1."""
    for i in range(starts.shape[0] - 1):
        if not _unpack_one(data, starts[i], starts[i + 1], rows[i]):
            return i
    return -1


def _words(states: States) -> npt.NDArray[np.uint64]:
    return states.view("<u8").reshape(len(states), _WORDS)


def pack(states: States, chosen: npt.NDArray[np.int64]) -> list[bytes]:
    """The stored form of ``states[chosen]``, shape (len(chosen),)."""
    out = np.empty(len(chosen) * _PACKED_MAX, np.uint8)
    starts = np.empty(len(chosen) + 1, np.int64)
    _pack_many(_words(states), chosen, out, starts)
    data = out[: starts[-1]].tobytes()
    return [data[a:b] for a, b in pairwise(starts.tolist())]


def unpack(stored: Sequence[bytes | None]) -> States:
    """Inverse of `pack`, shape (len(stored),); None stands for a user of whom nothing is stored.

    Raises:
        DamagedStateError: with the position in `stored` of the first record that cannot be read.
    """
    states = np.zeros(len(stored), STATE)
    if not stored:
        return states
    parts = [s or b"" for s in stored]
    lengths = np.fromiter(map(len, parts), np.int64, len(parts))
    starts = np.zeros(len(parts) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    damaged = _unpack_many(np.frombuffer(b"".join(parts), np.uint8), starts, _words(states))
    if damaged >= 0:
        raise DamagedStateError(int(damaged), len(stored), "cannot be unpacked")
    states["version"][lengths == 0] = STATE_VERSION
    foreign = np.flatnonzero(states["version"] != STATE_VERSION)
    if len(foreign):
        version = states["version"][foreign[0]]
        raise DamagedStateError(
            int(foreign[0]), len(stored), f"has layout version {version}, this is version {STATE_VERSION}"
        )
    return states
