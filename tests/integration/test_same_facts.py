"""The same log gives the same bytes, however it was cut into batches and shared among workers."""

from collections.abc import Callable
from typing import Any

from feature_store.served import facts
from local_stack.addresses import Addresses
from tests.integration.feed import publish, some_days
from tests.integration.place import Place


def test_batches_and_workers_leave_no_trace(
    make_place: Callable[..., Place], database: Callable[[], str]
) -> None:
    small = make_place(max_poll_records=50)
    records = publish(small, some_days(seed=5, users=200, events=12_000, days=90))
    large = small.but(group=f"{small.settings['group']}-large", max_poll_records=8000)
    large.at = Addresses(small.at.kafka, database(), "tests")

    ran = small.report("run", "--until-idle", "--workers", 1)
    assert large.report("run", "--until-idle", "--workers", 2) == ran
    assert ran["records"] == records
    assert ran["events"]["late"] > 0 < ran["events"]["duplicate"]
    assert contents(large) == contents(small)


def contents(place: Place) -> dict[str, Any]:
    """All facts, as bytes; the ranking is served, not a fact, so of it only who is in it."""
    stream = place.stream()
    found: dict[str, Any] = {}
    with place.store as store:
        for partition in range(stream.partitions):
            keys = stream.keys(partition)
            users: Any = store.hgetall(keys.users)
            found[keys.users] = dict(zip(users, facts(list(users.values())), strict=True))
            found[keys.counts] = store.hgetall(keys.counts)
            found[keys.timers] = store.zrange(keys.timers, 0, -1, withscores=True)
            found[keys.ranking] = set(store.zrange(keys.ranking, 0, -1))
            found[keys.position] = store.get(keys.position)
    assert sum(len(found[stream.keys(p).users]) for p in range(stream.partitions)) > 100
    return found
