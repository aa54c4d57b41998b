import json

import pytest

from domain.events import MAX_EVENT_BYTES
from domain.rejection import MAX_DEPTH, reject, too_deep

GOOD = {"event_id": "e", "user_id": "u", "type": "page_view", "time": 1_500_000_000_000}


def without(*names: str, **changes: object) -> bytes:
    return json.dumps({k: v for k, v in (GOOD | changes).items() if k not in names}).encode()


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (None, "tombstone"),
        (b"x" * (MAX_EVENT_BYTES + 1), "too_large"),
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"[]", "malformed"),
        (b'"text"', "malformed"),
        (b"\xff\xfe", "malformed"),
        (b'{"user_id": NaN}', "malformed"),
        (b"[" * 30_000, "malformed"),
        (without("user_id"), "no_user"),
        (without(user_id=None), "no_user"),
        (without(user_id=""), "no_user"),
        (without("event_id"), "no_event_id"),
        (without(event_id=None), "no_event_id"),
        (without(event_id=""), "no_event_id"),
        (without(user_id="u" * 129), "too_long"),
        (without(type="t" * 65), "too_long"),
        (without(session_id="s" * 129), "too_long"),
        (without(user_id=7), "malformed"),
        (without(event_id=7), "malformed"),
        (without("time"), "malformed"),
        (without(type=""), "malformed"),
        (without(change="sideways"), "malformed"),
        (without(quantity=-1), "malformed"),
        (b'{"mark": 1500000000000}', "no_user"),
    ],
)
def test_each_fault_has_its_name(value: bytes | None, fault: str) -> None:
    assert reject(value, b"u") == fault


def test_the_first_of_several_faults_counts() -> None:
    assert reject(without("user_id", "event_id", type="t" * 65), b"u") == "no_user"
    assert reject(without("event_id", "time", type="t" * 65), b"u") == "no_event_id"
    assert reject(without("time", type="t" * 65), b"u") == "too_long"


def test_a_record_without_a_key_can_only_be_a_mark() -> None:
    assert reject(without("user_id"), None) == "malformed"
    assert reject(b'{"mark": 5}', None) == "malformed"
    assert reject(None, None) == "tombstone"


def test_length_is_counted_in_characters() -> None:
    assert reject(without("time", feature="é" * 128), b"u") == "malformed"
    assert reject(without("time", feature="é" * 129), b"u") == "too_long"


def nested(depth: int) -> bytes:
    return b'{"extra":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_depth_is_counted_in_open_brackets_outside_texts() -> None:
    assert not too_deep(nested(MAX_DEPTH))
    assert too_deep(nested(MAX_DEPTH + 1))
    assert not too_deep(b"[" + b"[]," * 500 + b"[]]")
    assert not too_deep(json.dumps({"text": '\\"' + "[" * 500}).encode())
    assert too_deep(b'{"text":"\\\\",' + nested(MAX_DEPTH + 1)[1:])


def test_what_is_too_deep_has_no_other_fault() -> None:
    assert reject(nested(MAX_DEPTH), b"u") == "no_user"
    assert reject(nested(MAX_DEPTH + 1), b"u") == "malformed"
