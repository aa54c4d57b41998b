"""Keys, limits and hostile calls at the door of a running API."""

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import get_args
from urllib.parse import urlsplit

import httpx
import pytest

from api.app import ROUTERS
from api.protocol import MAX_HEAD_BYTES, MAX_HEADERS
from domain.control import Scope
from tests.api.test_app import OPEN
from tests.integration.place import ANSWER_S, Api, Place, eventually

CALLS = [
    (method, path)
    for router in ROUTERS
    for route in router.routes
    if (path := getattr(route, "path", "")) not in OPEN
    for method in sorted(getattr(route, "methods", set()) - {"HEAD"})
]


@pytest.fixture(scope="module")
def api(module_place: Place) -> Iterator[Api]:
    """One for all tests of this module."""
    with module_place.answering_api(api_patience=2) as found:  # no worker carries erasures out
        yield found


def call(api: Api, method: str, path: str, key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return api.client.request(method, path.replace("{", "").replace("}", ""), headers=headers)


def test_keys_that_do_not_hold_pass_nowhere(api: Api) -> None:
    revoked, expired = api.key("read", "admin"), api.key("read", "admin")
    made = api.place.report("keys", "create", "--scope", "read", "--name", "by command")["key"]
    api.await_key(made)
    id_ = revoked.split("_")[1]
    api.place.ebbwatch("keys", "revoke", id_)
    api.place.ebbwatch("keys", "rotate", expired.split("_")[1], "--overlap", 0)
    api.await_key(revoked, holds=False)
    api.await_key(expired, holds=False)
    wrong = api.key("read")[:-1] + "x"
    for method, path in CALLS:
        for key in ("", "nonsense", wrong, revoked, expired):
            answer = call(api, method, path, key)
            assert answer.status_code == 401, f"{method} {path} lets a key pass that does not hold"
            assert answer.headers["content-type"] == "application/problem+json"
            assert "www-authenticate" in answer.headers
            assert not key or key not in answer.text


def test_a_key_passes_only_within_its_scopes(api: Api) -> None:
    keys: dict[Scope, str] = {scope: api.key(scope) for scope in get_args(Scope)}
    for router in ROUTERS:
        for route in router.routes:
            path = getattr(route, "path", "")
            needed = {s for d in route.dependant.dependencies for s in (d.own_oauth_scopes or [])}  # type: ignore[attr-defined]
            if path in OPEN or not needed:
                continue
            for method in sorted(route.methods - {"HEAD"}):  # type: ignore[attr-defined]
                for scope in set(keys) - needed:
                    answer = call(api, method, path, keys[scope])
                    assert answer.status_code == 403, f"{method} {path} is open to {scope}"


def test_an_administrator_makes_lists_and_revokes_keys(api: Api) -> None:
    admin = api.key("admin", name="the keeper")
    client = httpx.Client(base_url=api.url, headers={"Authorization": f"Bearer {admin}"}, timeout=ANSWER_S)
    with client:
        made = client.post("/v1/keys", json={"scopes": ["read", "read"], "name": "a guest", "days": 1}).json()
        assert made["scopes"] == ["read"]
        assert made["expires"] == made["created"] + 86_400_000
        api.await_key(made["key"])
        listed = client.get("/v1/keys")
        assert made["key"].split("_")[2] not in listed.text
        assert made["id"] in [key["id"] for key in listed.json()["items"] if key["revoked"] is None]
        assert client.post(f"/v1/keys/{made['id']}/revoke").status_code == 204
        api.await_key(made["key"], holds=False)
        assert client.post(f"/v1/keys/{made['id']}/revoke").status_code == 204, "once more does no harm"
        own = client.post(f"/v1/keys/{admin.split('_')[1]}/revoke")
        assert (own.status_code, own.json()["type"].rpartition("/")[2]) == (409, "own_key")
        assert client.post("/v1/keys/000000000000/revoke").status_code == 404
        assert client.post("/v1/keys", json={"scopes": ["root"]}).status_code == 422


def test_a_rate_is_kept_and_said(api: Api) -> None:
    key = api.key("read", per_second=2)  # a slow machine, too, answers more
    with httpx.Client(
        base_url=api.url, headers={"Authorization": f"Bearer {key}"}, timeout=ANSWER_S
    ) as client:
        answers = [client.get("/v1/keys/self") for _ in range(50)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(answer.headers["retry-after"] == "1" for answer in refused)
    passed = [answer for answer in answers if answer.status_code == 200]
    assert {answer.headers["ratelimit-limit"] for answer in passed} == {"2"}


def test_decisions_stand_in_the_audit_log_and_secrets_nowhere(api: Api) -> None:
    key = api.key("read", "admin", name="the auditor")
    assert call(api, "DELETE", "/v1/users/somebody", key).status_code == 202
    log = api.place.home / "audit.log"
    line = '"name":"the auditor","method":"DELETE","route":"/v1/users/{id}","status":202'
    eventually("it is in the audit log, once the answer is out", lambda: line in log.read_text("utf-8"))
    audit = log.read_text("utf-8")
    texts = [api.process.text(), api.notifier.text(), audit]
    secret = key.split("_")[2]
    assert not any(secret in text or "somebody" in text for text in texts)


def raw(api: Api, data: bytes, seconds: float = ANSWER_S) -> bytes:
    where = urlsplit(api.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=seconds) as connection:
        connection.sendall(data)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
            if b"\r\n\r\n" in answer and b"connection: close" not in answer.lower():
                break
    return answer


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (MAX_HEAD_BYTES + 1) + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
        + b"".join(b"X-%d: x\r\n" % n for n in range(MAX_HEADERS))
        + b"\r\n",
        b"GET /" + b"x" * (MAX_HEAD_BYTES + 1) + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    ids=["long header", "many headers", "long path"],
)
def test_a_head_that_is_too_large_is_refused(api: Api, head: bytes) -> None:
    answer = raw(api, head)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in answer


def test_a_head_that_does_not_end_is_given_up(api: Api) -> None:
    # the API waits for five seconds; who calls would wait for the minute that `raw` gives up after
    assert raw(api, b"GET /healthz HTTP/1.1\r\nHost: a\r\n") == b""


def test_a_body_that_is_said_to_be_too_long_is_refused_at_once(api: Api) -> None:
    answer = raw(api, b"GET /v1/keys/self HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_ids_are_whatever_they_are(api: Api) -> None:
    key = api.key("read")
    for id_ in ("a%2Fb", "..%2F..%2Fetc", "%00", "%FF", "x" * 10_000, "%D0%B0"):
        answer = api.get(f"/v1/users/{id_}/risk", key)
        assert answer.status_code in (404, 422), f"{id_[:20]} gives {answer.status_code}"


async def test_many_at_once_are_all_answered(api: Api) -> None:
    async with httpx.AsyncClient(base_url=api.url, timeout=ANSWER_S) as client:
        answers = await asyncio.gather(*(client.get("/healthz") for _ in range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert json.loads(answers[0].text) == {"status": "ok"}
    metrics = api.get("/metrics").text
    assert 'route="/healthz"' in metrics
    assert eventually("the count", lambda: 'status="200"' in metrics)
