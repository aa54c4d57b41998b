"""Events for tests of the whole way."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Final

from domain.events import Event, encode
from producers.publish import Publisher
from producers.topics import ensure_topics
from tests.integration.place import Place

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
START: Final = 1_704_067_200_000  # 2024-01-01

Sent = tuple[bytes, bytes] | int
"""Key and value of an event, or the time of a mark."""

_TYPES: Final = (
    "page_view",
    "page_view",
    "feature_use",
    "purchase",
    "session_start",
    "support_ticket",
    "signup",
)


def some_days(seed: int, users: int, events: int, days: int = 60) -> Iterator[Sent]:
    """Events of users who come often or seldom, in order of time, some late, some twice; daily marks."""
    random = Random(seed)
    times = sorted(random.randrange(days * DAY) for _ in range(events))
    marked = 0
    for number, at in enumerate(times):
        while marked < at // DAY:
            marked += 1
            yield START + marked * DAY
        user = f"user-{min(int(random.paretovariate(0.6)), users)}"
        late = random.randrange(20 * HOUR) if random.random() < 0.05 else 0
        sent = event(user, f"e{seed}-{number}", random.choice(_TYPES), START + at - late)
        yield sent
        if random.random() < 0.02:
            yield sent
    yield START + days * DAY


def event(user: str, event_id: str, kind: str = "page_view", time: int = START) -> tuple[bytes, bytes]:
    """Key and value of one event."""
    amount = 12.5 if kind == "purchase" else None
    return user.encode(), encode(Event(event_id=event_id, user_id=user, type=kind, time=time, amount=amount))


def publish(place: Place, sent: Iterable[Sent]) -> int:
    """Make the topics if need be and send all; returns the number of records in the log from it."""
    prepare(place)
    with Publisher(place.at.kafka, place.topic, place.partitions) as publisher:
        for one in sent:
            if isinstance(one, int):
                publisher.mark(one)
            else:
                publisher.send(*one)
    return publisher.sent + publisher.marks * place.partitions


def prepare(place: Place) -> str:
    """Make the topics; returns the id of the events topic."""
    settings = place.settings
    return ensure_topics(
        place.at.kafka,
        place.topic,
        place.partitions,
        place.dead_letter_topic,
        str(settings["control_topic"]),
        kept=[str(settings["command_topic"])],
    )
