"""Stored records: what is packed comes back, and damage is named."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import packing
from domain.packing import DamagedStateError, pack, unpack
from domain.state import STATE, STATE_VERSION, States, empty

WORDS = STATE.itemsize // 8
U64 = st.integers(0, 2**64 - 1)
WORD = st.one_of(
    st.just(0), st.integers(0, 255), U64, st.sampled_from([2**64 - 1, 0x0101010101010101, 0x0100000000000001])
)


def words_of(states: States) -> Any:
    return states.view("<u8").reshape(len(states), WORDS)


@st.composite
def runs(draw: st.DrawFn) -> States:
    """A record of runs of alike words: that is where the counts of the packing are at work."""
    states = empty(1)
    words = words_of(states)[0]
    at = 1
    while at < WORDS:
        length = draw(st.sampled_from([1, 1, 2, 3, 8, 60, WORDS]))
        words[at : at + length] = draw(WORD)
        at += length
    return states


@settings(deadline=None, max_examples=200)
@given(st.lists(runs(), min_size=1, max_size=4), st.randoms())
def test_what_is_packed_comes_back(records: list[States], rng: Any) -> None:
    states = np.concatenate(records)
    chosen = np.array([rng.randrange(len(states)) for _ in range(5)])
    back = unpack(pack(states, chosen))
    assert back.tobytes() == states[chosen].tobytes()


def test_nothing_stored_is_an_empty_record() -> None:
    assert unpack([None, b""]).tobytes() == empty(2).tobytes()
    assert len(unpack([])) == 0
    assert pack(empty(3), np.array([], np.int64)) == []


def test_zeros_cost_nothing() -> None:
    assert pack(empty(1), np.zeros(1, np.int64)) == [bytes([0b1, STATE_VERSION])]
    states = empty(1)
    states["ids"] = 2**64 - 1
    states["days"] = 65_535
    states["weeks"] = 2**32 - 1
    assert len(pack(states, np.zeros(1, np.int64))[0]) < STATE.itemsize


def test_the_longest_form_has_room() -> None:
    """Words of seven bytes end each run of whole ones: the packing at its worst."""
    states = empty(1)
    words = words_of(states)[0]
    words[1::2], words[2::2] = 2**64 - 1, 0x0000010101010101
    assert unpack(pack(states, np.zeros(1, np.int64))).tobytes() == states.tobytes()


def python_of(compiled: Any) -> Any:
    """The loop as Python, where an index out of bounds is an error."""
    return getattr(compiled, "py_func", compiled)


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(st.binary(max_size=40), st.lists(st.sampled_from([0, 1, 254, 255]), max_size=300).map(bytes))
)
def test_junk_is_read_within_its_bounds(junk: bytes) -> None:
    row = np.zeros(WORDS, np.uint64)
    whole = python_of(packing._unpack_one)(np.frombuffer(junk, np.uint8), 0, len(junk), row)
    if whole and (junk == b"" or row.view(STATE)["version"][0] == STATE_VERSION):
        assert junk == b"" or unpack([junk]).tobytes() == row.tobytes()
    else:
        with pytest.raises(DamagedStateError, match="has layout version" if whole else "cannot be unpacked"):
            unpack([junk])


@settings(deadline=None, max_examples=100)
@given(runs(), st.data())
def test_a_cut_record_is_damaged_or_holds_fewer_words(record: States, data: st.DataObject) -> None:
    stored = pack(record, np.zeros(1, np.int64))[0]
    cut = stored[: data.draw(st.integers(1, len(stored)))]
    try:
        words = words_of(unpack([stored, cut]))
    except DamagedStateError:
        return
    known = np.flatnonzero(words[1])
    assert (words[1][known] == words[0][known]).all()


def test_too_many_words_are_damage() -> None:
    whole = pack(np.full(1, 255, np.uint8).repeat(STATE.itemsize).view(STATE), np.zeros(1, np.int64))[0]
    for more in (b"\x01\x01", b"\x00\x00", b"\x00\xff", b"\xff" + b"\x01" * 8 + b"\x00"):
        with pytest.raises(DamagedStateError, match="record 1 of 3 cannot be unpacked"):
            unpack([None, whole + more, None])


def test_another_version_names_the_record() -> None:
    states = empty(3)
    states["version"][1] = 7
    with pytest.raises(DamagedStateError) as found:
        unpack(pack(states, np.arange(3)))
    assert str(found.value) == f"record 1 of 3 has layout version 7, this is version {STATE_VERSION}"
    assert found.value.record == 1
