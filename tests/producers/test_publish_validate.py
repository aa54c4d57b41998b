"""What the schema refuses, and by which word."""

from typing import Any

import msgspec
import pytest

from domain.events import Event
from producers.validate import InvalidEventError, encoded

GOOD: dict[str, Any] = {"event_id": "e", "user_id": "u", "type": "purchase", "time": 1_600_000_000_000}


def test_a_good_event_comes_back_as_it_went() -> None:
    event = Event(**GOOD | {"amount": 1.5, "properties": {"a": 1}})
    assert msgspec.json.decode(encoded(event), type=Event).amount == 1.5


@pytest.mark.parametrize(
    ("values", "field", "reason"),
    [
        ({"user_id": ""}, "user_id", "no_user"),
        ({"user_id": "u" * 129}, "user_id", "too_long"),
        ({"user_id": 5}, "user_id", "bad_user"),
        ({"event_id": ""}, "event_id", "no_event_id"),
        ({"type": "t" * 65}, "type", "too_long"),
        ({"time": 946_684_799_999}, "time", "bad_time"),
        ({"time": 3_786_912_000_000}, "time", "bad_time"),
        ({"time": "yesterday"}, "time", "bad_time"),
        ({"amount": float("nan")}, "amount", "bad_amount"),
        ({"discount": float("-inf")}, "discount", "bad_discount"),
        ({"amount": 1e11}, "amount", "bad_amount"),
        ({"amount": "12"}, "amount", "bad_amount"),
        ({"quantity": -1}, "quantity", "bad_quantity"),
        ({"geography": "x" * 129}, "geography", "too_long"),
        ({"geography": "\ud800"}, "event", "bad_text"),
        ({"properties": {"a": "x" * 70_000}}, "event", "too_large"),
    ],
)
def test_what_breaks_the_schema_is_named(values: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(InvalidEventError) as raised:
        encoded(Event(**GOOD | values))
    assert (raised.value.field, raised.value.reason) == (field, reason)
    assert str(raised.value).startswith(f"{field}: ")


def test_the_bounds_themselves_are_good() -> None:
    for values in (
        {"time": 946_684_800_000},
        {"time": 3_786_911_999_999},
        {"user_id": "u" * 128},
        {"amount": 1e10},
    ):
        assert encoded(Event(**GOOD | values))
