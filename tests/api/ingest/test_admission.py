"""What becomes of each event of a body: what a worker would take is accepted, and nothing else."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from api.access.identity import inside
from api.ingest.admission import MAX_EVENTS, Result, admit, read
from api.problems import ProblemError
from domain.decode import Decoder
from domain.events import MAX_TIME_MS
from domain.records import side_by_side
from domain.settings import FactSettings
from tests.domain.histories import LogRecord
from tests.hostile.messages import messages

GOOD = {"event_id": "e1", "user_id": "ü", "type": "page_view", "time": 1_700_000_000_000}


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("value", "count", "alone"),
    [
        (GOOD, 1, True),
        ([GOOD, GOOD], 2, False),
        ({"events": [GOOD]}, 1, False),
        ([], 0, False),
        ({}, 1, True),
    ],
)
def test_a_body_is_an_event_or_a_list(value: Any, count: int, alone: bool) -> None:
    found = read(b" " + body(value) + b"\n")
    assert (len(found.events), found.alone) == (count, alone)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[1,]", 400),
        (b"\xff", 400),
        (b'["\xff"]', 400),
        (b"[" * 100_000, 400),
        (b"[] []", 400),
        (b"5", 422),
        (b"null", 422),
        (b'"text"', 422),
        (body([GOOD] * (MAX_EVENTS + 1)), 422),
        (body({"events": [1] * (MAX_EVENTS + 1)}), 422),
    ],
)
def test_another_body_is_refused(raw: bytes, status: int) -> None:
    with pytest.raises(ProblemError) as raised:
        read(raw)
    assert raised.value.status == status


def test_an_accepted_event_goes_on_as_it_was_written() -> None:
    raw = b'{"time": 1700000000000,  "more": 1.10, "event_id": "e", "user_id": "\\u00fc", "type": "t"}'
    found = admit([raw], "")
    assert found.results == [Result("accepted", "e")]
    assert [(r.key, r.value) for r in found.records] == [("ü".encode(), raw)]


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"user_id": ""}, "user_id", "no_user"),
        ({"user_id": None}, "user_id", "no_user"),
        ({"user_id": "a\0"}, "user_id", "bad_user"),
        ({"user_id": "u" * 129}, "user_id", "too_long"),
        ({"event_id": None}, "event_id", "no_event_id"),
        ({"time": "2024-01-01T00:00:00"}, "time", "bad_time"),
        ({"time": 5}, "time", "bad_time"),
        ({"time": 10**30}, "time", "bad_time"),
        ({"amount": "1"}, "amount", "bad_amount"),
        ({"type": ""}, "type", "bad_type"),
        ({"properties": {"a": "x" * 70_000}}, "event", "too_large"),
    ],
)
def test_a_rejected_event_names_field_and_reason(change: dict[str, Any], field: str, reason: str) -> None:
    found = admit([body(GOOD), body(GOOD | change), body(GOOD)], "")
    assert [r.status for r in found.results] == ["accepted", "rejected", "accepted"]
    assert (found.results[1].field, found.results[1].reason) == (field, reason)
    assert len(found.records) == 2


@pytest.mark.parametrize(
    ("missing", "reason"), [("user_id", "no_user"), ("event_id", "no_event_id"), ("time", "missing")]
)
def test_a_missing_field_is_named(missing: str, reason: str) -> None:
    found = admit([body({name: value for name, value in GOOD.items() if name != missing})], "")
    assert (found.results[0].field, found.results[0].reason) == (missing, reason)


def test_rfc_3339_is_a_time() -> None:
    assert admit([body(GOOD | {"time": "2024-02-29T23:59:59.5+02:00"})], "").results[0].status == "accepted"


def test_whole_numbers_may_be_written_with_a_point() -> None:
    raw = b'{"event_id": "e", "user_id": "u", "type": "t", "time": 1.7e12, "quantity": 2.0, "more": 1.10}'
    (record,) = admit([raw], "").records
    assert record.value == (
        b'{"event_id":"e","user_id":"u","type":"t","time":1700000000000,"quantity":2,"more":1.10}'
    )
    assert admit([raw.replace(b"2.0", b"2.5")], "").results[0].reason == "bad_quantity"


def test_it_judges_as_a_worker_does() -> None:
    judge = Decoder(0, 1, FactSettings())
    seen = set()
    for message in messages(11, 6_000, 1, huge=4):
        if message.key is None or message.value is None or message.reason == "future":
            continue
        user = message.key
        with suppress(
            msgspec.MsgspecError, ValueError, RecursionError, LookupError, TypeError, AttributeError
        ):
            user = msgspec.json.decode(message.value)["user_id"].encode()
        batch = judge.decode(side_by_side([LogRecord(user, message.value, MAX_TIME_MS)]))
        taken = admit([message.value], "").results[0]
        assert (taken.status == "rejected") == bool(batch.rejected), (
            message.value[:200],
            taken,
            batch.rejected,
        )
        seen.add(message.reason)
    assert len(seen) > 5


def test_with_a_secret_the_id_itself_does_not_come_in() -> None:
    raw = b'{"event_id": "e", "user_id": "ann", "type": "t", "time": 1700000000000, "more": 1.10}'
    (record,) = admit([raw], "secret").records
    assert record.key == inside("ann", "secret").encode()
    assert b"ann" not in record.value
    assert b'"more":1.10' in record.value
    assert json.loads(record.value)["user_id"].encode() == record.key
