"""A user goes quiet under a live clock: one alert, whatever dies meanwhile, and none from what is read again."""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from control.log import Log
from domain.alerts import LOW, Alert
from domain.events import Event, encode
from domain.partitioner import partition_of
from feature_store.served import known, trailers
from producers.publish import Publisher
from tests.integration.feed import prepare
from tests.integration.place import Place, Supervised, eventually

USER = "ann"
SECOND = 1000
SESSIONS = 3000
"""One every two seconds: then half a minute of silence is a lot."""


def wall() -> int:
    return int(time.time() * 1000)


def publish(place: Place, user: str, *times: int) -> None:
    with Publisher(place.at.kafka, place.topic, place.partitions) as publisher:
        for at in times:
            event = Event(event_id=f"{user}-{at}", user_id=user, type="page_view", time=at)
            publisher.send(user.encode(), encode(event))


def publish_mark(place: Place, at: int) -> None:
    with Publisher(place.at.kafka, place.topic, place.partitions) as publisher:
        publisher.mark(at)


def alerts(place: Place) -> list[Alert]:
    """All records of the topic, repeats included."""
    with Log(place.at.kafka, str(place.settings["alert_topic"])) as log:
        values = [record.value for record in log.read(0, 0, log.bounds(0).end)]
    return [msgspec.json.decode(value or b"", type=Alert) for value in values]


def ids(place: Place, kind: str) -> set[str]:
    return {alert.id for alert in alerts(place) if alert.kind == kind and alert.user == USER}


def scored_live(place: Place) -> bool:
    """Whether the user's tier was set by a live score."""
    partition = partition_of(USER.encode(), place.partitions)
    with place.store as store:
        stored: Any = store.hget(place.stream().keys(partition).users, USER)
    served = known(trailers([stored]))
    return bool(served.tiers[0] == LOW and served.bases[0])


def marks(place: Place) -> int:
    counts: list[Any] = []
    with place.store as store:
        counts = [store.hget(place.stream().keys(p).counts, "mark") for p in range(place.partitions)]
    return min(int(count or 0) for count in counts)


def some_marks_later(place: Place, number: int = 5) -> None:
    before = marks(place)
    eventually("the clock goes on", lambda: marks(place) >= before + number)


def comes_after(ends: dict[int, int], alert: Alert) -> bool:
    """Whether a record of the log at or behind these ends made it."""
    partition, offset = map(int, alert.source.split(":"))
    return offset >= ends[partition]


def kill(worker: Supervised) -> None:
    child = worker.child()
    if child is not None:
        child.kill()


def test_one_alert_for_who_goes_quiet_and_none_from_what_is_read_again(
    make_place: Callable[..., Place],
) -> None:
    place = make_place(partitions=2, session_gap=1, clock_lag=0.5, mark_interval=0.3)
    prepare(place)
    begun = wall() - 2 * SECOND * SESSIONS
    with place.worker() as worker:
        # imported: both go quiet for an hour and more
        long_ago = begun - 7200 * SECOND
        publish(place, "bob", *range(long_ago - 4000 * SECOND, long_ago, 2 * SECOND))
        publish(place, USER, *range(begun, wall() - SECOND, 2 * SECOND))
        publish_mark(place, wall() - 10 * SECOND)
        eventually("the import is read", lambda: marks(place) == 1)
        assert alerts(place) == []
        place.ebbwatch("clock", "live")

        def comes_again() -> bool:
            publish(place, USER, wall())
            return scored_live(place)

        eventually("a score of a live clock", comes_again)
        kill(worker)
        eventually("an alert", lambda: ids(place, "raised"))
        kill(worker)
        some_marks_later(place)
        (raised,) = {alert.id: alert for alert in alerts(place) if alert.kind == "raised"}.values()
        assert (raised.user, raised.tier_before, raised.deliver, raised.held) == (USER, "low", True, False)
        assert raised.tier in ("medium", "high")
        assert raised.risk is not None
        assert raised.risk >= 0.4
        assert raised.reasons[0].startswith("no session for ")
        assert raised.action
        partition, offset = map(int, raised.source.split(":"))
        assert partition == partition_of(USER.encode(), 2)
        assert offset > 0

        publish(place, USER, wall())
        eventually("the alert is resolved", lambda: ids(place, "resolved"))
        some_marks_later(place)
        assert worker.stop() == 0
    assert place.report("verify")["identical"]

    before = alerts(place)
    assert len(ids(place, "raised")) == len(ids(place, "resolved")) == 1
    with Log(place.at.kafka, place.topic) as log:
        ends = log.ends(place.partitions)
    place.ebbwatch("rebuild")
    with place.worker() as worker:
        some_marks_later(place)
        assert worker.stop() == 0
    after = alerts(place)
    assert after[: len(before)] == before
    # the clock went on meanwhile: on a slow machine the user has been silent for long enough again
    assert all(comes_after(ends, alert) for alert in after[len(before) :])
