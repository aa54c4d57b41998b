"""Decoding: the oracle's reasons for whatever is no event, and the same rows alone and among others."""

import json
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import columns, decode
from domain.columns import CUSTOM, CUSTOM_ACTIVITY, KINDS, MARK, REJECTED, ROW, code_of, hash_of
from domain.decode import Batch, Decoder, minor_units
from domain.events import MAX_TIME_MS, MIN_TIME_MS
from domain.oracle import Partition as Oracle
from domain.records import side_by_side
from domain.settings import FactSettings
from tests.domain.histories import LOCALS, PARTITION, PARTITIONS, STRANGER, LogRecord, event, long_log, mark

FACTS = FactSettings(session_types=("purchase", "watched"))
T = 1_500_000_000_000


def decoded(*records: LogRecord, by: Decoder | None = None) -> Batch:
    return (by or Decoder(PARTITION, PARTITIONS, FACTS)).decode(side_by_side(records))


def reasons_of_the_oracle(records: list[LogRecord]) -> dict[int, str]:
    """Each record judged by itself, so that neither clock nor former events play a part."""
    reasons = {}
    for row, record in enumerate(records):
        outcome = Oracle(PARTITION, PARTITIONS, FACTS).feed(0, record.timestamp, record.key, record.value)
        if outcome.kind == "dead_letter":
            reasons[row] = outcome.reason
    return reasons


def one(time: object, user: str = "ann", timestamp: int = MAX_TIME_MS, **more: object) -> LogRecord:
    body = {"event_id": "e", "user_id": user, "type": "page_view", "time": time} | more
    return LogRecord(user.encode(), json.dumps(body).encode(), timestamp)


ODD: list[tuple[LogRecord, str | None]] = [
    (one(T), None),
    (one(MIN_TIME_MS), None),
    (one(MIN_TIME_MS - 1), "bad_time"),
    (one(MAX_TIME_MS - 1), None),
    (one(MAX_TIME_MS), "bad_time"),
    (one(0), "bad_time"),
    (one(-(2**63)), "bad_time"),
    (one(2**63 - 1), "bad_time"),
    (one(2**63), "bad_time"),
    (one(2**64), "bad_time"),
    (one(10**30), "bad_time"),
    (one("2017-07-14T02:40:00Z"), None),
    (one("2017-07-14T02:40:00"), "malformed"),
    (one("0001-01-01T00:00:00Z"), "bad_time"),
    (one("9999-12-31T23:59:59Z"), "bad_time"),
    (one(T, timestamp=T - 300_000), None),
    (one(T, timestamp=T - 300_001), "future"),
    (one(T, timestamp=-1), "future"),
    (one(T, user=STRANGER), "misrouted"),
    (one(0, user=STRANGER), "bad_time"),
    (one(T)._replace(key=b"bob"), "misrouted"),
    (one(T)._replace(key=b""), "misrouted"),
    (one(T)._replace(key=b"ann\x00"), "misrouted"),
    (one(T)._replace(key=b"\xff\xfe"), "misrouted"),
    (one(T)._replace(key=None), "malformed"),
    (one(T, quantity=2**31), "malformed"),
    (one(T, pages=-1), "malformed"),
    (one(T, session_id="s" * 129), "too_long"),
    (one(T, properties={"a": "x" * 600}), None),
    (one(T, properties=[]), "malformed"),
    (LogRecord(b"ann", None, T), "tombstone"),
    (LogRecord(None, None, T), "tombstone"),
    (LogRecord(b"ann", b" " * 70_000, T), "too_large"),
    (LogRecord(b"ann", b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", T), "malformed"),
    (LogRecord(b"ann", b"[" * 500, T), "malformed"),
    (LogRecord(b"ann", b"", T), "malformed"),
    (LogRecord(b"ann", b'{"mark":1500000000000}', T), "no_user"),
    (mark(T), None),
    (mark(T)._replace(timestamp=T - 300_001), "future"),
    (mark(T)._replace(key=b"ann"), "no_user"),
]


@pytest.mark.parametrize(("record", "reason"), ODD)
def test_each_odd_record_has_its_reason(record: LogRecord, reason: str | None) -> None:
    assert decoded(record).rejected.get(0) == reason
    assert reasons_of_the_oracle([record]).get(0) == reason


def test_odd_records_among_others_keep_their_reasons_and_places() -> None:
    records = [record for record, _ in ODD] * 2
    Random(5).shuffle(records)
    batch = decoded(*records)
    assert batch.rejected == reasons_of_the_oracle(records)
    assert np.flatnonzero(batch.rows["kind"] == REJECTED).tolist() == sorted(batch.rejected)


KEYS = st.sampled_from([None, b"", b"ann", b"bob", STRANGER.encode(), b"\xff"])


SCRAPS = st.one_of(st.binary(max_size=4), st.sampled_from([b'"', b"{", b"1e400", b"null"]))


@st.composite
def nearly_events(draw: st.DrawFn) -> LogRecord:
    """An event of which some bytes were changed, cut or doubled."""
    value = bytearray(
        event(draw(st.sampled_from(LOCALS)), T, "purchase", "e", amount=1.5, plan="gold").value or b""
    )
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(value) - 1))
        length = draw(st.integers(0, 3))
        value[at : at + length] = draw(
            st.one_of(st.binary(max_size=4), st.sampled_from([b'"', b"{", b"1e400", b"null"]))
        )
        value = value or bytearray(b"x")
    return LogRecord(draw(KEYS), bytes(value), MAX_TIME_MS)


JUNK = st.builds(LogRecord, KEYS, st.one_of(st.none(), st.binary(max_size=30)), st.just(MAX_TIME_MS))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(JUNK, nearly_events()), max_size=8))
def test_junk_has_the_oracles_reasons(records: list[LogRecord]) -> None:
    assert decoded(*records).rejected == reasons_of_the_oracle(records)


def by_user(batch: Batch) -> list[dict[str, Any]]:
    """Rows with the user in place of the slot."""
    table = [dict(zip(ROW.names or (), row.tolist(), strict=True)) for row in batch.rows]
    for row, known in enumerate(table):
        if row in batch.rejected:
            table[row] = {"rejected": batch.rejected[row]}
        else:
            known["slot"] = None if known["kind"] == MARK else batch.users[known["slot"]]
    return table


@pytest.mark.parametrize("seed", range(8))
def test_many_at_once_are_the_same_as_one_by_one(seed: int) -> None:
    log = long_log(Random(seed), 200)
    many = Decoder(PARTITION, PARTITIONS, log.settings).decode(side_by_side(log.records))
    alone = Decoder(PARTITION, PARTITIONS, log.settings)
    singles = [alone.decode(side_by_side([record])) for record in log.records]
    assert by_user(many) == [row for single in singles for row in by_user(single)]
    assert many.names == {code: name for single in singles for code, name in single.names.items()}
    assert many.user_hashes.tolist() == [hash_of(user) for user in many.users]
    assert len(set(many.users)) == len(many.users)


def test_a_row_holds_what_the_event_says() -> None:
    said = one(
        "2017-07-14T04:40:00.5+02:00", type="purchase", session_id="s", order_id="o", amount=-2.675,
        discount=0.005, duration=0.0015, quantity=3, pages=2, platform="web", plan="free", channel="c",
        geography="g", feature="f", category="k", product="p", session_type="reading", conversion=True,
    )  # fmt: skip
    row = decoded(said).rows[0]
    assert dict(zip(ROW.names or (), row.tolist(), strict=True)) == {
        "time": T + 500, "id": hash_of("e"), "session": hash_of("s"), "order": hash_of("o"), "amount": 268,
        "discount": 1, "duration_ms": 2, "slot": 0, "quantity": 3, "pages": 2, "platform": code_of("web"),
        "plan": code_of("free"), "channel": code_of("c"), "geography": code_of("g"), "feature": code_of("f"),
        "category": code_of("k"), "product": code_of("p"), "kind": KINDS["purchase"], "session_type": 4,
        "change": 0, "conversion": 1, "paid": 1,
    }  # fmt: skip


def test_what_is_not_said_has_its_default() -> None:
    row = decoded(one(T)).rows[0]
    assert (row["quantity"], row["pages"], row["paid"], row["session"], row["slot"]) == (1, -1, 0, 0, 0)
    assert decoded(one(T, plan="", platform=None)).rows[0]["plan"] == 0


def test_custom_types_are_a_sign_of_life_only_if_they_are_listed() -> None:
    kinds = decoded(one(T, type="watched"), one(T, type="scrolled"), one(T, type="purchase")).rows["kind"]
    assert kinds.tolist() == [CUSTOM_ACTIVITY, CUSTOM, KINDS["purchase"]]


def test_nothing_at_all() -> None:
    batch = decoded()
    assert (len(batch.rows), batch.users, batch.rejected, batch.names) == (0, [], {}, {})


def test_money_is_rounded_half_up_by_magnitude() -> None:
    assert minor_units([0.0, 0.004, 0.005, -0.005, 1.125, -19.99, 1e10]).tolist() == [
        0,
        0,
        1,
        1,
        113,
        1999,
        10**12,
    ]


def test_a_name_is_told_once() -> None:
    decoder = Decoder(PARTITION, PARTITIONS, FACTS)
    assert decoded(one(T, plan="gold", product="tea"), by=decoder).names == {code_of("gold"): "gold"}
    assert decoded(one(T, plan="gold", feature="f"), by=decoder).names == {code_of("f"): "f"}
    assert decoded(one(T, plan="gold"), by=decoder).names == {}


def test_a_flood_of_names_costs_no_memory_and_changes_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_CACHED_NAMES", 50)
    monkeypatch.setattr(columns, "_CACHED_HASHES", 50)
    monkeypatch.setattr(decode, "_REPORTED_NAMES", 30)
    decoder = Decoder(PARTITION, PARTITIONS, FACTS)
    told: dict[int, str] = {}
    for batch in range(20):
        names = [f"n{batch * 7 + i}" for i in range(20)]
        rows = decoded(
            *(
                one(T, type="purchase", feature=n, product=n, session_id=n, order_id=n, plan="gold")
                for n in names
            ),
            by=decoder,
        )
        assert rows.rows["feature"].tolist() == rows.rows["product"].tolist() == [code_of(n) for n in names]
        assert rows.rows["session"].tolist() == rows.rows["order"].tolist() == [hash_of(n) for n in names]
        assert set(rows.rows["plan"].tolist()) == {code_of("gold")}
        told |= rows.names
    assert len(told) <= 60
    for cache in (decoder._codes, decoder._products, decoder._hashes):
        assert len(cache) <= 60


def test_broken_text_is_refused_even_where_nobody_reads_it() -> None:
    value = b'{"event_id":"e","user_id":"ann","type":"page_view","time":%d,"note":"\xff"}' % T
    batch = decoded(LogRecord(b"ann", value, MAX_TIME_MS), one(T))
    assert batch.rejected == {0: "malformed"}
