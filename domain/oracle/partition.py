"""One partition of the log, record by record."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

from domain.events import (
    MAX_EVENT_BYTES,
    MAX_TIME_MS,
    MIN_TIME_MS,
    ClockMark,
    Event,
    UserErasure,
    milliseconds,
)
from domain.oracle.examples import Settled, Snapshot, settled, snapshot
from domain.oracle.features import features_of
from domain.oracle.history import History
from domain.oracle.record import packed
from domain.partitioner import partition_of
from domain.rejection import reject, too_deep
from domain.settings import FactSettings

_UNDECODABLE = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError)


class Outcome(NamedTuple):
    """What became of a record of the log."""

    kind: Literal["applied", "duplicate", "late", "dead_letter", "mark", "erased"]
    reason: str = ""
    """Of a dead letter."""


class Partition:
    """The users of one partition, from the log's first record on."""

    def __init__(self, partition: int, partitions: int, settings: FactSettings) -> None:
        self._partition = partition
        self._partitions = partitions
        self._settings = settings
        self._histories: dict[str, History] = {}
        self._timers: dict[str, int] = {}
        """Of each user, as `History.stored_timer` says: a mark must not ask everybody anew."""
        self._gaps_of_erased: list[int] = []
        self._next = 0
        self.clock = 0
        """The latest mark, ms; 0 before the first."""
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Records by kind and reason."""
        self.snapshots: list[Snapshot] = []
        """Those that have left, in order."""
        self.settled: list[Settled] = []
        """Outcomes that have left, in order."""
        self.waiting_snapshots: list[Snapshot] = []
        self.waiting_outcomes: list[Settled] = []
        self.upto = 0
        """What has left is complete up to here, ms."""

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
            if _is_erasure(value):
                return self._erase(key)
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
                (timer, user.encode(), user) for user, timer in self._timers.items() if 0 < timer <= mark.mark
            )
            for _, _, user in due[: mark.visits]:
                self._visit(user, mark.mark)
            everybody = len(due) <= mark.visits
            self._let_go(mark.mark if everybody else due[mark.visits - 1][0] - 1)
        return Outcome("mark")

    def _erase(self, key: bytes) -> Outcome:
        try:
            user = key.decode()
        except UnicodeDecodeError:
            return Outcome("dead_letter", "misrouted")
        if not 1 <= len(user) <= 128 or partition_of(key, self._partitions) != self._partition:
            return Outcome("dead_letter", "misrouted")
        if user in self._histories:
            self._gaps_of_erased += _silences(self._histories.pop(user))
            del self._timers[user]
            self.waiting_snapshots = [s for s in self.waiting_snapshots if s.user != key]
            self.waiting_outcomes = [s for s in self.waiting_outcomes if s.user != key]
        return Outcome("erased")

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
        self._fire(event.user_id, time)
        late = history.take(event, time, self.clock)
        self._timers[event.user_id] = history.stored_timer
        return Outcome("late" if late else "applied")

    def _fire(self, user: str, until: int) -> None:
        history = self._histories[user]
        for at in history.fire(until, self.clock):
            taken = snapshot(history, user.encode(), at, features_of(history, at))
            self.waiting_snapshots.append(taken)

    def _visit(self, user: str, mark: int) -> None:
        self._fire(user, mark)
        history = self._histories[user]
        for at in history.settle(mark):
            self.waiting_outcomes.append(settled(history, user.encode(), at, self._settings))
        self._timers[user] = history.stored_timer

    def _let_go(self, upto: int) -> None:
        self.upto = upto
        self.snapshots += sorted(s for s in self.waiting_snapshots if s.time <= upto)
        self.waiting_snapshots = [s for s in self.waiting_snapshots if s.time > upto]
        self.settled += sorted(s for s in self.waiting_outcomes if s.due <= upto)
        self.waiting_outcomes = [s for s in self.waiting_outcomes if s.due > upto]

    def users(self) -> Iterable[str]:
        """Everybody of whom an event was applied or late and who was not erased since."""
        return self._histories.keys()

    def record(self, user: str) -> bytes:
        """The stored form of the user's record. Raises KeyError for a user who is not among `users`."""
        return packed(self._histories[user], self._settings)

    def history(self, user: str) -> History:
        """All that the user did. Raises KeyError for a user who is not among `users`."""
        return self._histories[user]

    def timers(self) -> dict[str, int]:
        """When a mark has to visit each user whom one has to, ms."""
        timers = {user: history.stored_timer for user, history in self._histories.items()}
        return {user: timer for user, timer in timers.items() if timer > 0}

    def at_risk(self) -> set[str]:
        """Users who have a session, are not gone and have not cancelled."""
        return {user for user, history in self._histories.items() if history.at_risk}

    def population(self) -> tuple[int, int]:
        """How many gaps between sessions the users had, and their sum in seconds."""
        gaps = [gap for history in self._histories.values() for gap in _silences(history)]
        gaps += self._gaps_of_erased
        return len(gaps), sum(gaps)


def _silences(history: History) -> list[int]:
    return [s.silence for s in history.sessions if s.silence is not None]


def _is_erasure(value: bytes) -> bool:
    try:
        msgspec.json.decode(value, type=UserErasure)
    except msgspec.MsgspecError:
        return False
    return True
