"""One partition of the log, record by record."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

from domain.events import MAX_EVENT_BYTES, MAX_TIME_MS, MIN_TIME_MS, ClockMark, Event, milliseconds
from domain.oracle.history import History
from domain.oracle.record import packed
from domain.partitioner import partition_of
from domain.rejection import reject, too_deep
from domain.settings import FactSettings

_UNDECODABLE = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError)


class Outcome(NamedTuple):
    """What became of a record of the log."""

    kind: Literal["applied", "duplicate", "late", "dead_letter", "mark"]
    reason: str = ""
    """Of a dead letter."""


class Partition:
    """The users of one partition, from the log's first record on."""

    def __init__(self, partition: int, partitions: int, settings: FactSettings) -> None:
        self._partition = partition
        self._partitions = partitions
        self._settings = settings
        self._histories: dict[str, History] = {}
        self._next = 0
        self.clock = 0
        """The latest mark, ms; 0 before the first."""
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Records by kind and reason."""

    def feed(self, offset: int, record_time_ms: int, key: bytes | None, value: bytes | None) -> Outcome:
        """Take the next record; `record_time_ms` is Kafka's time of it.

        Raises:
            ValueError: the record stands before one that was fed already.
        """
        if offset < self._next:
            raise ValueError(f"record {offset} was fed after record {self._next - 1}: feed the log in order")
        self._next = offset + 1
        outcome = self._outcome(record_time_ms, key, value)
        self.outcomes[outcome] += 1
        return outcome

    def _outcome(self, record_time_ms: int, key: bytes | None, value: bytes | None) -> Outcome:
        latest = record_time_ms + self._settings.future_tolerance_ms
        if value is None or len(value) > MAX_EVENT_BYTES or too_deep(value):
            return Outcome("dead_letter", reject(value, key))
        try:
            value.decode()
            if key is None:
                return self._take_mark(msgspec.json.decode(value, type=ClockMark), latest)
            event = msgspec.json.decode(value, type=Event)
        except _UNDECODABLE:
            return Outcome("dead_letter", reject(value, key))
        return self._take_event(event, key, latest)

    def _take_mark(self, mark: ClockMark, latest: int) -> Outcome:
        if mark.mark > latest:
            return Outcome("dead_letter", "future")
        if mark.mark > self.clock:
            self.clock = mark.mark
            due = sorted(
                (history.timer, user.encode(), history)
                for user, history in self._histories.items()
                if 0 < history.timer <= mark.mark
            )
            for _, _, history in due[: mark.visits]:
                history.fire(mark.mark, mark.mark)
        return Outcome("mark")

    def _take_event(self, event: Event, key: bytes, latest: int) -> Outcome:
        time = milliseconds(event.time)
        if not MIN_TIME_MS <= time < MAX_TIME_MS:
            return Outcome("dead_letter", "bad_time")
        if event.user_id.encode() != key or partition_of(key, self._partitions) != self._partition:
            return Outcome("dead_letter", "misrouted")
        if time > latest:
            return Outcome("dead_letter", "future")
        history = self._histories.get(event.user_id) or History(event.user_id, self._settings)
        if history.knows(event.event_id):
            return Outcome("duplicate")
        if self.clock > 0 and time < self.clock - self._settings.allowed_lateness_ms:
            return Outcome("dead_letter", "too_late")
        self._histories[event.user_id] = history
        return Outcome("late" if history.take(event, time, self.clock) else "applied")

    def users(self) -> Iterable[str]:
        """Everybody of whom an event was applied or late."""
        return self._histories.keys()

    def record(self, user: str) -> bytes:
        """The stored form of the user's record. Raises KeyError for a user who is not among `users`."""
        return packed(self._histories[user])

    def history(self, user: str) -> History:
        """All that the user did. Raises KeyError for a user who is not among `users`."""
        return self._histories[user]

    def timers(self) -> dict[str, int]:
        """When the timer of each user who has one is due, ms."""
        return {user: history.timer for user, history in self._histories.items() if history.timer > 0}

    def at_risk(self) -> set[str]:
        """Users who have a session, are not gone and have not cancelled."""
        return {user for user, history in self._histories.items() if history.at_risk}

    def population(self) -> tuple[int, int]:
        """How many gaps between sessions the users had, and their sum in seconds."""
        gaps = [
            s.silence
            for history in self._histories.values()
            for s in history.sessions
            if s.silence is not None
        ]
        return len(gaps), sum(gaps)
