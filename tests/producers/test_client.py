"""The app's client without Kafka: what it checks, how it stays bounded, how it ends."""

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from producers.client import ClientClosedError, EbbwatchClient, InvalidEventError
from tests.producers.waiting import await_fault

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture
def offline(free_address: str) -> Iterator[Callable[..., EbbwatchClient]]:
    """Makes clients whose Kafka is not there."""
    made: list[EbbwatchClient] = []

    def make(**settings: Any) -> EbbwatchClient:
        made.append(EbbwatchClient(free_address, **settings))
        return made[-1]

    yield make
    for client in made:
        client.close(timeout=0)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"user_id": ""}, "user_id"),
        ({"user_id": 17}, "user_id"),
        ({"user_id": "u" * 129}, "user_id"),
        ({"type": ""}, "type"),
        ({"time": datetime(2024, 1, 1)}, "time"),  # noqa: DTZ001 meant
        ({"time": 12}, "time"),
        ({"amount": float("nan")}, "amount"),
        ({"amount": "12.50"}, "amount"),
        ({"quantity": -1}, "quantity"),
        ({"change": "sideways"}, "change"),
        ({"userid": "u"}, "userid"),
        ({"properties": [1]}, "properties"),
    ],
)
def test_a_wrong_field_is_named_at_once(
    offline: Callable[..., EbbwatchClient], values: dict[str, Any], field: str
) -> None:
    client = offline()
    with pytest.raises(InvalidEventError, match=f"^{field}: ") as raised:
        client.track(**{"user_id": "u", "type": "purchase"} | values)
    assert raised.value.field == field
    assert client.stats().queued == 0


def test_bytes_are_bounded_too(offline: Callable[..., EbbwatchClient]) -> None:
    client = offline(max_buffer_bytes=100_000)
    for _ in range(1200):
        client.track("u", "page_view", geography="x" * 100)
    # what the thread took in hand is at most 500 records
    assert client.stats().waiting * 200 < 100_000 + 500 * 250
    assert client.stats().dropped > 0


def test_kafka_away_is_said_once_and_never_holds_up_the_app(
    offline: Callable[..., EbbwatchClient], caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("app.events")
    client = offline(logger=logger, max_buffer_events=10)
    started = time.monotonic()
    for _ in range(2000):
        client.track("u", "page_view")
    assert time.monotonic() - started < 10
    await_fault(client)
    assert not client.flush(0.1)
    assert client.close(timeout=0) is False
    stats = client.stats()
    assert (stats.queued, stats.sent, stats.waiting) == (2000, 0, 0)
    assert stats.dropped + stats.failed == 2000
    assert "Connection refused" in (stats.last_error or "")
    words = Counter(r.getMessage().split(":")[0] for r in caplog.records if r.name == "app.events")
    assert words["the buffer is full"] == 1
    assert words["Kafka does not take events, they wait"] == 1


def test_after_close_nothing_is_taken(offline: Callable[..., EbbwatchClient]) -> None:
    client = offline()
    assert client.close() is True
    assert client.close() is True
    with pytest.raises(ClientClosedError, match="closed"):
        client.track("u", "page_view")


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_is_told_to_make_its_own(offline: Callable[..., EbbwatchClient]) -> None:
    client = offline()
    child = os.fork()
    if child == 0:
        try:
            client.track("u", "page_view")
        except ClientClosedError as error:
            os._exit(0 if "forked" in str(error) and not client.close() else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
