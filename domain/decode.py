"""Records of the log into columns: one strict pass, and a slow path that names the fault of a refused one."""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash

from domain.columns import (
    CHANGES,
    CUSTOM,
    CUSTOM_ACTIVITY,
    KINDS,
    MARK,
    OTHER_SESSION,
    REJECTED,
    ROW,
    SESSION_TYPES,
    UNPAID_PLANS,
    Codes,
    Hashes,
    Rows,
)
from domain.events import MAX_EVENT_BYTES, MAX_TIME_MS, MIN_TIME_MS, ClockMark, Event, milliseconds
from domain.partitioner import partitions_of
from domain.rejection import reject, too_deep
from domain.settings import FactSettings


class LogRecord(Protocol):
    """What the decoder reads of a Kafka record; aiokafka's and confluent-kafka's wrappers both fit."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def timestamp(self) -> int: ...


class Batch(NamedTuple):
    """Consecutive records of one partition, decoded."""

    rows: Rows
    """Shape (records,)."""
    users: list[str]
    """By slot."""
    user_hashes: npt.NDArray[np.uint64]
    """Shape (users,)."""
    rejected: dict[int, str]
    """Reason by row, for rows whose kind is `REJECTED`."""
    names: dict[int, str]
    """Names behind codes that this decoder has not reported before."""


_PAID: Final = {None: 0, "": 0} | dict.fromkeys(UNPAID_PLANS, 1)
_SESSION_TYPE: Final[dict[str | None, int]] = dict([(None, 0), ("", 0), *SESSION_TYPES.items()])
_CHANGE: Final[dict[str | None, int]] = dict([(None, 0), *CHANGES.items()])
_FILLER: Final = Event(event_id="-", user_id="-", type="-", time=0)
_NAMED: Final = ("platform", "plan", "channel", "geography", "feature", "category")
_REPORTED_NAMES: Final = 10_000
_SHALLOW_BYTES: Final = 512  # too short to nest too deeply; saves the hot path a call


class Decoder:
    """Decodes the batches of one partition; keeps caches of names and codes between them."""

    def __init__(self, partition: int, partitions: int, settings: FactSettings) -> None:
        self._partition = partition
        self._partitions = partitions
        self._future_ms = settings.future_tolerance_ms
        self._kinds = KINDS | dict.fromkeys(settings.session_types, CUSTOM_ACTIVITY)
        self._event = msgspec.json.Decoder(Event)
        self._mark = msgspec.json.Decoder(ClockMark)
        self._codes = Codes()
        self._hashes = Hashes()
        self._reported: set[str] = set()

    def decode(self, records: Sequence[LogRecord]) -> Batch:
        """One row for each record, in order; never raises for what a record contains."""
        rejected: dict[int, str] = {}
        marks: dict[int, ClockMark] = {}
        events = [self._one(i, r, rejected, marks) for i, r in enumerate(records)]
        rows = np.zeros(len(records), ROW)
        slots: dict[str, int] = {}
        if len(rejected) + len(marks) < len(records):
            self._fill(rows, events)
            self._refuse(rows, records, events, rejected, marks)
            place = slots.setdefault
            rows["slot"] = [
                -1 if e is _FILLER or i in rejected else place(e.user_id, len(slots))
                for i, e in enumerate(events)
            ]
        for i, mark in marks.items():
            rows["kind"][i] = MARK
            rows["time"][i] = mark.mark
            rows["quantity"][i] = mark.visits
        if rejected:
            rows["kind"][list(rejected)] = REJECTED
        users = list(slots)
        return Batch(rows, users, hashes_of(users), rejected, self._new_names(events))

    def _one(self, i: int, record: LogRecord, rejected: dict[int, str], marks: dict[int, ClockMark]) -> Event:
        value, key = record.value, record.key
        if value is None:
            rejected[i] = "tombstone"
        elif len(value) > MAX_EVENT_BYTES:
            rejected[i] = "too_large"
        elif len(value) > _SHALLOW_BYTES and too_deep(value):
            rejected[i] = reject(value, key)
        elif key is None:
            self._one_mark(i, value, record.timestamp, rejected, marks)
        else:
            try:
                event = self._event.decode(value)
            except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
                rejected[i] = reject(value, key)
            else:
                if event.user_id.encode() == key:
                    return event
                rejected[i] = "bad_time" if _out_of_range(event) else "misrouted"
        return _FILLER

    def _one_mark(
        self, i: int, value: bytes, recorded_ms: int, rejected: dict[int, str], marks: dict[int, ClockMark]
    ) -> None:
        try:
            mark = self._mark.decode(value)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
            rejected[i] = reject(value, None)
            return
        if mark.mark > recorded_ms + self._future_ms:
            rejected[i] = "future"
        else:
            marks[i] = mark

    def _fill(self, rows: Rows, events: list[Event]) -> None:
        """Column by column, at C speed where it can be had: this is the hot path."""
        code = self._codes.__getitem__
        known = self._hashes.__getitem__
        kind = self._kinds.get
        rows["time"] = _times(events)
        rows["kind"] = [kind(e.type, CUSTOM) for e in events]
        hashed = xxhash.xxh3_64_intdigest
        rows["id"] = [hashed(e.event_id.encode()) for e in events]
        rows["id"][rows["id"] == 0] = 1
        rows["session"] = [known(e.session_id) for e in events]
        rows["platform"] = [code(e.platform) for e in events]
        plans = [e.plan for e in events]
        rows["plan"] = list(map(code, plans))
        rows["paid"] = [_PAID.get(p, 2) for p in plans]
        rows["channel"] = [code(e.channel) for e in events]
        rows["geography"] = [code(e.geography) for e in events]
        rows["feature"] = [code(e.feature) for e in events]
        rows["category"] = [code(e.category) for e in events]
        rows["session_type"] = [_SESSION_TYPE.get(e.session_type, OTHER_SESSION) for e in events]
        rows["conversion"] = [e.conversion is True for e in events]
        rows["pages"] = [-1 if e.pages is None else e.pages for e in events]
        durations = [e.duration for e in events]
        if any(durations):
            rows["duration_ms"] = [0 if d is None else round(d * 1000) for d in durations]
        self._fill_trade(rows, events)

    def _fill_trade(self, rows: Rows, events: list[Event]) -> None:
        """What only events about money carry."""
        trade = [
            (i, e)
            for i, e in enumerate(events)
            if e.amount is not None
            or e.product is not None
            or e.order_id is not None
            or e.quantity is not None
            or e.discount is not None
            or e.change is not None
        ]
        rows["quantity"] = 1
        if trade:
            at = [i for i, _ in trade]
            rows["order"][at] = [self._hashes[e.order_id] for _, e in trade]
            rows["product"][at] = [self._codes[e.product] for _, e in trade]
            rows["quantity"][at] = [1 if e.quantity is None else e.quantity for _, e in trade]
            rows["change"][at] = [_CHANGE[e.change] for _, e in trade]
            rows["amount"][at] = minor_units([e.amount or 0.0 for _, e in trade])
            rows["discount"][at] = minor_units([e.discount or 0.0 for _, e in trade])

    def _refuse(
        self,
        rows: Rows,
        records: Sequence[LogRecord],
        events: list[Event],
        rejected: dict[int, str],
        marks: dict[int, ClockMark],
    ) -> None:
        """Name the fault of events that are well formed but cannot be true, or stand in the wrong place."""
        time = rows["time"]
        real = np.ones(len(rows), np.bool_)
        real[[*rejected, *marks]] = False
        bad = real & ((time < MIN_TIME_MS) | (time >= MAX_TIME_MS))
        keys = [e.user_id.encode() for e in events]
        starts = np.zeros(len(keys) + 1, np.int64)
        np.cumsum([len(k) for k in keys], out=starts[1:])
        homes = partitions_of(np.frombuffer(b"".join(keys), np.uint8), starts, self._partitions)
        misrouted = real & ~bad & (homes != self._partition)
        recorded = np.array([r.timestamp for r in records], np.int64)
        future = real & ~bad & ~misrouted & (time > recorded + self._future_ms)
        for reason, where in (("bad_time", bad), ("misrouted", misrouted), ("future", future)):
            rejected.update(dict.fromkeys(np.flatnonzero(where).tolist(), reason))

    def _new_names(self, events: list[Event]) -> dict[int, str]:
        """Names behind codes, once each; no more after a flood, so that memory stays bounded."""
        if len(self._reported) >= _REPORTED_NAMES:
            return {}
        seen: set[str | None] = set()
        for field in _NAMED:
            seen.update({getattr(e, field) for e in events})
        new = {n for n in seen if n} - self._reported
        self._reported |= new
        return {self._codes[n]: n for n in sorted(new)}


def hashes_of(users: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Hash of each user id, shape (users,)."""
    return np.array([xxhash.xxh3_64_intdigest(u.encode()) or 1 for u in users], np.uint64)


def minor_units(amounts: Sequence[float]) -> npt.NDArray[np.int64]:
    """Magnitudes in hundredths, halves up, shape (amounts,)."""
    return np.floor(np.abs(np.array(amounts, np.float64)) * 100 + 0.5).astype(np.int64)


def _out_of_range(event: Event) -> bool:
    return not MIN_TIME_MS <= milliseconds(event.time) < MAX_TIME_MS


def _times(events: list[Event]) -> list[int]:
    """Event times in ms; out of range ones that 64 bits cannot hold become -1."""
    times = [e.time for e in events]
    if all(type(t) is int for t in times):
        whole = [int(t) for t in times if isinstance(t, int)]
    else:
        whole = [milliseconds(t) for t in times]
    if whole and (max(whole) >= MAX_TIME_MS or min(whole) < 0):
        whole = [t if 0 <= t < MAX_TIME_MS else -1 for t in whole]
    return whole
