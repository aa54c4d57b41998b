"""Webhooks through the API: set up, delivered, rotated, dead and brought back, deleted; in one deployment."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec
import psutil
import pytest
from redis import Redis

from control import tables
from control.webhooks.queue import Queue
from domain.control import FeedEntry
from local_stack.addresses import Addresses
from local_stack.ports import free_ports
from tests.integration.place import ANSWER_S, REPOSITORY, Place, Supervised, eventually
from tests.integration.receiving import receiving
from tests.integration.telling import told
from tests.promtool import require_clean_metrics

SETTINGS: dict[str, object] = {
    "webhook_private": True,
    "webhook_retries": "[0.05, 0.1]",
    "webhook_breaker_failures": 20,
    "webhook_breaker": 0.3,
}


class Deployment:
    """API, notifier and courier that run, and an admin's client."""

    def __init__(
        self, place: Place, client: httpx.Client, logs: list[Supervised], metrics: int, notifier: int
    ) -> None:
        self.place = place
        self.notifier_port = notifier
        self.client = client
        self.logs = logs
        self.metrics_port = metrics
        self.store: Redis = place.store
        self._number = 0

    def call(self, method: str, path: str, status: int = 200, **arguments: Any) -> Any:
        """The answer's JSON; the status must be as expected."""
        answer = self.client.request(method, path, **arguments)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def make(self, url: str, **wish: Any) -> Any:
        return self.call("POST", "/v1/webhooks", 201, json={"url": url, "name": "CRM"} | wish)

    def alert(self, **body: Any) -> int:
        """Into the feed, as the notifier writes it; its number."""
        self._number += 1
        entry = FeedEntry(
            number=self._number, event="alert.raised", alert=f"a{self._number}", user="ann", at=1, body=body
        )
        self.store.zadd(tables.FEED, {msgspec.json.encode(entry): entry.number})
        return self._number

    def metrics(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=ANSWER_S).text


@pytest.fixture(scope="module")
def deployment(stack: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    api_port, metrics_port, notifier_port = free_ports(3, Random())
    url = f"{stack.redis.rsplit('/', 1)[0]}/14"
    name = f"hooks-{time.time_ns()}"
    with Redis.from_url(url) as store:
        store.flushdb()
    place = Place(
        tmp_path_factory.mktemp("hooks"), Addresses(stack.kafka, url, "tests"), name,
        api_port=api_port, api_processes=2, courier_metrics_port=metrics_port, notifier_metrics_port=notifier_port,
        log_format="json", **SETTINGS,
    )  # fmt: skip
    key = place.report("keys", "create", "--scope", "admin", "--name", "ops")["key"]
    with (
        place.notifier() as notifier,
        place.courier() as courier,
        place.api() as api,
        httpx.Client(
            base_url=f"http://127.0.0.1:{api_port}",
            headers={"Authorization": f"Bearer {key}"},
            timeout=ANSWER_S,
        ) as client,
    ):

        def ready() -> bool:
            try:
                return client.get("/v1/webhooks").status_code == 200
            except httpx.TransportError:
                return False

        eventually("the API answers and knows the key", ready)
        yield Deployment(place, client, [notifier, courier, api], metrics_port, notifier_port)
    with Redis.from_url(url) as store:
        store.flushdb()


@pytest.fixture
def hook(deployment: Deployment) -> Iterator[Callable[..., Any]]:
    """Makes webhooks that are deleted after the test."""
    made: list[str] = []

    def make(url: str, **wish: Any) -> Any:
        view = deployment.make(url, **wish)
        made.append(view["id"])
        return view

    yield make
    for id_ in made:
        deployment.client.delete(f"/v1/webhooks/{id_}")


def test_from_the_first_call_to_the_last(
    deployment: Deployment, hook: Callable[..., Any], tmp_path: Path
) -> None:
    deployment.alert(tier="high")
    (port,) = free_ports(1, Random())
    made = hook(f"http://127.0.0.1:{port}/hook", filter={"tiers": ["high"]})
    path = f"/v1/webhooks/{made['id']}"
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made["secret"])
    assert deployment.call("POST", f"{path}/test")["fault"] == "connection"
    with receiving(tmp_path, made["secret"], failing=0.0, port=port) as receiver:
        assert deployment.call("POST", f"{path}/test")["delivered"]
        medium, high = deployment.alert(tier="medium"), deployment.alert(tier="high")
        bodies = eventually("it has arrived", lambda: len(receiver.bodies()) >= 2 and receiver.bodies())
        assert [body["type"] for body in bodies] == ["webhook.test", "alert.raised"]
        assert bodies[1]["data"]["number"] == high != medium

        rotated = deployment.call("POST", f"{path}/rotate", json={"overlap_hours": 1})
        assert rotated["secret"] != made["secret"]
        assert len(rotated["secrets"]) == 2
        deployment.alert(tier="high")
        eventually("who has the old secret accepts", lambda: len(receiver.bodies()) == 3)
    with receiving(tmp_path, rotated["secret"], failing=0.0, port=port) as receiver:
        deployment.alert(tier="high")
        eventually("so does who has the new one", lambda: len(receiver.bodies()) == 4)
        deployment.call("POST", f"{path}/rotate", json={"overlap_hours": 0})
        numbers: list[int] = []

        def refused() -> bool:  # the courier may sign one or two before it hears of it
            numbers.append(deployment.alert(tier="high"))
            return (tmp_path / "unverified").exists()

        eventually("an old one does no more", refused)
    log = eventually("the attempts are listed", lambda: page(deployment, f"{path}/deliveries", numbers[-1]))
    assert {line["status"] for line in log} <= {400, None}
    assert deployment.call("DELETE", path, 204) is None
    assert deployment.call("GET", path, 404)["type"].endswith("unknown_webhook")
    assert deployment.store.exists(*Queue(made["id"]).all()) == 0


def test_the_receiver_of_the_document(
    deployment: Deployment, hook: Callable[..., Any], tmp_path: Path
) -> None:
    page_text = (REPOSITORY / "docs" / "api-webhooks.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page_text, re.DOTALL)
    (port,) = free_ports(1, Random())
    made = hook(f"http://127.0.0.1:{port}/hooks/ebbwatch")
    path, file = f"/v1/webhooks/{made['id']}", tmp_path / "had"
    environ = {"PORT": str(port), "SECRET": made["secret"], "HAD": str(file)}
    with subprocess.Popen([sys.executable, "-c", program], env=os.environ | environ) as receiver:
        try:
            eventually("the test button works", lambda: deployment.call("POST", f"{path}/test")["delivered"])
            number = deployment.alert(tier="high")
            log = eventually("it is delivered", lambda: page(deployment, f"{path}/deliveries", number))
        finally:
            receiver.kill()
    with sqlite3.connect(file) as had:
        found = [id_ for (id_,) in had.execute("SELECT id FROM had WHERE id NOT LIKE 'msg_test%'")]
    assert ([line["outcome"] for line in log], found) == (["delivered"], [log[0]["delivery"]])


def test_dead_deliveries_are_listed_and_brought_back(
    deployment: Deployment, hook: Callable[..., Any], tmp_path: Path
) -> None:
    (port,) = free_ports(1, Random())
    made = hook(f"http://127.0.0.1:{port}/hook")
    path = f"/v1/webhooks/{made['id']}"
    numbers = [deployment.alert(tier="high") for _ in range(3)]
    dead = eventually(
        "all are given up", lambda: len(d := deployment.call("GET", f"{path}/dead")["items"]) == 3 and d
    )
    assert [d["number"] for d in dead] == numbers
    assert {(d["attempts"], d["fault"]) for d in dead} == {(3, "connection")}
    first = deployment.call("GET", f"{path}/dead?limit=2")
    rest = deployment.call("GET", f"{path}/dead?limit=2&cursor={first['next']}")
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    log = deployment.call("GET", f"{path}/deliveries?limit=4")
    more = deployment.call("GET", f"{path}/deliveries?limit=1000&cursor={log['next']}")
    assert len(log["items"] + more["items"]) == 9
    assert deployment.call("GET", path)["dead"] == 3
    counted = f'ebbwatch_courier_deliveries_total{{outcome="dead",webhook="{made["id"]}"}} 3.0'
    eventually("they are counted, once they are noted", lambda: counted in deployment.metrics())

    with receiving(tmp_path, made["secret"], failing=0.0, port=port) as receiver:
        assert deployment.call("POST", f"{path}/replay", json={"numbers": [numbers[1], 10**9]}) == {
            "replayed": 1
        }
        eventually("one has arrived", lambda: len(receiver.had()) == 1)
        assert deployment.call("POST", f"{path}/replay", json={}) == {"replayed": 2}
        eventually("all have arrived", lambda: len(receiver.had()) == 3)
        assert sorted(receiver.had()) == sorted(d["delivery"] for d in dead), "under their former ids"
    assert deployment.call("GET", f"{path}/dead")["items"] == []


def test_off_is_a_pause_and_gone_is_too(
    deployment: Deployment, hook: Callable[..., Any], tmp_path: Path
) -> None:
    with receiving(tmp_path, "whsec_" + "A" * 44, failing=0.0, gone=True) as receiver:
        made = hook(receiver.url)
        path = f"/v1/webhooks/{made['id']}"
        deployment.alert()
        view = eventually(
            "410 pauses", lambda: (v := deployment.call("GET", path))["state"] == "paused" and v
        )
        assert (view["paused_why"], view["enabled"], view["waiting"]) == ("gone", True, 1)
        deployment.call("PATCH", path, json={"enabled": False})
        assert deployment.call("GET", path)["paused_why"] == "off"
    with receiving(tmp_path, made["secret"], failing=0.0, port=receiver.port):
        deployment.alert()
        eventually("both wait", lambda: deployment.call("GET", path)["waiting"] == 2)
        assert receiver.had() == []
        assert deployment.call("PATCH", path, json={"enabled": True})["state"] == "closed"
        eventually("both arrive", lambda: len(receiver.had()) == 2)


def test_one_starts_at_the_beginning_if_it_is_told_to(
    deployment: Deployment, hook: Callable[..., Any], tmp_path: Path
) -> None:
    deployment.alert()
    (port,) = free_ports(1, Random())
    made = hook(f"http://127.0.0.1:{port}/hook", start="beginning")
    with receiving(tmp_path, made["secret"], failing=0.0, port=port) as receiver:
        feed = deployment.store.zcard(tables.FEED)
        eventually("all or dead", lambda: settled(deployment, made["id"], receiver.had()) == feed)


def test_an_entry_that_was_taken_away_is_not_delivered(
    deployment: Deployment, hook: Callable[..., Any]
) -> None:
    made = hook("http://127.0.0.1:9/hook", enabled=False)
    path = f"/v1/webhooks/{made['id']}"
    number = deployment.alert()
    eventually("it waits", lambda: deployment.call("GET", path)["waiting"] == 1)
    deployment.store.zremrangebyscore(tables.FEED, number, number)
    deployment.call("PATCH", path, json={"enabled": True})
    eventually("it is withdrawn", lambda: deployment.call("GET", path)["waiting"] == 0)
    (line,) = deployment.call("GET", f"{path}/deliveries")["items"]
    assert line["outcome"] == "withdrawn"


def test_what_cannot_be_is_refused_and_names_no_secret(
    deployment: Deployment, hook: Callable[..., Any]
) -> None:
    for url in ("http://169.254.169.254/x", "http://2130706433/", "http://0.0.0.0/"):
        refused = deployment.call("POST", "/v1/webhooks", 409, json={"url": url, "name": "x"})
        assert refused["type"].endswith("target_refused")
    for wrong in (
        {"url": "ftp://crm.example.com/", "name": "x"}, {"url": "http://crm.example.com/", "name": ""},
        {"url": "http://crm.example.com/", "name": "x\x00"}, {"url": "http://crm.example.com/"},
        {"url": "http://crm.example.com/", "name": "x", "secret": "mine"},
        {"url": "http://crm.example.com/", "name": "x", "filter": {"minimum_value": -1}},
    ):  # fmt: skip
        deployment.call("POST", "/v1/webhooks", 422, json=wrong)
    deployment.call("GET", "/v1/webhooks/wh_%00", 422)
    deployment.call("GET", "/v1/webhooks/wh_0000000000000000", 404)
    made = hook("http://127.0.0.1:9/hook")
    shown = json.dumps(
        [deployment.call("GET", "/v1/webhooks"), deployment.call("GET", f"/v1/webhooks/{made['id']}")]
    )
    logs = "".join(running.text() for running in deployment.logs)
    kept = b"".join(deployment.store.hvals(tables.WEBHOOKS))  # type: ignore[arg-type]
    for secret in (made["secret"], made["secret"].removeprefix("whsec_")):
        assert secret not in shown + logs
        assert secret.encode() not in kept
    assert "Traceback" not in logs, logs


def page(deployment: Deployment, path: str, number: int) -> Any:
    """Attempts of one delivery."""
    return [line for line in deployment.call("GET", path)["items"] if line["number"] == number]


def settled(deployment: Deployment, id_: str, had: list[str]) -> int:
    """Deliveries that have arrived or were given up before the receiver was there."""
    dead: int = deployment.call("GET", f"/v1/webhooks/{id_}")["dead"]
    return len(had) + dead


def test_whichever_api_process_answers_tells_of_all(deployment: Deployment) -> None:
    url = str(deployment.client.base_url).rstrip("/")
    counted = 'ebbwatch_api_requests_total{method="GET",route="/runbooks/{page}",status="404"}'

    def ask(path: str) -> httpx.Response:
        return httpx.get(
            f"{url}/{path}", timeout=ANSWER_S
        )  # on a connection of its own, so any process may take it

    for _ in range(24):
        assert ask("runbooks/nothing").status_code == 404
    # a request is counted once its answer is out
    eventually("all are counted", lambda: value(ask("metrics").text, counted) >= 24)
    texts = [ask("metrics").text for _ in range(6)]

    assert [value(text, counted) for text in texts] == [24] * 6
    assert 'ebbwatch_api_ready{check="redis"}' in texts[0]
    eventually(
        "it looks at Redis", lambda: value(ask("metrics").text, "ebbwatch_redis_used_memory_bytes") > 0
    )
    assert value(ask("metrics").text, "ebbwatch_redis_aof_healthy") in (0, 1)
    require_clean_metrics(told(int(deployment.client.base_url.port or 0), "api"))


def test_promtool_finds_nothing_in_what_notifier_and_courier_tell(deployment: Deployment) -> None:
    notifier, courier = told(deployment.notifier_port, "notifier"), told(deployment.metrics_port, "courier")

    assert value(notifier, 'ebbwatch_notifier_lag_records{topic="control"}') == 0
    assert value(notifier, 'ebbwatch_notifier_alerts{state="open"}') == 0
    require_clean_metrics(notifier)
    require_clean_metrics(courier)


def test_api_processes_end_with_the_first_one_and_a_fresh_start_has_the_port(deployment: Deployment) -> None:
    former = deployment.logs[2].child()
    assert former is not None
    family = former.children(recursive=True)
    former.kill()

    eventually("its children end", lambda: not any(map(runs, family)))
    url = str(deployment.client.base_url).rstrip("/")

    def restarts() -> float:
        try:
            return value(httpx.get(f"{url}/metrics").text, "ebbwatch_api_restarts")
        except httpx.TransportError:
            return 0

    eventually("a fresh start answers", lambda: restarts() >= 1)


def test_logs_are_json_with_ids_and_without_secrets(deployment: Deployment) -> None:
    answer = deployment.client.get("/v1/webhooks", headers={"X-Request-Id": "shop-7"})
    secret = deployment.client.headers["Authorization"].rpartition("_")[2]
    assert answer.headers["X-Request-Id"] == "shop-7"
    audit = deployment.place.home / "audit.log"
    # the line is written once the answer is out
    eventually("the call is in the audit log", lambda: '"shop-7"' in audit.read_text("utf-8"))
    assert "shop-7" in {json.loads(line)["request"] for line in audit.read_text("utf-8").splitlines()}
    for running, process in zip(deployment.logs, ("notifier", "courier", "api"), strict=True):
        lines = [json.loads(line) for line in running.text().splitlines()]
        assert {line["process"] for line in lines} <= {process, "supervisor"}
        assert any(line["process"] == process for line in lines)
        assert secret not in running.text()


def runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def value(text: str, series: str) -> float:
    """Of one series; -1 if it is not there."""
    return next(
        (float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{series} ")), -1.0
    )
