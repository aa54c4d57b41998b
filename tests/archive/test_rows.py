"""Rows against an obvious version that takes one record at a time."""

import json
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.schema import EVENT, SCHEMA
from domain.events import MAX_EVENT_BYTES, MAX_TIME_MS, MIN_TIME_MS, ClockMark, Event, UserErasure
from domain.partitioner import partition_of
from domain.rejection import reject
from tests.archive.logs import FACTS, PARTITIONS, START, Told, erasure, event, mark, some, table


def milliseconds(time: Any) -> int:
    return (
        time
        if isinstance(time, int)
        else int((time - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
    )


def utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def obvious(partition: int, offset: int, record: Told) -> dict[str, Any]:
    """The row of one record."""
    row: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    row |= {"partition": partition, "offset": offset, "key": record.key, "value": record.value}
    row |= {"appended": utc(record.timestamp), "day": utc(record.timestamp).date(), "kind": "rejected"}
    future = record.timestamp + FACTS.future_tolerance_ms
    if record.value is None or len(record.value) > MAX_EVENT_BYTES:
        return row | {"reason": reject(record.value, record.key)}
    if record.key is None:
        try:
            found = msgspec.json.decode(record.value, type=ClockMark)
        except (msgspec.MsgspecError, UnicodeError):
            return row | {"reason": reject(record.value, record.key)}
        if found.mark > future:
            return row | {"reason": "future"}
        return row | {"kind": "mark", "time": utc(found.mark), "day": utc(found.mark).date()}
    try:
        one = msgspec.json.decode(record.value, type=Event)
        record.value.decode()
    except (msgspec.MsgspecError, UnicodeError):
        try:
            msgspec.json.decode(record.value, type=UserErasure)
        except (msgspec.MsgspecError, UnicodeError):
            return row | {"reason": reject(record.value, record.key)}
        at_home = partition_of(record.key, PARTITIONS) == partition
        return row | ({"kind": "erasure"} if at_home else {"reason": "misrouted"})
    time = milliseconds(one.time)
    if not MIN_TIME_MS <= time < MAX_TIME_MS:
        return row | {"reason": "bad_time", "user": one.user_id}
    if record.key != one.user_id.encode() or partition_of(record.key, PARTITIONS) != partition:
        return row | {"reason": "misrouted", "user": one.user_id}
    if time > future:
        return row | {"reason": "future", "user": one.user_id}
    same = {f.name: getattr(one, f.name) for f in EVENT if f.name in Event.__struct_fields__}
    row |= same | {"kind": "event", "user": one.user_id, "time": utc(time), "day": utc(time).date()}
    for name in ("amount", "discount"):
        row[name] = None if same[name] is None else cents(same[name])
    row["duration_ms"] = None if one.duration is None else round(one.duration * 1000)
    return row


def cents(amount: float) -> int:
    return int((Decimal(abs(amount) * 100)).quantize(Decimal(1), ROUND_HALF_UP))


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
USERS = st.sampled_from(["user-0", "user-1", "user-2", "zoë"])
EVENTS = st.builds(
    lambda user, fields, shift, wrong: Told(
        (wrong or user).encode(),
        json.dumps(
            {"user_id": user, "event_id": "e", "type": "purchase", "time": START + shift} | fields
        ).encode(),
        START,
    ),
    USERS,
    st.fixed_dictionaries(
        {},
        optional={
            "session_id": TEXT | st.none(),
            "type": st.sampled_from(["page_view", "my own", ""]),
            "amount": st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
            "discount": st.integers(0, 100),
            "quantity": st.integers(-1, 5),
            "pages": st.integers(0, 9),
            "duration": st.floats(0, 90_000),
            "conversion": st.booleans() | st.none(),
            "change": st.sampled_from(["upgrade", "sideways"]),
            "properties": st.just({"a": [1]}),
            "time": st.sampled_from(["2024-01-01T00:00:00.5Z", -5, 10**14, "yesterday"]),
            "feature": TEXT,
            "variant": TEXT,
        },
    ),
    st.integers(-(10**9), 10**6),
    st.sampled_from([None, None, None, "user-1"]),
)
RECORDS = st.lists(
    EVENTS
    | st.sampled_from([mark(START), mark(START + 10**7)._replace(timestamp=START), erasure("user-1", START)])
    | st.builds(Told, st.none() | st.binary(max_size=4), st.none() | st.binary(max_size=60), st.just(START)),
    max_size=20,
)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, PARTITIONS - 1), st.integers(0, 2**40), RECORDS)
def test_rows_are_those_of_one_record_at_a_time(partition: int, first: int, records: list[Told]) -> None:
    found = table(partition, first, records)
    assert found.schema == SCHEMA
    assert found.to_pylist() == [obvious(partition, first + n, r) for n, r in enumerate(records)]


def test_a_long_mixed_log_likewise() -> None:
    for partition, log in some(3, 3000).items():
        rows = table(partition, 7, log).to_pylist()
        assert rows == [obvious(partition, 7 + n, r) for n, r in enumerate(log)]
        assert {row["kind"] for row in rows} == {"event", "mark", "erasure", "rejected"}


@pytest.mark.parametrize(("amount", "expected"), [(12.345, 1235), (-0.005, 1), (0.0, 0), (None, None)])
def test_money_is_rounded_as_the_store_rounds_it(amount: float | None, expected: int | None) -> None:
    (row,) = table(0, 0, [event("user-1", "e", START, amount=amount)]).to_pylist()
    assert row["amount"] == expected


def test_users_of_misrouted_records_can_be_found() -> None:
    (row,) = table(1, 0, [event("user-1", "e", START)]).to_pylist()
    assert (row["kind"], row["reason"], row["user"], row["type"]) == ("rejected", "misrouted", "user-1", None)
