"""A file into Kafka, through the workers, into Redis, and out again, by the command line alone."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from control.log import Log
from feature_store import served
from feature_store.stream import load_next
from producers.publish import Publisher
from tests.integration.feed import DAY, START, event, publish, some_days
from tests.integration.place import Place, eventually

SHOP = """who,when,what,paid
ann,2024-01-01 10:00,page_view,
ann,2024-01-01 10:20,purchase,12.5
ann,2024-01-03 09:00,page_view,
bob,2024-01-02 10:00,page_view,
bob,2024-03-01 10:00,page_view,
,2024-01-02 11:00,page_view,
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.csv"
    path.write_text(SHOP)
    return path


def test_from_a_file_to_risk_and_back(place: Place, shop: Path) -> None:
    columns = ("--user", "who", "--time", "when", "--type", "what", "--amount", "paid")
    replayed = place.report("replay", shop, *columns, "--mark-every", "1d")
    assert (replayed["rows"], replayed["sent"], replayed["rejected"]) == (6, 5, {"no_user": 1})
    marks = replayed["marks"] * place.partitions

    ran = place.report("run", "--until-idle")
    assert (ran["users"], ran["lag"]) == (2, 0)
    assert ran["events"] == {"applied": 5, "mark": marks}

    verified = place.report("verify")
    # four each of ann and of bob, before they were gone
    assert (verified.pop("snapshots"), verified.pop("outcomes")) == (8, 8)
    assert verified == {
        "identical": True, "users": 2, "events": {"applied": 5, "mark": marks}, "records": 5 + marks,
        "emptied": 0, "passed": 0, "differences": [],
    }  # fmt: skip

    ann = place.report("users", "show", "ann")
    assert (ann["user"], ann["tier"], ann["risk"]) == ("ann", "gone", None)
    assert ann["features"]["sessions_total"] == 2
    bob = place.report("users", "show", "bob")
    assert bob["tier"] in ("low", "medium", "high")
    assert 0 < bob["risk"] < 1
    assert bob["reasons"]
    assert [u["user"] for u in place.report("users", "top")] == ["bob"]
    assert place.call("users", "show", "eve").returncode == 1

    status = place.report("clock", "status")
    assert status["live"] is False
    assert len(set(status["clocks"].values())) == 1


def test_a_dead_letter_is_shown_repaired_and_brought_in(place: Place, tmp_path: Path) -> None:
    publish(
        place, [event("ann", "1"), (b"ann", b'{"event_id": "2", "user_id": "ann", "type": 7}'), START + DAY]
    )
    assert place.report("run", "--until-idle")["events"]["dead_letter:malformed"] == 1
    shown = place.report("dlq", "show")
    assert shown["reasons"] == {"malformed": 1}
    assert shown["latest"][0]["value"] == '{"event_id": "2", "user_id": "ann", "type": 7}'

    letters = tmp_path / "letters.jsonl"
    place.ebbwatch("dlq", "show", "--out", letters)
    letter = json.loads(letters.read_text())
    letter["value"] = event("ann", "2", time=START + DAY)[1].decode()
    letters.write_text(json.dumps(letter))
    assert place.report("dlq", "replay", letters) == {"sent": 1, "unusable": 0}
    assert place.report("run", "--until-idle")["events"]["applied"] == 2
    assert place.report("users", "show", "ann")["features"]["events_total"] == 2
    assert place.report("verify")["identical"]


def test_a_rebuild_and_other_partitions_give_the_same_users(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=3)
    publish(place, some_days(seed=1, users=60, events=3000))
    ran = place.report("run", "--until-idle")
    before = facts(place)

    place.ebbwatch("rebuild")
    assert place.stream().generation == 2
    assert facts(place) == before
    assert place.report("verify")["events"] == ran["events"]

    with ThreadPoolExecutor() as pool, place.store as store:
        moving = pool.submit(place.ebbwatch, "repartition", 5)
        eventually("the log is copied, and the store is being filled", lambda: load_next(store))
        with Publisher(place.at.kafka, place.topic, 3) as publisher:
            publisher.send(*event("straggler", "s"))  # as the API, which sees the switch when it has come
        moving.result()
    moved = place.stream()
    with Log(place.at.kafka, moved.topic) as log:
        ends = {p: log.bounds(p).end for p in range(5)}
        users = {record.key for p, end in ends.items() for record in log.read(p, 0, end)}
    assert b"straggler" in users
    assert (moved.partitions, moved.generation) == (5, 3)
    assert facts(place) == before
    verified = place.report("verify")
    assert verified["identical"]
    assert {k: n for k, n in verified["events"].items() if k != "mark"} == {
        k: n for k, n in ran["events"].items() if k != "mark"
    }


def test_a_damaged_store_is_found_and_mended(place: Place) -> None:
    publish(place, some_days(seed=2, users=20, events=500))
    place.ebbwatch("run", "--until-idle")
    stream = place.stream()
    with place.store as store:
        keys = next(k for k in map(stream.keys, range(stream.partitions)) if store.hlen(k.users))
        user = next(iter(store.hgetall(keys.users)))
        store.hset(keys.users, user, b"\x01\x01" + store.hget(keys.users, user))
        store.hincrby(keys.counts, "applied", 1)
    answer = place.call("verify", "--json")
    report = answer.json()
    assert answer.returncode == 1
    assert not report["identical"]
    said = " ".join(report["differences"])
    assert f"record of user {user.decode()!r}" in said
    assert "count of 'applied'" in said
    place.ebbwatch("rebuild")
    assert place.report("verify")["identical"]


def test_a_live_clock_follows_the_wall(make_place: Callable[..., Place]) -> None:
    place = make_place(mark_interval=0.2, clock_lag=1, partitions=2)
    publish(place, [event("ann", "1")])
    place.ebbwatch("clock", "live")
    with place.worker() as worker:

        def clocks() -> list[int]:
            return list(place.report("clock", "status")["clocks"].values())

        first = eventually("both clocks are live", lambda: len(c := clocks()) == 2 and min(c) > START and c)
        eventually("both go on", lambda: all(b > a for a, b in zip(first, clocks(), strict=True)))
        assert worker.stop() == 0
    assert place.report("clock", "status")["live"] is True
    assert place.report("verify")["identical"]


def facts(place: Place) -> dict[str, str]:
    """Each user's facts, wherever they lie."""
    stream = place.stream()
    found: dict[str, str] = {}
    with place.store as store:
        for partition in range(stream.partitions):
            users: Any = store.hgetall(stream.keys(partition).users)
            packed = served.facts(list(users.values()))
            found |= {u.decode(): r.hex() for u, r in zip(users, packed, strict=True) if r is not None}
    return found
