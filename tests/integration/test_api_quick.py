"""The quick way to a risk answers as the long one does: status, headers and body, byte by byte."""

from collections.abc import AsyncIterator, Sequence

import httpx
import msgspec
import pytest
from fastapi import FastAPI
from redis.exceptions import RedisError

from api import quick
from api.access.secrets import Token, make
from api.app import create_app
from control import tables
from domain.control import ApiKey, Scope
from ebbwatch.deployment import open_deployment
from ebbwatch.processes import api_config
from ebbwatch.settings import Settings
from tests.integration.feed import publish, some_days
from tests.integration.place import Place

PATHS = ("nobody", "", "a%2Fb", "a/b", "%00", "%FF", "%25", "x" * 200, "%D0%B0", "risk")


@pytest.fixture
async def app(place: Place, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FastAPI]:
    """In this process, on a store with some users."""
    publish(place, some_days(5, users=20, events=500, days=20))
    place.ebbwatch("run", "--until-idle")
    for name, value in place.environ().items():
        monkeypatch.setenv(name, value)
    made = create_app(api_config(open_deployment(Settings()), 0))
    with place.store as store:
        for token, scopes, rate in KEYS:
            key = ApiKey(
                id=token.id, name="tests", digest=token.digest, scopes=scopes, created=0, per_second=rate
            )
            store.hset(tables.KEYS, token.id, msgspec.json.encode(key))
    async with made.router.lifespan_context(made):
        yield made


READS, OTHER, SLOW = make(), make(), make()
KEYS: Sequence[tuple[Token, tuple[Scope, ...], int]] = (
    (READS, ("read",), 1_000_000),
    (OTHER, ("ingest",), 1_000_000),
    (SLOW, ("read",), 1),
)


async def ask(calls: httpx.AsyncClient) -> list[tuple[object, ...]]:
    """All kinds of calls, and what came of each."""
    found: list[tuple[object, ...]] = []
    for id_ in [*(f"user-{n}" for n in range(1, 21)), *PATHS]:
        for key in ("", "nonsense", READS.text, READS.text[:-1] + "x", OTHER.text):
            for method in ("GET", "HEAD", "POST"):
                headers = {"X-Request-ID": "a-call"} | ({"Authorization": f"Bearer {key}"} if key else {})
                answer = await calls.request(method, f"/v1/users/{id_}/risk?x=1", headers=headers)
                kept = [pair for pair in answer.headers.raw if not pair[0].startswith(b"ratelimit-r")]
                found.append((id_, key, method, answer.status_code, kept, answer.content))
    basic = await calls.get("/v1/users/nobody/risk", auth=(READS.text, ""))
    assert basic.headers["x-request-id"] != "a-call"  # who gives none gets one
    return [*found, (basic.status_code, basic.content)]


async def test_both_ways_answer_alike(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as calls:
        short = await ask(calls)
        with monkeypatch.context() as patched:
            patched.setattr(quick, "wanted", lambda _: None)
            long = await ask(calls)
        assert short == long
        assert {row[3] for row in short[:-1]} >= {200, 401, 403, 404, 405, 422}
        slow = {"Authorization": f"Bearer {SLOW.text}"}
        answers = [await calls.get("/v1/users/nobody/risk", headers=slow) for _ in range(20)]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert (refused.headers["retry-after"], refused.headers["ratelimit-remaining"]) == ("1", "0")
        metrics = (await calls.get("/metrics")).text
    assert 'route="/v1/users/{id}/risk",status="200"' in metrics


@pytest.mark.parametrize(("fault", "status"), [(RedisError("gone"), 503), (RuntimeError("unforeseen"), 500)])
async def test_faults_are_said_alike(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int
) -> None:
    async def fails(_: str) -> None:
        raise fault

    monkeypatch.setattr(app.state.resources.people, "risk", fails)
    headers = {"Authorization": f"Bearer {READS.text}"}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as calls:
        short = await calls.get("/v1/users/nobody/risk")
        monkeypatch.setattr(quick, "wanted", lambda _: None)
        long = await calls.get("/v1/users/nobody/risk")
    assert short.status_code == long.status_code == status
    assert short.content == long.content
    assert short.headers.keys() == long.headers.keys()
