"""The feed of alerts: readers by cursor and by stream agree with the topic, whatever dies meanwhile."""

import csv
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec
import pytest
import xxhash
from httpx_sse import connect_sse

from control import tables
from control.log import Log
from control.writing import ControlWriter
from domain.alerts import Alert
from domain.control import Erasure
from domain.events import Event
from domain.triage import in_holdout
from local_stack.addresses import Addresses
from tests.integration.place import Api, Place, eventually
from tests.integration.services import raised, send, serving

MANY = 1000
HOLDOUT = 0.1
"""The default."""
SNOOZED_MS = 10_000


@pytest.fixture(scope="module")
def services(stack: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder: Path = tmp_path_factory.mktemp("feed")
    with serving(stack, folder, f"feed-{folder.name}") as running:
        yield running


@pytest.fixture(scope="module")
def client(services: Api) -> Iterator[httpx.Client]:
    with services.caller("alerts") as calling:
        yield calling


class CursorReader:
    """Stores its cursor after each page."""

    def __init__(self, client: httpx.Client, limit: int) -> None:
        self._client = client
        self._limit = limit
        self.cursor: str | None = None
        self.entries: list[dict[str, Any]] = []

    def page(self) -> int:
        parameters: dict[str, str | int] = {"limit": self._limit}
        if self.cursor is not None:
            parameters["cursor"] = self.cursor
        answer = self._client.get("/v1/alerts", params=parameters)
        answer.raise_for_status()
        self.entries += answer.json()["items"]
        self.cursor = answer.json()["cursor"]
        return len(answer.json()["items"])

    def to_end(self) -> None:
        while self.page():
            pass


def with_repeats(alerts: list[Alert], random: Random) -> list[Alert]:
    """As a worker that dies now and then writes them: some stretches come again."""
    written: list[Alert] = []
    for at, alert in enumerate(alerts):
        written.append(alert)
        if random.random() < 0.05:
            written += alerts[max(at - random.randrange(20), 0) : at + 1]
    return written


def test_cursor_readers_agree_with_the_topic(services: Api, client: httpx.Client) -> None:
    alerts = [raised(number) for number in range(MANY)]
    written = with_repeats(alerts, Random(1))
    slow, quick = CursorReader(client, 7), CursorReader(client, 1000)
    for at in range(0, len(written), 100):
        send(services.place, written[at : at + 100])
        if at % 300 == 0:
            services.kill_notifier()
        slow.page()
        quick.to_end()

    wanted = sorted(alert.id for alert in alerts if not in_holdout(alert.user, HOLDOUT))

    def all_there() -> bool:
        slow.to_end()
        return len(slow.entries) >= len(wanted)

    eventually("all alerts are handed out", all_there)
    quick.to_end()
    assert MANY * 0.8 < len(wanted) < MANY
    assert sorted(entry["alert"] for entry in slow.entries) == wanted
    assert quick.entries == slow.entries
    assert client.get("/v1/alerts", params={"limit": 1}).json()["end"] == quick.cursor
    assert [entry["number"] for entry in slow.entries] == sorted({entry["number"] for entry in slow.entries})


def test_an_erased_user_leaves_the_feed_and_stays_away(services: Api, client: httpx.Client) -> None:
    gone = client.get("/v1/alerts", params={"limit": 1}).json()["items"][0]
    topic = str(services.place.settings["control_topic"])
    with Log(services.place.at.kafka, topic) as log:
        keys = [record.key or b"" for record in log.read(0, 0, log.bounds(0).end)]
    theirs = [key for key in dict.fromkeys(keys) if key.endswith(f"/{gone['user']}".encode())]
    assert len(theirs) >= 2
    hash_ = xxhash.xxh3_64_hexdigest(gone["user"].encode())
    erasure = Erasure(id=hash_, at=int(time.time() * 1000), by="tests")
    ControlWriter(services.place.at.kafka, topic).write([erasure], theirs)
    path = f"/v1/alerts/{gone['alert']}"
    eventually("the alert is gone", lambda: client.get(path).status_code == 404)
    send(services.place, [raised(int(gone["user"].removeprefix("user-")), recorded=erasure.at)])
    released(services, client, 4001)  # what came before it has been decided on by now
    assert client.get("/v1/alerts", params={"limit": 1}).json()["items"][0]["user"] != gone["user"]
    with services.place.store as store:
        kept: list[Any] = [*store.hkeys(tables.CHANGED), *store.zrange(tables.CHANGES, 0, -1)]
        assert gone["user"].encode() not in kept
        assert store.exists(tables.of_user(gone["user"])) == 0


def test_a_lost_projection_comes_back_byte_for_byte(services: Api, client: httpx.Client) -> None:
    place = services.place
    with place.store as store:
        before: Any = store.zrange(tables.FEED, 0, -1, withscores=True)
        alerts: Any = store.hgetall(tables.ALERTS)
        assert before
        store.delete(*store.keys(f"{tables.BASE}:*"))
        services.kill_notifier()

        def feed() -> Any:
            return store.zrange(tables.FEED, 0, -1, withscores=True)

        eventually("as many entries", lambda: len(feed()) >= len(before))
        assert feed() == before
        # the notifier that was killed may have gone on for a moment after the loss: only a steady state counts
        eventually("the alerts are as they were", lambda: store.hgetall(tables.ALERTS) == alerts)
        eventually("the alerts are read again", lambda: store.exists(tables.ALERTS_READ))


class StreamReader:
    """An EventSource: comes again with the last id that it has seen."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.last = ""
        self.entries: list[dict[str, Any]] = []

    def read(self, stop_at: int) -> None:
        """Read until so many entries are known, then cut the connection."""
        headers = {"Last-Event-ID": self.last} if self.last else {}
        with connect_sse(self._client, "GET", "/v1/alerts/stream", headers=headers) as source:
            source.response.raise_for_status()
            for event in source.iter_sse():
                self.last = event.id
                if event.data:
                    self.entries.append(event.json())
                if len(self.entries) >= stop_at:
                    return


def test_a_stream_that_is_cut_off_ten_times_misses_none(services: Api, client: httpx.Client) -> None:
    plain, reader = CursorReader(client, 1000), StreamReader(client)
    plain.to_end()
    reader.read(0)
    assert reader.last == plain.cursor  # it begins where the feed ends
    before = len(plain.entries)
    alerts = [a for a in (raised(number) for number in range(5000, 5130)) if not in_holdout(a.user, HOLDOUT)]
    for cut in range(10):
        send(services.place, alerts[cut * 10 : cut * 10 + 10])
        reader.read((cut + 1) * 10 - cut)  # never up to the end of what has come
    reader.read(100)
    plain.to_end()
    assert reader.entries == plain.entries[before:]


def released(services: Api, client: httpx.Client, number: int, **fields: Any) -> str:
    """A new alert that was handed out; its id."""
    while in_holdout(f"user-{number}", HOLDOUT):
        number += 100_000
    alert = raised(number, **fields)
    send(services.place, [alert])
    path = f"/v1/alerts/{alert.id}"
    eventually("it is handed out", lambda: client.get(path).json().get("state") == "open")
    return alert.id


def test_a_life_with_all_its_steps(services: Api, client: httpx.Client) -> None:
    id_ = released(services, client, 7001)
    assert client.post(f"/v1/alerts/{id_}/assign", json={"owner": "Kim"}).json() == {
        "id": id_,
        "state": "open",
    }
    assert client.post(f"/v1/alerts/{id_}/acknowledge").json()["state"] == "acknowledged"
    # far enough ahead that a slow machine answers before it is over
    until = int(time.time() * 1000) + SNOOZED_MS
    assert client.post(f"/v1/alerts/{id_}/snooze", json={"until": until}).json()["state"] == "snoozed"
    eventually("it comes back", lambda: client.get(f"/v1/alerts/{id_}").json()["state"] == "open")
    assert (
        client.post(f"/v1/alerts/{id_}/dismiss", json={"reason": "on leave"}).json()["state"] == "dismissed"
    )
    assert client.post(f"/v1/alerts/{id_}/acknowledge").status_code == 409
    found = client.get(f"/v1/alerts/{id_}").json()
    assert [step["what"] for step in found["steps"]] == [
        "raised", "released", "assigned", "acknowledged", "snoozed", "returned", "dismissed",
    ]  # fmt: skip
    assert [step["by"] for step in found["steps"]] == ["notifier"] * 2 + ["tests"] * 3 + ["notifier", "tests"]
    assert (found["owner"], found["alert"]["owner"], found["alert"]["state"]) == ("Kim", "Kim", "dismissed")
    assert found["alert"]["why"] == (
        "The risk of losing this user has risen from 20 % to 75 %: no session for 12 days."
    )
    entries = client.get("/v1/alerts", params={"limit": 1000}).json()["items"]
    assert [e["event"] for e in entries if e["alert"] == id_][-1:] in (["alert.returned"], [])


def test_resolved_by_the_stream_and_told(services: Api, client: httpx.Client) -> None:
    before = client.get("/v1/users/changes").json()["cursor"]
    while (page := client.get("/v1/users/changes", params={"cursor": before, "limit": 1000}).json())["items"]:
        before = page["cursor"]
    id_ = released(services, client, 7002)
    user = client.get(f"/v1/alerts/{id_}").json()["user"]
    over = raised(7002, user=user, id="f" * 16, kind="resolved", tier="low", risk=0.1, reasons=[])
    send(services.place, [over])
    eventually("it is resolved", lambda: client.get(f"/v1/alerts/{id_}").json()["state"] == "resolved")
    (row,) = client.get("/v1/users/changes", params={"cursor": before}).json()["items"]
    assert row == {"external_id": user, "score": 0.1, "tier": "low", "reason": "", "as_of": over.time}


def test_who_was_contacted_opted_out_or_is_in_the_holdout_is_left_alone(
    services: Api, client: httpx.Client
) -> None:
    users = [user for user in (f"user-{n}" for n in range(8000, 8100)) if not in_holdout(user, HOLDOUT)]
    contacted, out, campaign, again = users[:4]
    held = next(user for user in (f"user-{n}" for n in range(8000, 8200)) if in_holdout(user, HOLDOUT))
    made = client.post(f"/v1/users/{contacted}/contacts", json={"how": "phone"})
    assert made.status_code == 201, made.text
    assert client.get(f"/v1/users/{contacted}/contacts").json()["items"] == [made.json()]
    assert client.post(f"/v1/users/{out}/opt-outs", json={}).status_code == 201
    for user in (campaign, again):
        body = {"reason": "campaign:spring"}
        assert client.post(f"/v1/users/{user}/opt-outs", json=body).status_code == 201
    assert client.delete(f"/v1/users/{again}/opt-outs/campaign:spring").status_code == 204
    assert client.delete(f"/v1/users/{again}/opt-outs/campaign:spring").status_code == 404
    alerts = {u: raised(9000 + i, user=u) for i, u in enumerate([contacted, out, campaign, again, held])}
    late = raised(9100, user=users[5], deliver=False, held=True)
    send(services.place, [*alerts.values(), late])

    def now(id_: str) -> tuple[str, str]:
        found = client.get(f"/v1/alerts/{id_}").json()
        return found.get("state", ""), found.get("reason", "")

    eventually("the last is decided", lambda: now(late.id)[0] == "suppressed")
    eventually("the holdout's turn has come", lambda: now(alerts[held].id)[0] == "suppressed")
    eventually("the other is handed out", lambda: now(alerts[again].id)[0] == "open")
    assert now(alerts[contacted].id) == ("suppressed", "contacted")
    assert now(alerts[out].id) == ("suppressed", "opted_out")
    assert now(alerts[campaign].id) == ("suppressed", "campaign:spring")
    assert now(alerts[held].id) == ("suppressed", "holdout")
    assert now(late.id) == ("suppressed", "held")
    facts = {(event.type, event.variant, event.user_id) for event in events(services.place)}
    assert ("promotion", None, contacted) in facts
    assert ("experiment_assignment", "holdout", held) in facts
    assert ("experiment_assignment", "alerted", again) in facts
    rows = client.get("/v1/users/changes", params={"limit": 1000}).json()
    while rows["next"]:
        assert held not in {row["external_id"] for row in rows["items"]}
        rows = client.get("/v1/users/changes", params={"limit": 1000, "cursor": rows["next"]}).json()
    assert held not in {row["external_id"] for row in rows["items"]}


def events(place: Place) -> list[Event]:
    """All of the events topic."""
    found: list[Event] = []
    with Log(place.at.kafka, place.topic) as log:
        for partition in range(place.partitions):
            records = log.read(partition, 0, log.bounds(partition).end)
            found += [msgspec.json.decode(record.value or b"", type=Event) for record in records]
    return found


def test_notes_feedback_and_media(services: Api, client: httpx.Client) -> None:
    id_ = released(services, client, 7003)
    user = client.get(f"/v1/alerts/{id_}").json()["user"]
    assert client.post(f"/v1/alerts/{id_}/notes", json={"text": "called twice"}).status_code == 201
    assert client.post(f"/v1/users/{user}/notes", json={"text": "likes tea"}).status_code == 201
    assert [n["text"] for n in client.get(f"/v1/alerts/{id_}/notes").json()["items"]] == ["called twice"]
    first = client.get(f"/v1/users/{user}/notes", params={"limit": 1}).json()
    second = client.get(f"/v1/users/{user}/notes", params={"limit": 1, "cursor": first["next"]}).json()
    assert [n["text"] for n in first["items"] + second["items"]] == ["called twice", "likes tea"]
    assert second["next"] is None
    assert client.post(f"/v1/alerts/{id_}/feedback", json={"verdict": "saved"}).status_code == 201
    assert client.get(f"/v1/alerts/{id_}/feedback").json()["items"][0]["by"] == "tests"
    lines = client.get("/v1/users/changes", headers={"Accept": "application/x-ndjson"}, params={"limit": 2})
    table = client.get("/v1/users/changes", headers={"Accept": "text/csv"}, params={"limit": 2})
    assert [json.loads(line)["external_id"] for line in lines.text.splitlines()] == [
        row["external_id"] for row in csv.DictReader(io.StringIO(table.text))
    ]
    assert lines.headers["next-cursor"] == table.headers["next-cursor"]
    assert client.get("/v1/users/changes", headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/v1/alerts/0123456789abcdef").status_code == 404
    assert client.get("/v1/alerts", params={"cursor": "x"}).status_code == 422
    high = client.get("/v1/alerts", params={"state": "open", "tier": "high", "limit": 5}).json()
    assert {item["body"]["state"] for item in high["items"]} == {"open"}
