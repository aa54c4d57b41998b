"""One partition in memory: the same decoding, fold and snapshots without a broker and without a store."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from domain.columns import MARK
from domain.decode import Decoder
from domain.events import MAX_TIME_MS, ClockMark, encode
from domain.labels import Outcomes, Snapshots
from domain.leaving import Item, Items, blocks
from domain.records import LogRecord, side_by_side
from domain.settings import FactSettings
from domain.state import empty
from domain.steps import Due, Partition, Progress, Step

BATCH: Final = 4000


class _Record(NamedTuple):
    key: bytes | None
    value: bytes | None
    timestamp: int


class Offline:
    """A sink for events and marks; hands over the blocks that the stream would send."""

    def __init__(self, settings: FactSettings, lineage: str) -> None:
        self._settings = settings
        self._lineage = lineage
        self._decoder = Decoder(0, 1, settings)
        self._records: list[LogRecord] = []
        self._progress = Progress(offset=0)
        self._slots: dict[str, int] = {}
        self._users: list[str] = []
        self._timers = np.zeros(0, np.int64)
        self.states = empty(0)
        """Of all users so far."""
        self._waiting: list[Items] = []
        self._blocks: list[Snapshots | Outcomes] = []
        self.outcomes: dict[str, int] = {}
        """Records by outcome."""

    @property
    def users(self) -> Sequence[str]:
        """Ids in the order of `states`; who was erased stays, with an empty state."""
        return self._users

    def send(self, key: bytes, value: bytes) -> None:
        """One event."""
        self._add(_Record(key, value, MAX_TIME_MS))

    def mark(self, time_ms: int) -> None:
        """A clock mark."""
        self._add(_Record(None, encode(ClockMark(mark=time_ms, visits=10_000_000)), MAX_TIME_MS))

    def _add(self, record: LogRecord) -> None:
        self._records.append(record)
        if len(self._records) >= BATCH:
            self.fold()

    def blocks(self) -> Iterator[Snapshots | Outcomes]:
        """What has left since the last call, in order."""
        self.fold()
        found, self._blocks = self._blocks, []
        yield from found

    def fold(self) -> None:
        """Fold what has been given so far."""
        records, self._records = self._records, []
        if not records:
            return
        batch = self._decoder.decode(side_by_side(records))
        first = self._progress.offset
        own = [self._slot(user) for user in batch.users]
        marks = batch.rows["time"][batch.rows["kind"] == MARK]
        until = int(marks.max()) if len(marks) else 0
        late = np.flatnonzero((self._timers > 0) & (self._timers <= until))
        due = sorted(late.tolist(), key=lambda slot: (self._timers[slot], self._users[slot].encode()))
        known = set(own)
        slots = np.array([*own, *(slot for slot in due if slot not in known)], np.int64)
        states = self.states[slots]
        users = [self._users[slot] for slot in slots.tolist()]
        waiting, self._waiting = self._take(until)
        folding = Partition(
            batch, first, states, users, Due([self._users[s] for s in due], True, waiting), self._settings
        )
        for step in folding.steps(self._progress):
            self._progress = step.progress
            self._forget({folding.ids[slot] for slot in step.erased.tolist()})
            self._keep(step, until)
        self.states[slots] = states
        self._timers[slots] = folding.timers(np.arange(len(slots)))

    def _forget(self, users: Collection[bytes]) -> None:
        """What waits of users who were erased, and is due after this batch, will not leave."""
        if users:
            self._waiting = [
                Items(*([item for item in kind if item.user not in users] for kind in items))
                for items in self._waiting
            ]

    def _keep(self, step: Step, until: int) -> None:
        for outcome, by in step.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + by
        # those that may leave within this batch wait inside its fold
        later = Items(*([i for i in items if i.key > until] for items in step.kept))
        if later.snapshots or later.outcomes:
            self._waiting.append(later)
        if step.tells:
            for kind in blocks(step.leaving, self._lineage, 0, step.progress.upto, self._settings.churn):
                self._blocks += kind

    def _take(self, until: int) -> tuple[Items, list[Items]]:
        """What waits with a key time up to `until`, and the rest."""
        now: tuple[list[Item], list[Item]] = ([], [])
        rest: tuple[list[Item], list[Item]] = ([], [])
        for items in self._waiting:
            for kind, some in enumerate(items):
                for item in some:
                    (now if item.key <= until else rest)[kind].append(item)
        return Items(*now), [Items(*rest)]

    def _slot(self, user: str) -> int:
        slot = self._slots.setdefault(user, len(self._users))
        if slot == len(self._users):
            self._users.append(user)
            if slot >= len(self.states):
                more = max(1024, len(self.states))
                self.states = np.concatenate([self.states, empty(more)])
                self._timers = np.concatenate([self._timers, np.zeros(more, np.int64)])
        return slot
