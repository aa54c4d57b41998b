"""The feed of alerts: readers by cursor and by stream agree with the topic, whatever dies meanwhile."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from control import tables
from domain.alerts import Alert
from local_stack.addresses import Addresses
from tests.integration.place import eventually
from tests.integration.services import Services, raised, send, serving

MANY = 1000


@pytest.fixture(scope="module")
def services(stack: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder: Path = tmp_path_factory.mktemp("feed")
    with serving(stack, folder, f"feed-{folder.name}") as running:
        yield running


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    with services.client("alerts") as calling:
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


def test_cursor_readers_agree_with_the_topic(services: Services, client: httpx.Client) -> None:
    alerts = [raised(number) for number in range(MANY)]
    written = with_repeats(alerts, Random(1))
    slow, quick = CursorReader(client, 7), CursorReader(client, 1000)
    for at in range(0, len(written), 100):
        send(services.place, written[at : at + 100])
        if at % 300 == 0:
            services.kill_notifier()
        slow.page()
        quick.to_end()

    def all_there() -> bool:
        slow.to_end()
        return len(slow.entries) >= MANY

    eventually("all alerts are handed out", all_there)
    quick.to_end()
    assert sorted(entry["alert"] for entry in slow.entries) == sorted(alert.id for alert in alerts)
    assert quick.entries == slow.entries
    assert [entry["number"] for entry in slow.entries] == sorted({entry["number"] for entry in slow.entries})


def test_a_lost_projection_comes_back_byte_for_byte(services: Services, client: httpx.Client) -> None:
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
        eventually("the alerts are read again", lambda: store.exists(tables.ALERTS_READ))
        assert feed() == before
        assert store.hgetall(tables.ALERTS) == alerts
