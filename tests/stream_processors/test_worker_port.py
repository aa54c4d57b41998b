"""What a worker says of itself: health, metrics, the port; and how it waits."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator

import numpy as np
import pytest
from aiokafka.errors import KafkaConnectionError
from prometheus_client import CollectorRegistry, generate_latest
from redis import exceptions as redis_errors

from domain.alerts import NEVER, TIERS
from domain.records import side_by_side
from stream_processors.clock import due_marks
from stream_processors.dead_letters import letter, original_key
from stream_processors.health import Health, serve
from stream_processors.metrics import WorkerMetrics
from stream_processors.patience import Patience
from tests.domain.histories import LogRecord


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> WorkerMetrics:
    return WorkerMetrics(registry, restarts=3)


def samples(registry: CollectorRegistry) -> dict[str, float]:
    lines = generate_latest(registry).decode().splitlines()
    return {x.rsplit(" ", 1)[0]: float(x.rsplit(" ", 1)[1]) for x in lines if not x.startswith("#")}


def test_names_follow_the_conventions_of_prometheus(
    registry: CollectorRegistry, metrics: WorkerMetrics
) -> None:
    metrics.count("applied", 1)
    for family in registry.collect():
        assert re.fullmatch(r"ebbwatch_[a-z_]+", family.name), family.name
        assert family.documentation
        assert not family.name.endswith(("_ms", "_minutes", "_total")), family.name
        if family.type == "histogram":
            assert family.name.endswith(("_seconds", "_records")), family.name
        for sample in family.samples:
            assert "user" not in sample.labels
            if family.type == "counter" and not sample.name.endswith("_created"):
                assert sample.name.endswith("_total"), sample.name


def test_outcomes_are_counted_by_reason(registry: CollectorRegistry, metrics: WorkerMetrics) -> None:
    metrics.count("applied", 5)
    metrics.count("dead_letter:too_late", 2)
    metrics.count("dead_letter:too_late", 1)
    found = samples(registry)
    assert found['ebbwatch_worker_records_total{outcome="applied",reason=""}'] == 5
    assert found['ebbwatch_worker_records_total{outcome="dead_letter",reason="too_late"}'] == 3
    assert found["ebbwatch_worker_restarts"] == 3


def test_health_says_what_is_waited_for_until_it_answers() -> None:
    health = Health()
    health.assigned = [1, 4]
    assert health.report() == {"status": "ok", "waiting_for": {}, "partitions": [1, 4], "serving": []}
    health.waiting("redis", "refused")
    health.waiting("kafka", "gone")
    health.well("kafka")
    assert health.report() == {
        "status": "waiting",
        "waiting_for": {"redis": "refused"},
        "partitions": [1, 4],
        "serving": [],
    }
    health.well("redis")
    assert health.report()["status"] == "ok"


@pytest.fixture
def port(registry: CollectorRegistry, metrics: WorkerMetrics) -> Iterator[tuple[str, Health]]:
    health = Health()
    server = serve("127.0.0.1", 0, registry, health)
    yield f"http://127.0.0.1:{server.server_port}", health
    server.shutdown()
    server.server_close()


def test_the_port_answers_machines(port: tuple[str, Health], capfd: pytest.CaptureFixture[str]) -> None:
    at, health = port
    with urllib.request.urlopen(f"{at}/healthz") as answer:
        assert answer.headers["Content-Type"] == "application/json"
        assert json.load(answer)["status"] == "ok"
    with urllib.request.urlopen(f"{at}/metrics") as answer:
        assert b"ebbwatch_worker_restarts 3.0" in answer.read()
    health.waiting("redis", "refused")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{at}/healthz")
    with refused.value as answer:
        assert (answer.code, json.load(answer)["waiting_for"]) == (503, {"redis": "refused"})
    assert capfd.readouterr().err == ""  # scrapes are not news


async def test_it_waits_while_a_service_is_away_and_says_so(
    registry: CollectorRegistry, metrics: WorkerMetrics
) -> None:
    health = Health()
    patience = Patience(health, metrics)
    reports = []

    async def call() -> str:
        reports.append(health.report()["waiting_for"])
        if len(reports) < 3:
            raise redis_errors.BusyLoadingError("loading")
        return "answer"

    assert await patience.redis(call) == "answer"
    assert reports == [{}, {"redis": "BusyLoadingError: loading"}, {"redis": "BusyLoadingError: loading"}]
    assert health.report()["status"] == "ok"
    assert samples(registry)['ebbwatch_worker_waits_total{service="redis"}'] == 2


async def test_other_faults_are_not_waited_out(registry: CollectorRegistry, metrics: WorkerMetrics) -> None:
    patience = Patience(Health(), metrics)

    async def damaged() -> None:
        raise redis_errors.ResponseError("WRONGTYPE")

    async def refused() -> None:
        raise ValueError("no")

    with pytest.raises(redis_errors.ResponseError):
        await patience.redis(damaged)
    with pytest.raises(ValueError, match="no"):
        await patience.kafka(refused)
    assert 'ebbwatch_worker_waits_total{service="redis"}' not in samples(registry)


async def test_kafka_is_waited_for_likewise(metrics: WorkerMetrics) -> None:
    patience = Patience(Health(), metrics)
    left: list[BaseException] = [KafkaConnectionError("away"), TimeoutError(), ConnectionResetError()]

    async def call() -> int:
        if left:
            raise left.pop()
        return 1

    assert await patience.kafka(call) == 1
    assert left == []


def test_live_marks_go_only_forward_in_each_partition() -> None:
    assert due_marks({0: 0, 1: 940, 2: 939, 3: 2000}, wall_ms=1000, lag_ms=60) == {0: 940, 2: 940}
    assert due_marks({}, wall_ms=1000, lag_ms=60) == {}


def test_a_dead_letter_carries_the_original_and_where_it_stood() -> None:
    records = side_by_side(
        [LogRecord(b"a", b"{}", 1), LogRecord(b"k", b"\xff{", 77), LogRecord(None, None, -1)]
    )
    dead = letter(records, 1, "session-events", 3, 41, "malformed")
    assert (dead.key, dead.value, original_key(dead.key, dead.headers)) == (b"k", b"\xff{", b"k")
    assert dead.headers == {
        "reason": b"malformed", "topic": b"session-events", "partition": b"3", "offset": b"41", "timestamp": b"77",
    }  # fmt: skip
    nothing = letter(records, 2, "t", 0, 42, "tombstone")
    assert nothing.value is None
    assert original_key(nothing.key, nothing.headers) is None


def test_moves_between_tiers_are_counted_as_one_by_one(
    registry: CollectorRegistry, metrics: WorkerMetrics
) -> None:
    random = np.random.default_rng(3)
    before, after = (random.integers(0, len(TIERS), 500).astype(np.uint8) for _ in range(2))
    metrics.moved(before, after)
    metrics.moved(before[:100], after[:100])

    slow: dict[str, int] = {}
    for rows in (500, 100):
        for former, now in zip(before[:rows].tolist(), after[:rows].tolist(), strict=True):
            if former != now and former != NEVER:
                name = f'ebbwatch_worker_tier_moves_total{{from="{TIERS[former]}",to="{TIERS[now]}"}}'
                slow[name] = slow.get(name, 0) + 1
    assert {name: value for name, value in samples(registry).items() if "tier_moves_total" in name} == slow
