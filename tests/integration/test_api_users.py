"""Users and the model by HTTP: the same figures as the command line says, from a version that serves."""

import json
import math
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
from redis import Redis

from api.access.secrets import make
from benchmarks.served import serve
from control import tables
from domain.catalogue import NAMES
from domain.control import ApiKey
from domain.labels import lineage_of
from domain.settings import FactSettings
from ebbwatch.main import main
from feature_store import lookup
from feature_store.stream import load
from local_stack.addresses import Addresses
from local_stack.ports import free_ports
from online_model.registry.key import registry_key
from online_model.registry.registry import Registry
from producers.topics import ensure_topics
from tests.integration.feed import DAY, START, event, prepare, publish, some_days
from tests.integration.place import ANSWER_S, Place, eventually

DAYS = 60


class Desk:
    """The command line in this process: one of its own takes seconds to start."""

    def __init__(
        self, served: "Served", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        for name, value in served.place.environ().items():
            monkeypatch.setenv(name, value)

    def report(self, *arguments: object) -> Any:
        """The JSON that a command reports."""
        self._capsys.readouterr()
        with self._monkeypatch.context() as patched:
            patched.setattr("sys.argv", ["ebbwatch", *map(str, arguments), "--json"])
            with pytest.raises(SystemExit) as end:
                main()
        assert not end.value.code
        return json.loads(self._capsys.readouterr().out)


@pytest.fixture
def desk(served: "Served", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(served, monkeypatch, capsys)


class Served(NamedTuple):
    """A deployment with users, a version and an API."""

    place: Place
    http: httpx.Client
    version: str
    users: list[str]
    """At risk."""


@pytest.fixture(scope="module")
def databases(stack: Addresses) -> Iterator[list[str]]:
    """Two empty databases of Redis, emptied again."""
    base = stack.redis.rsplit("/", 1)[0]
    found: list[str] = []
    for number in range(1, 16):
        with Redis.from_url(f"{base}/{number}") as store:
            if store.dbsize() == 0 and len(found) < 2:
                found.append(f"{base}/{number}")
    yield found
    for url in found:
        with Redis.from_url(url) as store:
            store.flushdb()


@pytest.fixture(scope="module")
def served(
    stack: Addresses, databases: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Sixty days of a hundred users, and a recursive regression that serves them."""
    name = f"people-{uuid.uuid4().hex[:8]}"
    home = tmp_path_factory.mktemp("people")
    (port,) = free_ports(1, Random())
    at = Addresses(stack.kafka, databases[0], "tests")
    place = Place(home, at, name, api_port=port, limits_redis=databases[1], api_per_second=0)
    sent = publish(place, some_days(3, users=100, events=4000, days=DAYS))
    place.stream()
    with place.worker(), place.api() as api:
        eventually("all is applied", lambda: _read(place) == sent)
        version = _serve(place, home)
        token = _key(place)
        http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=ANSWER_S,
        )
        eventually("the API is ready", lambda: _answers(http))
        eventually(
            "the version serves", lambda: http.get("/v1/model").json()["serves"][0]["version"] == version
        )
        listed = http.get("/v1/users", params={"limit": 1000}).json()["items"]
        yield Served(place, http, version, [row["user"] for row in listed])
        assert api.stop() == 0


def _read(place: Place) -> int:
    """Records behind the positions."""
    with place.store as store:
        return sum(position.offset for position in lookup.positions(store, place.stream()).values())


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/v1/model").status_code == 200
    except httpx.TransportError:
        return False


def _key(place: Place) -> str:
    token = make()
    key = ApiKey(id=token.id, name="tests", digest=token.digest, scopes=("read", "admin"), created=0)
    with place.store as store:
        store.hset(tables.KEYS, token.id, msgspec.json.encode(key))
    return token.text


def _serve(place: Place, home: Path) -> str:
    ensure_topics(place.at.kafka, place.topic, place.partitions, place.dead_letter_topic,
                  str(place.settings["control_topic"]), compacted=(str(place.settings["model_topic"]),))  # fmt: skip
    topic_id = prepare(place)
    with place.store as store:
        stream = load(store)
        assert stream is not None
        facts = lookup.most_at_risk(store, stream, 0, 1000)
    registry = Registry(str(home / "registry"), registry_key(home, None, create=True))
    lineage = lineage_of(FactSettings(), topic_id)
    return serve(place.at.kafka, str(place.settings["model_topic"]), registry, lineage, FactSettings(), facts)


def get(served: Served, path: str, **params: Any) -> Any:
    answer = served.http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_figures_are_those_of_the_command_line(served: Served, desk: Desk) -> None:
    (shown,) = desk.report("users", "top", "--count", 1)
    user = shown["user"]
    shown = desk.report("users", "show", user)
    why = desk.report("model", "explain", user)
    risk, profile = get(served, f"/v1/users/{user}/risk"), get(served, f"/v1/users/{user}")
    for answer in (risk, profile):
        assert answer["score"] == shown["risk"] == why["risk"]
        for name in ("user", "tier", "as_of", "model", "reasons"):
            assert answer[name] == shown[name]
    assert len(risk["reasons"]) == 3
    assert (risk["model"], risk["calibrated"]) == (served.version, False)
    assert {f["name"]: f["value"] for f in profile["features"]} == shown["features"]
    for name in ("log_odds", "base", "exact", "themes", "contestant"):
        assert profile[name] == why[name]
    parts = {f["name"]: f["contribution"] for f in profile["features"] if f["contribution"]}
    assert parts == {part["feature"]: part["weight"] for part in why["features"]}
    assert profile["base"] + math.fsum(parts.values()) == pytest.approx(profile["log_odds"], abs=1e-9)
    odds = math.log(profile["score"] / (1 - profile["score"]))
    assert profile["log_odds"] == pytest.approx(odds, abs=1e-9)
    assert sum(week["sessions"] for week in profile["weeks"]) == profile["sessions"]
    assert profile["value_at_risk"] == profile["score"] * profile["expected_spend"]

    many = served.http.post("/v1/users/risk", json={"users": ["nobody", user, *served.users]}).json()
    assert many["unknown"] == ["nobody"]
    assert {row["user"]: row["score"] for row in many["items"]}[user] == risk["score"]
    assert len(many["items"]) == len(served.users)

    sent = {f["name"]: f["value"] for f in profile["features"] if isinstance(f["value"], (int, float))}
    named = {f["name"]: f["value"] for f in profile["features"] if isinstance(f["value"], str)}
    asked = {"features": sent | named, "user": user}
    predicted = served.http.post("/v1/predict", json=asked).json()
    assert predicted["score"] == pytest.approx(risk["score"], abs=1e-12)
    assert predicted["reasons"] == risk["reasons"]
    batch = served.http.post("/v1/predict/batch", json={"items": [asked, {"features": {}}]}).json()["items"]
    assert (batch[0]["score"], len(batch)) == (predicted["score"], 2)


def test_what_if_nothing_changes_nothing_and_what_changes_adds_up(served: Served) -> None:
    user = served.users[0]
    path = f"/v1/users/{user}/what-if"
    same = served.http.post(path, json={"silent_days": 0}).json()
    assert same["before"] == same["after"]
    assert (same["moved"], same["features"], same["gone"]) == ([], [], False)
    assert same["before"]["score"] == get(served, f"/v1/users/{user}/risk")["score"]
    for wanted in ({"silent_days": 20}, {"features": {"gap_mean_days": 0.5}}):
        moved = served.http.post(path, json=wanted).json()
        change = moved["after"]["log_odds"] - moved["before"]["log_odds"]
        assert change != 0
        assert math.fsum(f["contribution"] for f in moved["features"]) == pytest.approx(change, abs=1e-9)
        assert moved["moved"]
    assert served.http.post(path, json={"features": {"no_such": 1}}).status_code == 422
    assert served.http.post(path, json={"features": {"gap_mean_days": -1}}).status_code == 422
    assert served.http.post("/v1/users/nobody/what-if", json={}).status_code == 404


def test_a_cursor_neither_skips_nor_repeats_while_scores_move(served: Served) -> None:
    whole = get(served, "/v1/users", limit=1000)
    before = [row["user"] for row in whole["items"]]
    assert whole["total"] == len(before) > 50
    scores = [row["score"] for row in whole["items"]]
    assert scores == sorted(scores, reverse=True)

    first = get(served, "/v1/users", limit=20)
    seen = [row["user"] for row in first["items"]]
    # those at the end come back, and go to another place of a new ranking; one is new
    late = START + DAYS * DAY + 1000
    moving = [event(user, f"late-{user}", time=late) for user in [*before[:15], *before[25:45], "late-comer"]]
    sent = _read(served.place) + publish(served.place, [*moving, late + 3 * DAY])
    eventually("all is applied", lambda: _read(served.place) == sent)
    cursor = first["next"]
    while cursor:
        page = get(served, "/v1/users", limit=20, cursor=cursor)
        assert page["as_of"] == first["as_of"]
        seen += [row["user"] for row in page["items"]]
        cursor = page["next"]
    assert seen == before
    assert get(served, "/v1/users/late-comer/risk")["tier"] != "gone"

    by_value = get(served, "/v1/users", sort="value", tier="low", limit=1000)["items"]
    values = [row["value_at_risk"] for row in by_value]
    assert values == sorted(values, reverse=True)
    assert {row["tier"] for row in by_value} == {"low"}

    def newest() -> set[str]:
        rows = get(served, "/v1/users", sort="changed", limit=30)["items"]
        return {row["user"] for row in rows if row["changed"] == late}

    eventually("everybody is scored anew", lambda: "late-comer" in newest())
    assert get(served, "/v1/users", plan="none such")["items"] == []
    none = served.http.get("/v1/users", params={"segment": "x"})
    assert (none.status_code, none.json()["type"].rsplit("/", 1)[1]) == (404, "no_segments")
    other = served.http.get("/v1/users", params={"cursor": first["next"], "tier": "high"})
    assert other.status_code == 409
    gone = served.http.get("/v1/users", params={"cursor": f"{'0' * 16}.00000000.1"})
    assert (gone.status_code, gone.json()["type"].rsplit("/", 1)[1]) == (404, "expired_cursor")


def test_the_model_is_told_and_orders_are_answered(served: Served, desk: Desk) -> None:
    model = served.http.get("/v1/model")
    shown = desk.report("model", "show")
    assert model.json() == shown
    again = served.http.get("/v1/model", headers={"If-None-Match": model.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    listed = get(served, "/v1/model/versions")
    assert listed["items"] == desk.report("model", "list")
    assert get(served, "/v1/model/metrics")["contestants"] == []  # nobody has judged
    ready: dict[str, Any] = {}

    def is_ready() -> Any:  # it looks once a second, and Kafka may be slow to answer one look
        ready.update(served.http.get("/readyz").json())
        return ready["ready"]

    eventually("it is ready", is_ready)
    assert set(ready["checks"]) == {"ingest", "kafka", "redis", "lag", "model", "projection"}
    assert "ebbwatch_api_ready" in served.http.get("/metrics").text
    document = served.http.get("/v1/openapi.json").json()
    assert set(document["components"]["schemas"]["Features"]["properties"]) == set(NAMES)


@pytest.mark.parametrize("id_", ["a%00b", "%ff", "x" * 129])
def test_odd_ids_are_refused(served: Served, id_: str) -> None:
    for path in (f"/v1/users/{id_}/risk", f"/v1/users/{id_}"):
        assert served.http.get(path).status_code == 422
