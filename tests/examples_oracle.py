"""The examples of a log a third time, offline: who was at risk when, and who was lost, said without timers.

It knows the schema's field names and `docs/snapshots.md`, and takes nothing from the project but the features that
`domain.oracle` reads off a history, each time off one that ends before the snapshot. Marks are taken to visit
everybody, records to be well-formed events of one partition, and an event id to come again only with the same event.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
import xxhash

from domain.catalogue import NAMES
from domain.oracle import Partition
from domain.oracle.features import features_of
from domain.settings import FactSettings
from tests.domain.histories import LogRecord

_WEEK: Final = 7 * 86_400_000
_MOST: Final = 32 * _WEEK
_BORN: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_SIGNS_OF_LIFE: Final = frozenset({
    "session_start", "page_view", "feature_use", "purchase", "positive_feedback", "negative_feedback",
    "social_action", "collection_action",
})  # fmt: skip
_KNOWN: Final = _SIGNS_OF_LIFE | {
    "session_end", "refund", "signup", "trial_start", "renewal", "payment_failed", "subscription_change",
    "support_ticket", "cancellation_started", "cancellation", "experiment_assignment", "promotion",
}  # fmt: skip


class Example(NamedTuple):
    """A snapshot and what became of it."""

    time: int
    user: str
    features: bytes
    lost: bool | None
    """None while that is not known."""
    cause: str


class _Told(NamedTuple):
    """An event that counts, or a mark that moves the clock."""

    place: int
    """In the log."""
    time: int
    event: dict[str, Any]
    """Empty for a mark."""
    late: bool


class _Taken(NamedTuple):
    place: int
    """Of the record at which the log has reached the instant."""
    time: int


def examples(records: Sequence[LogRecord], settings: FactSettings) -> list[Example]:
    """All examples of a partition's log, by user and time."""
    found = []
    for user, story, until in _stories(records, settings):
        life = _Life(user, story, settings)
        for taken in life.taken:
            if until is None or taken.time <= until:
                row = _features(records, user, taken, settings)
                lost, cause = life.fate(taken)
                found.append(Example(taken.time, user, row, lost, cause))
    return sorted(found, key=lambda e: (e.user, e.time))


def _stories(
    records: Sequence[LogRecord], settings: FactSettings
) -> list[tuple[str, list[_Told], int | None]]:
    """What counts, by user: own events, and marks from the log's beginning on; an erasure ends it at the clock."""
    ended: list[tuple[str, list[_Told], int | None]] = []
    stories: dict[str, list[_Told]] = {}
    marks: list[_Told] = []
    clock = 0
    for place, record in enumerate(records):
        body = json.loads(record.value or b"")
        if "erase" in body:
            user = (record.key or b"").decode()
            if user in stories:
                ended.append((user, stories.pop(user), clock))
            continue
        time = milliseconds(body["mark"] if record.key is None else body["time"])
        if time > record.timestamp + settings.future_tolerance_ms:
            continue
        if record.key is None:
            if time > clock:
                clock = time
                marks.append(_Told(place, time, {}, False))
                for story in stories.values():
                    story.append(marks[-1])
            continue
        story = stories.get(body["user_id"], list(marks))
        own = [told for told in story if told.event]
        if body["event_id"] in [told.event["event_id"] for told in own[-64:]]:
            continue
        if clock and time < clock - settings.allowed_lateness_ms:
            continue
        story.append(_Told(place, time, body, any(told.time > time for told in own)))
        stories[body["user_id"]] = story
    return [*ended, *((user, story, None) for user, story in stories.items())]


def milliseconds(time: int | str) -> int:
    """Of the event's time as it is written."""
    return (
        time if isinstance(time, int) else (datetime.fromisoformat(time) - _BORN) // timedelta(milliseconds=1)
    )


class _Life:
    """What one user did, when sessions began, and when the user was at risk."""

    def __init__(self, user: str, story: list[_Told], settings: FactSettings) -> None:
        self._settings = settings
        self._story = story
        self._offset = (xxhash.xxh3_64_intdigest(user.encode()) or 1) % _WEEK
        self._delay = settings.horizon_ms + settings.allowed_lateness_ms
        self._starts: list[int] = []
        self._places_of_starts: list[int] = []
        self._gone = False
        self._over = False
        self._last = 0
        self._names = ["", ""]
        self._signed_up: list[int] = []
        self._cancelled: list[int] = []
        self.taken: list[_Taken] = []
        self._live()

    # -- at risk

    def _at_risk(self) -> bool:
        left = bool(self._cancelled) and max(self._cancelled) >= max(self._signed_up, default=0)
        return bool(self._starts) and not self._gone and not left

    def _live(self) -> None:
        reached = since = 0
        for told in self._story:
            at_risk = self._at_risk()
            passage = self._last + self._settings.inactivity_ms
            if at_risk:
                self._take(told.place, self._instants(reached, min(told.time, passage - 1)))
                self._gone = told.time >= max(passage, since + 1)
                at_risk = not self._gone
            if told.event:
                self._hear(told)
            reached = max(reached, told.time)
            if self._at_risk() and not at_risk:
                since = reached

    def _instants(self, after: int, until: int) -> Iterator[int]:
        first = after - (after - self._offset) % _WEEK + _WEEK
        yield from range(first, until + 1, _WEEK)

    def _take(self, place: int, instants: Iterator[int]) -> None:
        for at in instants:
            waiting = [t.time for t in self.taken if self._settled(t, before=place) is None]
            if not waiting or at - min(waiting) < _MOST:
                self.taken.append(_Taken(place, at))

    def _settled(self, taken: _Taken, before: int) -> int | None:
        """Place of the mark that settled it, if that stands before a place."""
        marks = (t for t in self._story if not t.event and taken.place <= t.place < before)
        return next((m.place for m in marks if m.time >= taken.time + self._delay), None)

    # -- sessions

    def _hear(self, told: _Told) -> None:
        kind = told.event["type"]
        if kind == "signup":
            self._signed_up.append(told.time)
        elif kind == "cancellation":
            self._cancelled.append(told.time)
        elif told.late:
            pass
        elif self._lives(kind):
            self._be_active(told)
        elif kind == "session_end" and self._starts and not self._over:
            name = told.event.get("session_id") or ""
            near = told.time - self._last <= self._settings.session_gap_ms
            self._over = near or name == self._names[-1] != ""

    def _lives(self, kind: str) -> bool:
        return kind in _SIGNS_OF_LIFE or (kind not in _KNOWN and kind in self._settings.session_types)

    def _be_active(self, told: _Told) -> None:
        name = told.event.get("session_id") or ""
        if not self._goes_on(told, name):
            self._starts.append(told.time)
            self._places_of_starts.append(told.place)
            self._names.append(name)
            self._gone = False
        elif name and name != self._names[-1]:
            self._names.append(name)
        self._over = False
        self._last = told.time

    def _goes_on(self, told: _Told, name: str) -> bool:
        before, current = self._names[-2:]
        near = told.time - self._last <= self._settings.session_gap_ms
        if not self._starts or self._gone:
            return False
        if told.event["type"] == "session_start":
            return name == current != ""
        if name and current:
            return name == current or (name == before and near)
        return near and not self._over

    # -- what became of it

    def fate(self, taken: _Taken) -> tuple[bool | None, str]:
        """Whether the user was lost, None if no mark has settled that, and the cause."""
        settled = self._settled(taken, before=self._story[-1].place + 1)
        if settled is None:
            return None, ""
        start, end = taken.time, taken.time + self._settings.horizon_ms
        heard = [t for t in self._story if t.event and t.place < settled]
        left = any(t.event["type"] == "cancellation" and start < t.time <= end for t in heard)
        late = [t.time for t in heard if t.late and self._lives(t.event["type"])]
        surely = start + self._settings.session_gap_ms
        back = any(
            start < time <= end
            for time, place in zip(self._starts, self._places_of_starts, strict=True)
            if place < settled
        ) or any(surely < time <= end for time in late)
        lost = {"inactivity": not back, "cancellation": left, "either": left or not back}[
            self._settings.churn
        ]
        if not lost:
            return False, "returned"
        return True, "cancellation" if left else "inactivity"


def _features(records: Sequence[LogRecord], user: str, taken: _Taken, settings: FactSettings) -> bytes:
    """Read off a history that ends before the record at which the log reached the instant."""
    history = Partition(0, 1, settings)
    for place, record in enumerate(records[: taken.place]):
        if record.key in (None, user.encode()):
            history.feed(place, record.timestamp, record.key, record.value)
    assert all(h.time < taken.time for h in history.history(user).happened)
    values = features_of(history.history(user), taken.time)
    return np.array([np.nan if (v := values[name]) is None else v for name in NAMES]).tobytes()
