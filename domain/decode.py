"""Records of the log into columns: one strict pass, and a slow path that names the fault of a refused one."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash

from domain.columns import (
    CHANGES,
    CUSTOM_ACTIVITY,
    ERASURE,
    HOLDOUTS,
    KINDS,
    MARK,
    REJECTED,
    ROW,
    TRAIT_COLUMNS,
    TRAITS,
    Codes,
    Hashes,
    Rows,
    Trait,
    Traits,
)
from domain.compiled import compiled
from domain.events import (
    MAX_EVENT_BYTES,
    MAX_TIME_MS,
    MIN_TIME_MS,
    ClockMark,
    Event,
    UserErasure,
    erasable,
    milliseconds,
)
from domain.hashing import hashes_of
from domain.partitioner import partition_of, partitions_of
from domain.records import Records
from domain.rejection import reject, too_deep
from domain.settings import FactSettings


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


_CHANGE: Final[dict[str | None, int]] = dict([(None, 0), *CHANGES.items()])
_traits_of: Final[Callable[[Event], Trait]] = attrgetter(*TRAITS)
_ASSIGNMENT: Final = KINDS["experiment_assignment"]
_IS_TRADE: Final = np.zeros(256, np.bool_)
_IS_TRADE[[KINDS["purchase"], KINDS["refund"], KINDS["subscription_change"]]] = True
_REPORTED_NAMES: Final = 10_000
_SHALLOW_BYTES: Final = 512  # too short to nest too deeply; saves the hot path a call
_LEAST_BYTES: Final = 49  # of an event: four required fields of one character; erasures are shorter
_UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError)

Where = slice | npt.NDArray[np.int64]
"""Rows that hold events."""


class Decoder:
    """Decodes the batches of one partition; keeps caches of names and codes between them."""

    def __init__(self, partition: int, partitions: int, settings: FactSettings) -> None:
        self._partition = partition
        self._partitions = partitions
        self._future_ms = settings.future_tolerance_ms
        self._event: Callable[[bytes], Event] = msgspec.json.Decoder(Event).decode
        self._mark = msgspec.json.Decoder(ClockMark).decode
        self._erasure = msgspec.json.Decoder(UserErasure).decode
        self._codes = Codes()
        kinds = dict.fromkeys(settings.session_types, CUSTOM_ACTIVITY) | KINDS
        self._traits = Traits(self._codes, kinds)
        self._products = Codes()  # apart: their names are not reported
        self._hashes = Hashes()
        self._reported = 0

    def decode(self, records: Records) -> Batch:
        """One row for each record, in order; never raises for what a record contains."""
        rows = np.zeros(records.size, ROW)
        rejected: dict[int, str] = {}
        at, events = self._events(records, rows, rejected)
        where: Where = slice(None) if len(at) == len(rows) else at
        users: dict[str, int] = {}
        if events:
            place = users.setdefault
            slots = np.array([place(e.user_id, len(users)) for e in events], np.int64)
            rows["slot"][where] = slots
            self._fill(rows, where, events)
            self._traits.forget()
            self._refuse(rows, at, records, slots, users, rejected)
        if rejected:
            rows["kind"][list(rejected)] = REJECTED
        for row in np.flatnonzero(rows["kind"] == ERASURE).tolist():
            user = erasable(records.key(row) or b"")
            assert user is not None
            rows["slot"][row] = users.setdefault(user, len(users))
        names = list(users)
        return Batch(rows, names, hashes_of(names), rejected, self._new_names())

    def _events(
        self, records: Records, rows: Rows, rejected: dict[int, str]
    ) -> tuple[npt.NDArray[np.int64], list[Event]]:
        """Rows that hold events, and the events; marks and refused records are noted on the way."""
        starts, lengths = records.value_starts, records.value_lengths
        plain = np.flatnonzero(
            (records.key_lengths >= 0) & (lengths >= _LEAST_BYTES) & (lengths <= _SHALLOW_BYTES)
        )
        buffer, begins = records.buffer, starts[plain].tolist()
        ends = (starts[plain] + lengths[plain]).tolist()
        try:
            values = [buffer[a:b] for a, b in zip(begins, ends, strict=True)]
            for value in values:
                if not value.isascii():
                    value.decode()  # the JSON decoder does not look into fields that it does not know
            events = list(map(self._event, values))
        except _UNDECODABLE:  # at least one is none: one by one
            plain, events = plain[:0], []
        if len(plain) == records.size:
            return plain, events
        found: dict[int, Event] = dict(zip(plain.tolist(), events, strict=True))
        for row in np.setdiff1d(np.arange(records.size), plain).tolist():
            event = self._one(row, records, rows, rejected)
            if event is not None:
                found[row] = event
        at = np.array(sorted(found), np.int64)
        return at, [found[row] for row in at.tolist()]

    def _one(self, row: int, records: Records, rows: Rows, rejected: dict[int, str]) -> Event | None:
        value, key = records.value(row), records.key(row)
        if value is None:
            rejected[row] = "tombstone"
        elif len(value) > MAX_EVENT_BYTES:
            rejected[row] = "too_large"
        elif len(value) > _SHALLOW_BYTES and too_deep(value):
            rejected[row] = reject(value, key)
        else:
            try:
                value.decode()
                if key is not None:
                    return self._event(value)
                mark = self._mark(value)
            except _UNDECODABLE:
                if key is None or not self._erases(value):
                    rejected[row] = reject(value, key)
                elif erasable(key) and partition_of(key, self._partitions) == self._partition:
                    rows["kind"][row] = ERASURE
                else:
                    rejected[row] = "misrouted"
            else:
                if mark.mark > records.timestamps[row] + self._future_ms:
                    rejected[row] = "future"
                else:
                    rows["kind"][row] = MARK
                    rows["time"][row] = mark.mark
                    rows["quantity"][row] = mark.visits
        return None

    def _erases(self, value: bytes) -> bool:
        try:
            self._erasure(value)
        except _UNDECODABLE:
            return False
        return True

    def _fill(self, rows: Rows, where: Where, events: list[Event]) -> None:
        """Column by column, at C speed where it can be had: this is the hot path."""
        hashed = xxhash.xxh3_64_intdigest
        rows["time"][where] = _times(events)
        ids = np.array([hashed(e.event_id.encode()) for e in events], np.uint64)
        ids[ids == 0] = 1
        rows["id"][where] = ids
        rows["session"][where] = list(map(self._hashes.__getitem__, [e.session_id for e in events]))
        lines = list(map(self._traits.__getitem__, map(_traits_of, events)))
        traits = self._traits.table()[lines]
        for column, name in enumerate(TRAIT_COLUMNS):
            rows[name][where] = traits[:, column]
        conversions = [e.conversion for e in events]
        if any(conversions):
            rows["conversion"][where] = [c is True for c in conversions]
        pages = [e.pages for e in events]
        rows["pages"][where] = (
            -1 if pages.count(None) == len(pages) else [-1 if p is None else p for p in pages]
        )
        durations = [e.duration for e in events]
        if any(durations):
            rows["duration_ms"][where] = [0 if d is None else round(d * 1000) for d in durations]
        rows["quantity"][where] = 1
        self._fill_trade(rows, where, events)
        self._fill_assignments(rows, where, events)

    def _fill_trade(self, rows: Rows, where: Where, events: list[Event]) -> None:
        """What counts only for events about money."""
        chosen = np.flatnonzero(_IS_TRADE[rows["kind"][where]])
        if not len(chosen):
            return
        trade = [events[i] for i in chosen.tolist()]
        at = chosen if isinstance(where, slice) else where[chosen]
        rows["order"][at] = [self._hashes[e.order_id] for e in trade]
        rows["product"][at] = [self._products[e.product] for e in trade]
        rows["quantity"][at] = [1 if e.quantity is None else e.quantity for e in trade]
        rows["change"][at] = [_CHANGE[e.change] for e in trade]
        rows["amount"][at] = minor_units([e.amount or 0.0 for e in trade])
        rows["discount"][at] = minor_units([e.discount or 0.0 for e in trade])

    def _fill_assignments(self, rows: Rows, where: Where, events: list[Event]) -> None:
        """Whether an experiment left the user alone (1) or not (2)."""
        chosen = np.flatnonzero(rows["kind"][where] == _ASSIGNMENT)
        if not len(chosen):
            return
        at = chosen if isinstance(where, slice) else where[chosen]
        variants = [(events[i].variant or "").lower() for i in chosen.tolist()]
        rows["change"][at] = [0 if v == "" else 1 if v in HOLDOUTS else 2 for v in variants]

    def _refuse(
        self,
        rows: Rows,
        at: npt.NDArray[np.int64],
        records: Records,
        slots: npt.NDArray[np.int64],
        users: dict[str, int],
        rejected: dict[int, str],
    ) -> None:
        """Name the fault of events that are well formed but cannot be true, or stand in the wrong place."""
        ids = [u.encode() for u in users]
        starts = np.zeros(len(ids) + 1, np.int64)
        np.cumsum([len(i) for i in ids], out=starts[1:])
        joined = np.frombuffer(b"".join(ids), np.uint8)
        buffer = np.frombuffer(records.buffer, np.uint8)
        agree = np.empty(len(at), np.bool_)
        _agree(buffer, records.key_starts[at], records.key_lengths[at], slots, joined, starts, agree)
        at_home = partitions_of(joined, starts, self._partitions) == self._partition
        time = rows["time"][at]
        bad = (time < MIN_TIME_MS) | (time >= MAX_TIME_MS)
        misrouted = ~bad & ~(agree & at_home[slots])
        future = ~bad & ~misrouted & (time > records.timestamps[at] + self._future_ms)
        for reason, where in (("bad_time", bad), ("misrouted", misrouted), ("future", future)):
            rejected.update(dict.fromkeys(at[where].tolist(), reason))

    def _new_names(self) -> dict[int, str]:
        """Names behind codes; no more after a flood, so that the store's memory stays bounded."""
        new, self._codes.new = self._codes.new, {}
        self._reported += len(new)
        return new if self._reported <= _REPORTED_NAMES else {}


@compiled
def _agree(buffer, key_starts, key_lengths, slots, joined, starts, out):  # type: ignore[no-untyped-def]
    """Whether each key is the user id in UTF-8."""
    for i in range(slots.shape[0]):
        begin = starts[slots[i]]
        length = starts[slots[i] + 1] - begin
        same = length == key_lengths[i]
        b = 0
        while same and b < length:
            same = buffer[key_starts[i] + b] == joined[begin + b]
            b += 1
        out[i] = same


def minor_units(amounts: Sequence[float]) -> npt.NDArray[np.int64]:
    """Magnitudes in hundredths, halves up, shape (amounts,)."""
    return np.floor(np.abs(np.array(amounts, np.float64)) * 100 + 0.5).astype(np.int64)


def _times(events: list[Event]) -> npt.NDArray[np.int64]:
    """Event times in ms, shape (events,); those that 64 bits cannot hold become -1."""
    times = [e.time for e in events]
    try:
        return np.array(times, np.int64)
    except (TypeError, OverflowError):  # some are datetimes, or far out of range
        whole = [milliseconds(t) for t in times]
        return np.array([t if 0 <= t < MAX_TIME_MS else -1 for t in whole], np.int64)
