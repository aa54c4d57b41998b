"""Requests of Segment's libraries: each message gets its result, and those without a user a dead letter."""

from typing import Any

import msgspec
import pytest

from api.problems import ProblemError
from api.segment.calls import MAX_MADE, Translation, messages_of, translate
from api.segment.mapping import Around
from control.log import Record
from ebbwatch.dead_letters import _letter

AT = "2023-11-14T22:13:20.000Z"


def translated(*messages: Any) -> Translation:
    return translate(messages, Around(None, {}, 1_700_000_000_000, ""), "events")


def message(number: int, **more: Any) -> dict[str, Any]:
    return {"type": "page", "userId": "u", "messageId": f"m{number}", "timestamp": AT} | more


def test_each_message_has_its_result() -> None:
    done = translated(
        message(0), message(1, userId=None), message(2, type="alias"), message(3, type="x"), 5,
        message(4, timestamp="1970-01-01T00:00:00Z"),
    )  # fmt: skip
    assert [(r.status, r.event_id) for r in done.results] == [
        ("accepted", "m0"), ("dead_lettered", "m1"), ("ignored", "m2"), ("rejected", "m3"), ("rejected", None),
        ("rejected", "m4"),
    ]  # fmt: skip
    assert done.results[-1].reason == "bad_time"
    assert [r.key for r in done.records] == [b"u"]
    assert done.kinds == {"page": 3, "alias": 1}


def test_a_dead_letter_reads_as_those_of_the_workers() -> None:
    first, again, other = (translated(message(n, userId=None)).letters[0] for n in (1, 1, 2))
    read = [
        _letter(Record(0, 0, r.key, r.value, {n: v for n, v in r.headers or [] if isinstance(v, bytes)}))
        for r in (first, again, other)
    ]
    assert (read[0].reason, read[0].partition, read[0].timestamp) == ("no_user", -1, 1_700_000_000_000)
    assert read[0].offset == read[1].offset != read[2].offset  # what comes twice is one letter
    assert msgspec.json.decode(read[0].value or "")["event_id"] == "m1"


def test_orders_cannot_make_events_without_end() -> None:
    products = [{"sku": n} for n in range(100)]
    orders = [
        message(n, type="track", event="Order Completed", properties={"products": products})
        for n in range(60)
    ]
    done = translated(*orders)
    assert len(done.records) == MAX_MADE
    assert done.results[-1].reason == "too_many"


@pytest.mark.parametrize(
    ("body", "status"),
    [([], 422), ({}, 422), ({"batch": {}}, 422), ({"batch": [{}] * 1001}, 422), (None, 422)],
)
def test_another_body_is_refused(body: Any, status: int) -> None:
    with pytest.raises(ProblemError) as raised:
        messages_of(body, None)
    assert raised.value.status == status


def test_a_call_of_its_own_says_its_type() -> None:
    assert messages_of({"userId": "u", "sentAt": AT}, "page") == (
        [{"userId": "u", "sentAt": AT, "type": "page"}],
        AT,
    )
