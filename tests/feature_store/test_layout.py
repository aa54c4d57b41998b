"""The layout's names, the position and what it refuses: what needs no Redis."""

import pytest

from domain.settings import FactSettings
from domain.state import STATE_VERSION
from domain.steps import Progress
from feature_store.keys import NEXT, STREAM, Keys
from feature_store.position import Position, RefusedError, begin, check, decode
from feature_store.stream import Stream

FACTS = FactSettings()


def test_all_keys_of_a_partition_lie_in_one_slot_of_a_cluster() -> None:
    keys = Keys(7, 11).all()
    assert len(set(keys)) == len(keys) == 8
    assert {key[key.index("{") : key.index("}") + 1] for key in keys} == {"{7.11}"}
    assert all(key.startswith("ebbwatch:1:") for key in (*keys, STREAM, NEXT))


def test_generations_and_partitions_share_no_key() -> None:
    names = [key for g in (1, 11) for p in (1, 11) for key in Keys(g, p).all()]
    assert len(set(names)) == len(names)
    stream = Stream(topic="t", partitions=2, generation=11)
    assert stream.keys(1).all() == Keys(11, 1).all()


def test_a_position_comes_back_and_equal_ones_have_equal_bytes() -> None:
    position = begin("topic-id", FACTS, 5)
    assert decode(position.encode()) == position
    assert position.encode() == begin("topic-id", FactSettings(), 5).encode()
    moved = position.after(Progress(offset=9, clock=3, visited=2, upto=1))
    assert moved.progress() == Progress(offset=9, clock=3, visited=2, upto=1)
    assert (moved.topic_id, moved.settings, moved.state) == ("topic-id", FACTS.fingerprint(), STATE_VERSION)
    assert moved.encode() != position.encode()


@pytest.mark.parametrize("stored", [b"", b"{", b"{}", b'{"offset":"x"}', b"12"])
def test_a_damaged_position_is_refused(stored: bytes) -> None:
    with pytest.raises(RefusedError, match=r"cannot be read.*ebbwatch rebuild"):
        decode(stored)


def checked(position: Position, settings: FactSettings = FACTS, earliest: int = 0, end: int = 100) -> None:
    check(position, settings, "topic-id", earliest, end, 3)


@pytest.mark.parametrize("offset", [10, 50, 100])
def test_a_position_within_the_log_is_taken_up(offset: int) -> None:
    checked(begin("topic-id", FACTS, offset), earliest=10)


OTHER = FactSettings(inactivity_ms=1)
HERE = begin("topic-id", FACTS, 50)
OLD_RECORDS = Position(
    topic_id="topic-id", offset=50, clock=0, visited=0, settings=FACTS.fingerprint(), state=99
)


@pytest.mark.parametrize(
    ("words", "position", "settings", "earliest", "end"),
    [
        (f"with other settings ({FACTS.fingerprint()}, here {OTHER.fingerprint()})", HERE, OTHER, 0, 100),
        (f"records of layout 99, this is {STATE_VERSION}", OLD_RECORDS, FACTS, 0, 100),
        ("has id topic-id: it was made anew", begin("another", FACTS, 50), FACTS, 0, 100),
        ("has read up to offset 50, but the log begins at 51", HERE, FACTS, 51, 100),
        ("has read up to offset 50, but the log ends at 49", HERE, FACTS, 0, 49),
    ],
)
def test_each_misfit_is_refused_in_clear_words(
    words: str, position: Position, settings: FactSettings, earliest: int, end: int
) -> None:
    with pytest.raises(RefusedError) as refused:
        checked(position, settings, earliest, end)
    assert words in str(refused.value)
    assert str(refused.value).startswith("partition 3: ")
    assert "ebbwatch rebuild" in str(refused.value)
