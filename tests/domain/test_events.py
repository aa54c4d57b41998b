"""The event schema: what is taken, what comes out, and times."""

import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.columns import ACTIVITIES, KINDS
from domain.events import (
    EVENT_TYPES,
    MAX_AMOUNT,
    MAX_TIME_MS,
    MIN_TIME_MS,
    ClockMark,
    Event,
    encode,
    fields,
    json_schema,
    milliseconds,
)

LEAST = {"event_id": "e", "user_id": "u", "type": "page_view", "time": 1_500_000_000_000}


def decode(**changes: object) -> Event:
    return msgspec.json.decode(json.dumps(LEAST | changes).encode(), type=Event)


def test_what_is_encoded_is_decoded_and_absent_fields_take_no_room() -> None:
    event = decode(amount=1.5, session_id="s", properties={"a": [1]})
    assert json.loads(encode(event)) == LEAST | {"amount": 1.5, "session_id": "s", "properties": {"a": [1]}}
    assert msgspec.json.decode(encode(event), type=Event).amount == 1.5
    assert json.loads(encode(decode())) == LEAST
    assert encode(ClockMark(mark=MIN_TIME_MS, visits=3)) == b'{"mark":946684800000,"visits":3}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2017-07-14T02:40:00Z", 1_500_000_000_000),
        ("2017-07-14T04:40:00+02:00", 1_500_000_000_000),
        ("2017-07-14 02:40:00.123456Z", 1_500_000_000_123),
        ("2017-07-14T02:40:00.9999999Z", 1_500_000_001_000),  # msgspec rounds what is below a microsecond
        ("1969-12-31T23:59:59.9995Z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999),
    ],
)
def test_times_as_text(text: str, expected: int) -> None:
    assert milliseconds(decode(time=text).time) == expected


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_an_offset_changes_the_text_but_not_the_time(at: datetime, minutes: int) -> None:
    here = at.replace(tzinfo=UTC)
    expected = (here - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert milliseconds(here) == expected
    try:
        there = here.astimezone(timezone(timedelta(minutes=minutes)))
    except OverflowError:
        return
    assert milliseconds(there) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"time": "2017-07-14T02:40:00"},  # no offset
        {"time": "yesterday"},
        {"time": 1.5},
        {"time": None},
        {"event_id": ""},
        {"user_id": "u" * 129},
        {"type": ""},
        {"quantity": 1_000_001},
        {"amount": MAX_AMOUNT * 1.01},
        {"duration": -1},
        {"duration": 86_401},
        {"pages": -1},
        {"change": "sideways"},
        {"conversion": 1},
        {"properties": [1]},
        {"properties": "text"},
    ],
)
def test_what_breaks_the_schema_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(**changes)


def test_unknown_fields_and_nulls_do_no_harm() -> None:
    assert decode(colour="red", plan=None, properties=None).plan is None


def test_a_mark_takes_nothing_else() -> None:
    for text in ('{"mark":1}', '{"mark":3786912000000}', '{"mark":1500000000000,"x":1}', '{"visits":1}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(text, type=ClockMark)


def test_every_type_has_its_number_and_meaning() -> None:
    assert list(KINDS) == list(EVENT_TYPES)
    assert len(set(KINDS.values())) == len(KINDS)
    assert all(meaning for _, meaning in EVENT_TYPES.values())
    assert {name for name, (opens, _) in EVENT_TYPES.items() if opens} == {
        name for name, number in KINDS.items() if number in ACTIVITIES
    }


def test_what_ends_no_silence_and_what_does() -> None:
    """A renewal or a support reply is no sign of life."""
    for name in (
        "renewal",
        "refund",
        "support_ticket",
        "payment_failed",
        "cancellation",
        "signup",
        "session_end",
    ):
        assert not EVENT_TYPES[name][0], name
    for name in ("session_start", "page_view", "feature_use", "purchase"):
        assert EVENT_TYPES[name][0], name


def test_the_published_schema_names_its_version_and_all_fields() -> None:
    schema = json_schema()
    assert schema["$id"].endswith(":1")
    assert list(schema["$defs"]["Event"]["properties"]) == list(fields())
    assert milliseconds(datetime(2000, 1, 1, tzinfo=UTC)) == MIN_TIME_MS
    assert milliseconds(datetime(2090, 1, 1, tzinfo=UTC)) == MAX_TIME_MS
