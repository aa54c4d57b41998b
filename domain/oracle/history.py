"""What a user did, kept whole, and when the user's timer is due."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import xxhash

from domain.events import EVENT_TYPES, Event
from domain.settings import FactSettings
from domain.state import DAYS, IDS, PENDING, WEEKS

_WEEK_MS: Final = 604_800_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SILENT: Final = frozenset({"cancellation", "cancellation_started", "experiment_assignment", "promotion"})
"""Types that announce the loss or the treatment, and so enter no feature."""


def hash_of(text: str | None) -> int:
    """64-bit hash of an id, never 0 unless it is absent (XXH3, Collet, xxHash specification)."""
    return (xxhash.xxh3_64_intdigest(text.encode()) or 1) if text else 0


def moment(time: int) -> datetime:
    """The UTC date and hour of `time` (ms)."""
    return _EPOCH + timedelta(milliseconds=time)


def day_of(time: int) -> int:
    """Days since 1970-01-01 at `time` (ms)."""
    return moment(time).toordinal() - _EPOCH.toordinal()


def week_of(time: int) -> int:
    """Mondays since 1970-01-01 up to `time` (ms)."""
    at = moment(time)
    monday = at.toordinal() - at.weekday()
    return (monday - datetime(1969, 12, 29, tzinfo=UTC).toordinal()) // 7


def cents(amount: float | None) -> int:
    """Magnitude in minor units, halves up."""
    return int(abs(amount or 0.0) * 100 + 0.5)


class Happening(NamedTuple):
    """An event that was applied or late."""

    time: int
    event: Event
    late: bool


class Session(NamedTuple):
    """How a session began."""

    start: int
    """ms"""
    kind: str
    """Its ``session_type``, empty if not given."""
    silence: int | None
    """Seconds since the activity before; None for the first session."""
    in_first_week: bool


class Line(NamedTuple):
    """One line of a purchase."""

    happening: Happening
    opens_order: bool
    silence: int | None
    """Seconds since the line before, if it opens an order and was not late."""


@dataclass
class Buckets:
    """Counters by day or by week, of which the newest `kept` can still be added to and are remembered."""

    kept: int
    newest: int = 0
    counts: defaultdict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def has(self, index: int) -> bool:
        return index > self.newest - self.kept

    def move(self, index: int) -> None:
        self.newest = max(self.newest, index)

    def add(self, index: int, name: str, number: int) -> None:
        if self.has(index):
            self.counts[index][name] += number


class History:
    """Everything that one user did, and what followed from it at the time."""

    def __init__(self, user: str, settings: FactSettings) -> None:
        self._settings = settings
        self._weekly_offset = hash_of(user) % _WEEK_MS
        self.happened: list[Happening] = []
        self.ids: list[int] = []
        self.forgotten = 0
        """How many of `ids` were forgotten when the user was found gone."""
        self.signups: list[int] = []
        self.cancellations: list[int] = []
        self.plans: list[tuple[int, str]] = []
        self.direction: Counter[str] = Counter()
        """Upgrades and downgrades."""
        self.activities: list[Happening] = []
        self.sessions: list[Session] = []
        self.session_names: list[int] = [0, 0]
        """Hashes of the ids that sessions went by, in the order in which they came up."""
        self.session_over = False
        self.session_end_s = 0
        self.seconds: list[int] = []
        self.active_days: list[int] = []
        self.active_weeks: list[int] = []
        self.active_months: list[tuple[int, int]] = []
        self.days = Buckets(DAYS)
        self.weeks = Buckets(WEEKS)
        self.lines: list[Line] = []
        self.departures: list[int] = []
        self.returns = 0
        self.timer = 0
        """When the next weekly instant or the passage is due, ms; 0 for never."""
        self.snapshots: list[int] = []
        """Instants at which snapshots were taken, ms."""
        self.pending: list[int] = []
        """Those of them that wait for their outcome."""
        self.last_ms = 0
        self.first_ms = 0
        self.last_active_ms = 0

    # -- status

    @property
    def gone(self) -> bool:
        return len(self.departures) > self.returns

    @property
    def cancelled(self) -> bool:
        return bool(self.cancellations) and max(self.cancellations) >= max(self.signups, default=0)

    @property
    def at_risk(self) -> bool:
        return bool(self.sessions) and not self.gone and not self.cancelled

    # -- timers

    def number_of(self, time: int) -> int:
        """Of the latest weekly instant at or before `time` (ms)."""
        return (time - self._weekly_offset) // _WEEK_MS

    def _instant_after(self, time: int) -> int:
        return (self.number_of(time) + 1) * _WEEK_MS + self._weekly_offset

    @property
    def stored_timer(self) -> int:
        """When a mark has to visit the user, ms; 0 for never."""
        delay = self._settings.horizon_ms + self._settings.allowed_lateness_ms
        return min([t for t in (self.timer, *(at + delay for at in self.pending)) if t > 0], default=0)

    def fire(self, until: int, clock: int) -> Iterator[int]:
        """Let the timer fire as often as it is due at `until` (ms).

        Yields:
            Instants at which a snapshot has to be taken, each while the history is as it has to be seen there.
        """
        while 0 < self.timer <= until:
            at = self.timer
            passage = self.last_active_ms + self._settings.inactivity_ms
            if passage <= at:
                self.departures.append(passage)
                self.timer = 0
                if self.last_ms < clock - self._settings.allowed_lateness_ms:
                    self.days = Buckets(DAYS)
                    self.forgotten = len(self.ids)
            else:
                if self._takes(at):
                    self.snapshots.append(at)
                    self.pending.append(at)
                    yield at
                self.timer = min(self._instant_after(at), passage)

    def _takes(self, time: int) -> bool:
        """Whether `time` is a weekly instant, and not 32 weeks or more after one that still waits."""
        number = self.number_of(time)
        weekly = time == number * _WEEK_MS + self._weekly_offset
        return weekly and all(number - self.number_of(at) < PENDING for at in self.pending)

    def settle(self, until: int) -> list[int]:
        """Instants of the snapshots whose outcome is due at or before `until` (ms); they wait no more."""
        delay = self._settings.horizon_ms + self._settings.allowed_lateness_ms
        due = [at for at in self.pending if at + delay <= until]
        self.pending = [at for at in self.pending if at + delay > until]
        return due

    def _set_timer(self, clock: int) -> None:
        now = max(self.last_ms, clock)
        if not self.at_risk:
            self.timer = 0
        elif self.timer == 0:
            passage = self.last_active_ms + self._settings.inactivity_ms
            self.timer = max(min(self._instant_after(now), passage), now + 1)

    # -- events

    def knows(self, event_id: str) -> bool:
        """Whether the id is among the last that are remembered."""
        return hash_of(event_id) in self.ids[max(self.forgotten, len(self.ids) - IDS) :]

    def take(self, event: Event, time: int, clock: int) -> bool:
        """Let the event, no duplicate and not too late, happen at `time` (ms), when the timer has fired.

        Returns:
            Whether it was late.
        """
        happening = Happening(time, event, time < self.last_ms)
        self.happened.append(happening)
        self.ids.append(hash_of(event.event_id))
        if not happening.late:
            self.last_ms = time
            if event.type not in SILENT:
                self.first_ms = self.first_ms or time
        if event.type == "cancellation":
            self.cancellations.append(time)
        elif event.type not in SILENT:
            self._take_loud(happening)
        self._set_timer(clock)
        return happening.late

    def _take_loud(self, happening: Happening) -> None:
        time, event, late = happening
        if not late:
            self._take_plan(time, event)
        if event.type == "signup":
            self.signups.append(time)
        elif event.type == "refund":
            self._move(time)
            self.weeks.add(week_of(time), "refunded", cents(event.amount))
        elif event.type == "session_end" and not late:
            self._end_session(time, event)
        elif self._is_activity(event.type):
            self._move(time)
            if not late:
                self._continue_or_open(time, event)
                self._lengthen(time, event)
            self._count(happening)
            if event.type == "purchase":
                self._buy(happening)

    def _is_activity(self, kind: str) -> bool:
        known = EVENT_TYPES.get(kind)
        return known[0] if known is not None else kind in self._settings.session_types

    def _move(self, time: int) -> None:
        self.days.move(day_of(time))
        self.weeks.move(week_of(time))

    # -- plan

    def paid_by(self, plan: str) -> int:
        return 1 if plan in ("free", "trial", "none") else 2

    def _take_plan(self, time: int, event: Event) -> None:
        before = self.paid_by(self.plans[-1][1]) if self.plans else 0
        if event.plan:
            self.plans.append((time, event.plan))
        if event.type == "subscription_change":
            if event.change is not None:
                self.direction[event.change] += 1
            elif event.plan:
                now = self.paid_by(event.plan)
                self.direction["downgrade"] += (before, now) == (2, 1)
                self.direction["upgrade"] += (before, now) == (1, 2)

    # -- sessions

    def _is_near(self, time: int) -> bool:
        return time - self.last_active_ms <= self._settings.session_gap_ms

    def _belongs(self, time: int, event: Event) -> bool:
        """Whether an activity continues the current session."""
        name = hash_of(event.session_id)
        before, current = self.session_names[-2:]
        if not self.sessions or self.gone:
            return False
        if event.type == "session_start":
            return name != 0 and name == current
        if name != 0 and current != 0:
            return name == current or (name == before and self._is_near(time))
        return not self.session_over and self._is_near(time)

    def _continue_or_open(self, time: int, event: Event) -> None:
        name = hash_of(event.session_id)
        if not self._belongs(time, event):
            self._open(time, event)
            self.session_names.append(name)
        elif name not in (0, self.session_names[-1]):
            self.session_names.append(name)
        self.session_over = False
        month = (moment(time).year, moment(time).month)
        last = moment(self.last_active_ms)
        if not self.active_months or month != (last.year, last.month):
            self.active_months.append(month)
        self.last_active_ms = time

    def _open(self, time: int, event: Event) -> None:
        silence = time // 1000 - self.last_active_ms // 1000 if self.sessions else None
        if self.gone:
            self.returns += 1
        origin = min(self.signups, default=self.first_ms)
        self.sessions.append(Session(time, event.session_type or "", silence, time < origin + _WEEK_MS))
        self.session_end_s = time // 1000
        self.days.add(day_of(time), "sessions", 1)
        self.weeks.add(week_of(time), "sessions", 1)

    def _end_session(self, time: int, event: Event) -> None:
        if not self.sessions or self.session_over:
            return
        name = hash_of(event.session_id)
        if self._is_near(time) or (name != 0 and name == self.session_names[-1]):
            self._move(time)
            self._lengthen(time, event)
            self.session_over = True

    def _lengthen(self, time: int, event: Event) -> None:
        end = (time + round((event.duration or 0.0) * 1000)) // 1000
        if end > self.session_end_s:
            longer = end - self.session_end_s
            self.seconds.append(longer)
            self.days.add(day_of(time), "seconds", longer)
            self.weeks.add(week_of(time), "seconds", longer)
            self.session_end_s = end

    # -- counts

    def _count(self, happening: Happening) -> None:
        self.activities.append(happening)
        day, week = day_of(happening.time), week_of(happening.time)
        pages = pages_of(happening.event)
        if self.days.has(day):
            if not self.days.counts[day]["events"]:
                self.active_days.append(day)
                self.weeks.add(week, "active_days", 1)
            self.days.add(day, "events", 1)
            self.days.add(day, "pages", pages)
        if self.weeks.has(week):
            if not self.weeks.counts[week]["events"]:
                self.active_weeks.append(week)
            self.weeks.add(week, "events", 1)
            self.weeks.add(week, "pages", pages)

    def _buy(self, happening: Happening) -> None:
        time, event, late = happening
        order = hash_of(event.order_id)
        last = next((line.happening for line in reversed(self.lines) if not line.happening.late), None)
        opens = order == 0 or last is None or order != hash_of(last.event.order_id)
        silence = time // 1000 - last.time // 1000 if opens and not late and last is not None else None
        self.lines.append(Line(happening, opens, silence))
        week = week_of(time)
        self.weeks.add(week, "orders", int(opens))
        self.weeks.add(week, "spent", cents(event.amount))


def pages_of(event: Event) -> int:
    """Pages that an activity stands for."""
    if event.pages is not None:
        return event.pages
    return 1 if event.type == "page_view" else 0
