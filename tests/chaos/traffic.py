"""Events that keep coming while servers die: known in number, some sent twice, some broken."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Final, Literal, NamedTuple

from producers.publish import Publisher
from tests.integration.feed import DAY, HOUR, START, event
from tests.integration.place import Place

Kind = Literal["event", "repeat", "broken", "mark"]

_STEP_MS: Final = 60_000
"""Event time between two events; at some hundred events a second, users go silent and are gone within a run."""
_USERS: Final = 300
_TYPES: Final = (
    *("page_view",) * 15, *("feature_use",) * 5, *("purchase",) * 5, *("session_start",) * 5, "promotion",
)  # fmt: skip
_TICK_S: Final = 0.05


class Sent(NamedTuple):
    """One record, or one mark in each partition."""

    kind: Kind
    key: bytes
    value: bytes
    time: int


def traffic(seed: int) -> Iterator[Sent]:
    """For ever: 1 % of the events come again a little later, as producers do that missed an answer."""
    random = Random(seed)
    again: list[tuple[int, Sent]] = []
    now, number = START, 0
    while True:
        if now % (6 * HOUR) == 0:
            yield Sent("mark", b"", b"", now)
        user = f"user-{min(int(random.paretovariate(0.5)), _USERS)}"
        late = random.randrange(DAY // 2) if random.random() < 0.03 else 0
        sent = Sent("event", *event(user, f"e{number}", random.choice(_TYPES), now - late), now)
        yield sent
        if random.random() < 0.01:
            again.append((number + random.randrange(20), sent))
        if random.random() < 0.005:
            yield Sent("broken", user.encode(), b'{"event_id": "b%d", "user_id": ' % number, now)
        while again and again[0][0] <= number:
            yield again.pop(0)[1]._replace(kind="repeat")
        now, number = now + _STEP_MS, number + 1


class Producer(threading.Thread):
    """Sends traffic at a moderate rate until stopped; Kafka may be away for a while."""

    def __init__(self, place: Place, seed: int, rate: int) -> None:
        """
        Args:
            rate: records a second.
        """
        super().__init__(name="producer", daemon=True)
        self._place = place
        self._traffic = traffic(seed)
        self._chunk = max(1, int(rate * _TICK_S))
        self._stopping = threading.Event()
        self.sent: Counter[Kind] = Counter()
        """What was handed over; all of it is in the log after `stop`. Marks count once a partition."""
        self.fault: Exception | None = None

    def run(self) -> None:
        """Until `stop`."""
        place = self._place
        try:
            with Publisher(place.at.kafka, place.topic, place.partitions, timeout_ms=280_000) as publisher:
                while not self._stopping.wait(_TICK_S):
                    for _ in range(self._chunk):
                        self._send(publisher, next(self._traffic))
        except Exception as fault:  # told by `check`
            self.fault = fault

    def _send(self, publisher: Publisher, sent: Sent) -> None:
        if sent.kind == "mark":
            publisher.mark(sent.time)
            self.sent["mark"] += publisher.partitions
        else:
            publisher.send(sent.key, sent.value)
            self.sent[sent.kind] += 1

    def check(self) -> None:
        """Whether it still sends.

        Raises:
            Exception: what has ended it.
        """
        if self.fault is not None:
            raise self.fault

    def abandon(self) -> None:
        """Send no more; what is on its way may be lost."""
        self._stopping.set()

    def stop(self) -> None:
        """End, and wait until Kafka has everything.

        Raises:
            TimeoutError, PublishError: it does not.
        """
        self._stopping.set()
        begun = time.monotonic()
        self.join(300)
        if self.is_alive():
            raise TimeoutError(f"Kafka has not taken everything after {time.monotonic() - begun:.0f} s")
        self.check()
