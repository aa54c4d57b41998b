"""A user is erased by HTTP and by command: gone from everywhere, also after a rebuild, and may begin anew."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from control import tables
from control.writing import ControlWriter
from domain.control import Note
from domain.events import UserErasure, encode
from local_stack.ports import free_ports
from online_model.ledger.ledger import Ledger
from online_model.ledger.schema import to_table
from tests.integration.feed import DAY, START, Sent, event, publish, some_days
from tests.integration.place import ANSWER_S, WAIT_S, Place, Supervised, eventually
from tests.integration.test_model import Desk
from tests.online_model.ledger.test_ledger import DAY as LEDGER_DAY
from tests.online_model.ledger.test_ledger import LINEAGE, settled

USER = "zoë the unmistakable"
OTHER = "user-1"
END = START + 60 * DAY


def lives() -> Iterator[Sent]:
    """Sixty days of many; the one to be erased comes every other day, also ahead of the last mark."""
    for day, one in enumerate(some_days(5, 30, 1500)):
        yield one
        if day < 60:
            yield event(USER, f"z{day}", "page_view", START + day * DAY)
    yield event(USER, "ahead", "purchase", END + 8 * DAY)


@contextmanager
def client(desk: Desk) -> Iterator[httpx.Client]:
    """Of a key that may do all."""
    key = desk.report("keys", "create", "--scope", "admin")["key"]
    url = f"http://127.0.0.1:{desk.place.settings['api_port']}/v1/users/"
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, timeout=ANSWER_S) as opened:

        def holds() -> bool:
            try:
                return opened.get("nobody/export").status_code == 404
            except httpx.TransportError:
                return False

        eventually("the key holds", holds)
        yield opened


def contents(place: Place) -> bytes:
    """All that Redis holds, keys and values."""
    found: list[bytes] = []
    reads: dict[bytes, Callable[[Any, bytes], Any]] = {
        b"string": lambda store, key: store.get(key),
        b"hash": lambda store, key: store.hgetall(key),
        b"zset": lambda store, key: store.zrange(key, 0, -1),
    }
    with place.store as store:
        for key in store.scan_iter():
            found += [key, repr(reads[store.type(key)](store, key)).encode()]
    return b"\n".join(found)


def caught_up(desk: Desk, worker: Supervised) -> None:
    answer = desk.call("wait", "--timeout", WAIT_S)
    assert answer.returncode == 0, answer.said + worker.text()[-2000:]


def kill(worker: Supervised) -> None:
    child = worker.child()
    if child is not None:
        child.kill()


def archived(place: Place) -> None:
    """A ledger with two rows of the user."""
    rows = settled(20)
    users = [USER if n in (3, 4) else user for n, user in enumerate(rows.users)]
    Ledger(place.home / "archive", LINEAGE).write_day(LEDGER_DAY, to_table(rows._replace(users=users)))


def said(place: Place) -> None:
    """A note about the user, projected."""
    writer = ControlWriter(place.at.kafka, str(place.settings["control_topic"]))
    writer.write([Note(id="n1", user=USER, text="a friend of ours", by="tests", at=1)])
    with place.store as store:
        eventually("the note is projected", lambda: store.exists(tables.of_user(USER)))


def erased_by_http(desk: Desk) -> None:
    place = desk.place
    path = quote(USER, safe="")
    with client(desk) as api:
        known = api.get(f"{path}/export").json()
        assert known["user"] == USER
        assert known["record"]["sessions"] == 61
        assert known["features"]["sessions_total"] == 61
        assert [note["text"] for note in known["said"]] == ["a friend of ours"]
        assert {item["kind"] for item in known["waiting"]} == {"snapshot"}
        assert len(known["ledger"]) == 2
        assert repr(USER)[1:-1].encode() in contents(place)

        answer = api.delete(path)
        assert answer.status_code == 202, answer.text
        done = answer.json()
        assert (done["forgotten"], done["decided"], done["removed"]) == (True, True, 1)
        eventually("the ledger lets go", lambda: api.get(f"{path}/export").status_code == 404)
        again = api.delete(path).json()
        assert (again["forgotten"], again["removed"]) == (True, 0)
        assert httpx.delete(f"{api.base_url}{path}", timeout=ANSWER_S).status_code == 401
    held = contents(place)
    for written in (repr(USER), repr(USER.encode())):
        assert written[2:-1].encode() not in held
    assert desk.call("users", "show", USER).returncode == 1
    assert USER not in {user["user"] for user in desk.report("users", "top", "--count", 100)}


def test_who_is_erased_is_gone_from_everywhere_and_may_begin_anew(
    make_place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = make_place(partitions=2, api_port=free_ports(1, Random())[0])
    desk = Desk(place, monkeypatch, capsys)
    publish(place, lives())
    archived(place)
    with place.worker() as worker, place.notifier() as notifier, place.api() as api:
        caught_up(desk, worker)
        said(place)
        erased_by_http(desk)
        done = desk.report("erase", OTHER, "--yes", "--wait", WAIT_S)
        assert (done["forgotten"], done["decided"]) == (True, True)
        assert desk.call("users", "export", OTHER).returncode == 1
        publish(place, [event(USER, "z1", "page_view", END + DAY), END + 2 * DAY])
        caught_up(desk, worker)
        assert [p.stop() for p in (worker, notifier, api)] == [0, 0, 0]
    before = desk.report("users", "show", USER)
    assert (before["sessions"], before["features"]["events_total"]) == (1, 1)
    place.ebbwatch("rebuild")
    assert desk.report("users", "show", USER) == before
    assert desk.call("users", "show", OTHER).returncode == 1
    report = place.report("verify")
    assert report["identical"], report["differences"]
    assert report["events"]["erased"] == 3


def test_erasures_among_events_are_exact_whatever_dies(
    make_place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = make_place(partitions=2, max_poll_records=50)
    desk = Desk(place, monkeypatch, capsys)
    random = Random(9)

    def mixed() -> Iterator[Sent]:
        for one in some_days(6, 25, 3000):
            yield one
            if random.random() < 0.03:
                yield f"user-{random.randrange(1, 26)}".encode(), encode(UserErasure(erase=True))

    with place.worker() as worker:
        publish(place, mixed())
        for _ in range(3):
            eventually("it works", worker.child)
            time.sleep(0.5)  # somewhere in between, which differs each time
            kill(worker)
        caught_up(desk, worker)
        assert worker.stop() == 0
    report = place.report("verify")
    assert report["identical"], report["differences"]
    assert report["events"]["erased"] > 50
    assert report["snapshots"] > 50
