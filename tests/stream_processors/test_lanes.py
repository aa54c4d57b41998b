"""Lanes that are closed while they are busy, as a rebalance does it, with a real Redis that is away."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from control.log import LogBounds
from domain.alerts import Policy
from domain.records import side_by_side
from domain.settings import FactSettings
from feature_store.alerts import AlertStore
from feature_store.connect import connect_async
from feature_store.keys import Keys
from feature_store.position import decode
from feature_store.read import Reader
from feature_store.write import Writer
from local_stack.local import LocalStack
from online_model.risk import Risk
from stream_processors.alerting import Desk
from stream_processors.health import Health
from stream_processors.lane import Parts
from stream_processors.lanes import Lanes
from stream_processors.metrics import WorkerMetrics
from stream_processors.patience import Patience
from stream_processors.transport import Fetch
from tests.domain.histories import event

pytestmark = pytest.mark.integration


def fetch(offset: int, epoch: int) -> Fetch:
    """One event at this offset of the only partition."""
    one = Fetch(
        "events", 0, offset, side_by_side([event("ann", 1_704_067_200_000, "page_view", str(offset))])
    )
    one.epoch = epoch
    return one


async def until_waiting(health: Health) -> None:
    while health.report()["status"] != "waiting":
        await asyncio.sleep(0.01)


async def test_who_waits_for_a_busy_lane_is_let_go_when_it_closes(breakable_stack: LocalStack) -> None:
    store = connect_async(breakable_stack.address("redis"))
    health, faults = Health(), list[BaseException]()
    metrics = WorkerMetrics(CollectorRegistry())

    async def send(sent: object) -> None:
        raise AssertionError(sent)

    async def look() -> None:
        pass

    parts = Parts(
        Reader(store),
        Writer(store),
        send,
        Patience(health, metrics),
        metrics,
        FactSettings(),
        "events",
        1,
        send,
        Risk,
        lambda: None,
        Desk(Policy(), {}, FactSettings().horizon_ms, send, metrics),
        AlertStore(store),
        0,
    )
    lanes = Lanes(parts, lambda partition: Keys(1, partition), "topic-id", health, faults.append, look)
    assert await lanes.open({0: LogBounds(0, 9)}, 1) == {0: 0}

    breakable_stack.redis.kill()
    await lanes.put(fetch(0, 1))
    await asyncio.wait_for(until_waiting(health), 120)
    await lanes.put(fetch(1, 1))
    third = asyncio.create_task(lanes.put(fetch(2, 1)))
    reopened = asyncio.create_task(lanes.open({0: LogBounds(0, 9)}, 2))
    await asyncio.sleep(0)
    assert not third.done()

    await asyncio.to_thread(breakable_stack.redis.start)
    # the batch in work is finished, what waited is left to the next owner
    assert await asyncio.wait_for(reopened, 120) == {0: 1}
    await asyncio.wait_for(third, 60)

    await lanes.put(fetch(1, 1))  # of the former assignment
    await lanes.put(fetch(1, 2))
    await lanes.put(fetch(2, 2))
    await lanes.close()
    assert lanes.positions() == {}
    stored, _, _ = await parts.reader.begin(Keys(1, 0))
    assert decode(stored).offset in (2, 3)
    assert faults == []
    await store.aclose()
