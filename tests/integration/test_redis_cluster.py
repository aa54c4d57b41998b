"""Redis Cluster: three masters, three workers over twelve partitions, one of them killed, and nothing is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest

from ebbwatch.fleet import Fleet
from ebbwatch.settings import Settings
from feature_store import lookup
from local_stack.addresses import Addresses
from local_stack.errors import StackError
from local_stack.redis.cluster import LocalCluster
from stream_processors.supervisor import WORKER
from tests.integration.feed import publish, some_days
from tests.integration.place import Api, Place, eventually
from tests.integration.test_same_facts import contents
from tests.processes import children_running

WORKERS = 3


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    """Three masters for one test alone."""
    own = LocalCluster(tmp_path / "cluster", Random(), lambda _: None)
    try:
        own.start()
        yield own
    except StackError as error:
        pytest.skip(f"no Redis Cluster for tests: {error}")
    finally:
        own.kill()


@pytest.fixture
def clustered(stack: Addresses, cluster: LocalCluster, unique: Callable[[str], str], tmp_path: Path) -> Place:
    """A deployment on it."""
    return Place(tmp_path / "place", Addresses(stack.kafka, cluster.url, "tests"), unique("t")[-28:])


def test_a_worker_is_killed_and_the_store_is_identical(
    cluster: LocalCluster, clustered: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    clustered.settings |= {
        "partitions": 12,
        "session_timeout": 3,
        "max_poll_records": 20,  # so that the kill falls into the middle
    }
    records = publish(clustered, some_days(seed=7, users=300, events=12_000, days=90))
    for name, value in clustered.environ().items():
        monkeypatch.setenv(name, value)

    with Fleet(Settings(), WORKERS, clustered.home / "logs") as fleet:
        eventually(
            "all workers work",
            lambda: sum(o > 0 for o in _offsets(clustered).values()) >= clustered.partitions,
        )
        before = sum(_offsets(clustered).values())
        _worker().kill()
        assert before < records, "the kill came too late to mean anything"
        eventually("all is read", lambda: sum(_offsets(clustered).values()) == records)
        eventually("it was started anew", lambda: fleet.restarts)
        assert fleet.failure() is None
    report = clustered.report("verify")
    assert (report["identical"], report["records"]) == (True, records)

    served = contents(clustered)
    clustered.ebbwatch("rebuild")
    assert clustered.stream().generation == 2
    assert _without_names(contents(clustered)) == _without_names(served)
    for master in cluster.masters:  # the partitions are spread over all
        with clustered.store as store:
            nodes: Any = store
            alone = nodes.get_redis_connection(nodes.get_node(host="127.0.0.1", port=master.port))
            assert alone.dbsize() > 0


def test_the_api_reads_and_decides_on_a_cluster(clustered: Place, cluster: LocalCluster) -> None:
    clustered.settings |= {"limits_redis": cluster.url, "api_per_second": 1}
    publish(clustered, some_days(seed=8, users=50, events=2000))
    clustered.ebbwatch("run", "--until-idle")
    with clustered.answering_api() as api:
        key = api.key("read", "alerts", per_second=1000)
        ranked = [row["user"] for row in api.get("/v1/users", key, params={"limit": 1000}).json()["items"]]
        assert sorted(ranked) == sorted(_at_risk(clustered))
        paged: list[str] = []
        cursor = None
        while len(paged) < len(ranked):
            page = api.get("/v1/users", key, params={"limit": 20} | ({"cursor": cursor} if cursor else {}))
            paged += [row["user"] for row in page.json()["items"]]
            cursor = page.json()["next"]
        assert paged == ranked
        noted = api.post(f"/v1/users/{ranked[0]}/notes", key, json={"text": "called"})
        assert noted.is_success, noted.text
        eventually("the note is seen", lambda: "called" in api.get(f"/v1/users/{ranked[0]}/notes", key).text)
        _limits_hold(api)


def _limits_hold(api: Api) -> None:
    slow = api.key("read")
    assert 429 in [api.get("/v1/keys/self", slow).status_code for _ in range(20)]


def _worker() -> psutil.Process:
    """One of those that the fleet of this process has started."""
    return children_running(WORKER[-1])[0]


def _offsets(place: Place) -> dict[int, int]:
    with place.store as store:
        return {p: position.offset for p, position in lookup.positions(store, place.stream()).items()}


def _without_names(found: dict[str, Any]) -> list[Any]:
    """In the order of the partitions; names of keys have the generation in them."""
    return [value for name, value in found.items() if not name.endswith(":position")]


def _at_risk(place: Place) -> set[str]:
    stream = place.stream()
    with place.store as store:
        rankings: list[Any] = [store.zrange(stream.keys(p).ranking, 0, -1) for p in range(stream.partitions)]
    return {user.decode() for ranking in rankings for user in ranking}
