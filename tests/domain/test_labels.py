"""Blocks of snapshots and outcomes: there and back, and what is none of them."""

import msgspec
import numpy as np
import pytest

from domain.labels import (
    CANCELLED,
    FEATURES,
    INACTIVE,
    RETURNED,
    BlockError,
    Outcomes,
    Snapshots,
    causes_of,
    decode,
    delay_ms,
    encode,
    lineage_of,
)
from domain.settings import ChurnDefinition, FactSettings

SNAPSHOTS = Snapshots(
    lineage="l",
    partition=3,
    upto=99,
    users=["ann", "ä"],
    times=np.array([5, 7]),
    features=np.array([np.arange(FEATURES), np.full(FEATURES, np.nan)]),
    treated=np.array([0, 6]),
    holdout=np.array([True, False]),
)
OUTCOMES = Outcomes(
    lineage="l",
    partition=3,
    upto=99,
    users=["ann"],
    times=np.array([5]),
    lost=np.array([True]),
    causes=np.array([CANCELLED], np.uint8),
    returned=np.array([0]),
    cancelled=np.array([86_400]),
    treated=np.array([1]),
)


@pytest.mark.parametrize("block", [SNAPSHOTS, OUTCOMES])
def test_a_block_comes_back_to_the_bit(block: Snapshots | Outcomes) -> None:
    again = decode(encode(block))
    assert type(again) is type(block)
    for name in block.__struct_fields__:
        before, after = getattr(block, name), getattr(again, name)
        if isinstance(before, np.ndarray):
            assert (before.dtype, before.shape, before.tobytes()) == (
                after.dtype,
                after.shape,
                after.tobytes(),
            )
        else:
            assert before == after


def altered(**fields: object) -> bytes:
    version, kind, lineage, partition, upto, users, columns = msgspec.msgpack.decode(encode(SNAPSHOTS))
    whole = {"version": version, "kind": kind, "lineage": lineage, "partition": partition, "upto": upto,
             "users": users, "columns": columns} | fields  # fmt: skip
    return msgspec.msgpack.encode(list(whole.values()))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "no block"),
        (b"", "no block"),
        (b"{}", "no block"),
        (altered(version=2), "version 2, this is version 1"),
        (altered(kind="x"), "kind 'x'"),
        (altered(columns=[b""]), "1 columns"),
        (altered(users=["ann"]), "column times has 16 bytes for 1 items"),
        (altered(users=[7, 8]), "no block"),
    ],
)
def test_what_is_no_block_says_why(value: bytes | None, words: str) -> None:
    with pytest.raises(BlockError, match=words):
        decode(value)


@pytest.mark.parametrize(
    ("churn", "causes"),
    [
        ("inactivity", [RETURNED, INACTIVE, RETURNED, CANCELLED]),
        ("cancellation", [RETURNED, RETURNED, CANCELLED, CANCELLED]),
        ("either", [RETURNED, INACTIVE, CANCELLED, CANCELLED]),
    ],
)
def test_what_a_loss_is(churn: ChurnDefinition, causes: list[int]) -> None:
    returned, cancelled = np.array([9, 0, 9, 0]), np.array([0, 0, 9, 9])
    lost, found = causes_of(returned, cancelled, churn)
    assert found.tolist() == causes
    assert lost.tolist() == [cause != RETURNED for cause in causes]


def test_a_lineage_is_of_one_topic_and_one_meaning() -> None:
    facts = FactSettings()
    assert lineage_of(facts, "t") == lineage_of(FactSettings(), "t")
    others = [lineage_of(facts, "u"), lineage_of(FactSettings(horizon_ms=1), "t")]
    assert len({lineage_of(facts, "t"), *others}) == 3
    assert delay_ms(facts) == facts.horizon_ms + facts.allowed_lateness_ms
