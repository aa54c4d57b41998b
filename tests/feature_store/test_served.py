"""The stored value: facts, and behind them what is served."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.alerts import GONE, HIGH, LOW, MEDIUM, NEVER, Served
from domain.packing import DamagedStateError, unpack
from feature_store.served import TRAILER, UNRANKED, facts, known, trailers, trailers_of, values

SERVED = Served(
    np.array([HIGH, NEVER], np.uint8), np.array([65_535, 0], np.uint16), np.array([1_700_000_040_000, 0]),
    np.array([True, False]),
)  # fmt: skip


def test_a_stored_value_is_the_facts_and_eight_bytes() -> None:
    stored = values([b"facts", b"f"], trailers_of(SERVED, np.array([71, UNRANKED], np.uint8)))
    assert [len(value) for value in stored] == [13, 9]
    assert facts([*stored, None]) == [b"facts", b"f", None]
    back = trailers(stored)
    assert back["rank"].tolist() == [71, UNRANKED]
    again = known(back)
    assert [column.tolist() for column in again] == [column.tolist() for column in SERVED]


def test_nothing_is_known_of_who_was_never_stored_or_is_damaged() -> None:
    found = trailers([None, b"", b"short"])
    assert found["rank"].tolist() == [UNRANKED] * 3
    assert known(found).tiers.tolist() == [NEVER] * 3
    assert not known(found).open.any()
    assert known(found).alerted.tolist() == [0, 0, 0]


def test_trailers_that_were_read_can_be_changed() -> None:
    found = trailers([None])
    found["rank"] = 3
    assert values([b"x"], found) == [b"x" + found.tobytes()]
    assert TRAILER.itemsize == 8


@given(
    st.sampled_from([NEVER, GONE, LOW, MEDIUM, HIGH]), st.integers(0, 65_535), st.integers(0, 2**32 - 1),
    st.booleans(), st.integers(0, 255), st.binary(min_size=1, max_size=9),
)  # fmt: skip
def test_whatever_is_served_comes_back(
    tier: int, basis: int, minute: int, is_open: bool, rank: int, packed: bytes
) -> None:
    given_ = Served(
        np.array([tier], np.uint8), np.array([basis], np.uint16), np.array([minute * 60_000]),
        np.array([is_open]),
    )  # fmt: skip
    (value,) = values([packed], trailers_of(given_, np.array([rank], np.uint8)))
    assert facts([value]) == [packed]
    assert [column.tolist() for column in known(trailers([value]))] == [c.tolist() for c in given_]
    assert trailers([value])["rank"][0] == rank


@pytest.mark.parametrize("stored", [b"\xff", b"\xff\xff", bytes(8)])
def test_a_value_too_short_to_hold_facts_is_damage(stored: bytes) -> None:
    with pytest.raises(DamagedStateError, match="record 1 of 2 cannot be unpacked"):
        unpack(facts([None, stored]))
