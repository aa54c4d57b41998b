"""Records of a partition as rows of the archive."""

from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from archive.schema import SCHEMA
from domain.columns import ERASURE, MARK, REJECTED
from domain.decode import Decoder, minor_units
from domain.events import Event
from domain.records import Records
from domain.settings import FactSettings

DAY_MS: Final = 86_400_000

_TEXTS: Final = (
    *(
        "event_id",
        "type",
        "session_id",
        "session_type",
        "platform",
        "plan",
        "channel",
        "geography",
        "feature",
    ),
    *("category", "product", "order_id", "change", "experiment", "variant"),
)
_NUMBERS: Final = ("quantity", "pages", "conversion")
_MONEY: Final = ("amount", "discount")
_READABLE: Final = frozenset({"misrouted", "future", "bad_time"})
"""Reasons of rejected records that are well-formed events: whose they are can be said, and so erased."""

Places = npt.NDArray[np.int64]


class Rows:
    """Makes rows of one partition's records; what is an event, and what is not, is said by `domain.decode`."""

    def __init__(self, partition: int, partitions: int, settings: FactSettings) -> None:
        self._partition = partition
        self._decoder = Decoder(partition, partitions, settings)
        self._event = msgspec.json.Decoder(Event).decode

    def table(self, first: int, records: Records) -> pa.Table:
        """One row of `SCHEMA` for each record, in order; never raises for what a record contains.

        Args:
            first: offset of the first record; the others follow without a gap.
        """
        count = records.size
        batch = self._decoder.decode(records)
        kinds, times = batch.rows["kind"], batch.rows["time"]
        is_event, is_mark = kinds < REJECTED, kinds == MARK
        at = np.flatnonzero(is_event)
        values = _binary(records, records.value_starts, records.value_lengths)
        raw = values.to_pylist()
        events = [self._event(raw[row]) for row in at.tolist()]
        columns: dict[str, Any] = {
            "partition": np.full(count, self._partition, np.int32),
            "offset": np.arange(first, first + count, dtype=np.int64),
            "appended": pa.array(records.timestamps, pa.timestamp("ms", "UTC")),
            "key": _binary(records, records.key_starts, records.key_lengths),
            "value": values,
            "kind": _kinds(kinds),
            "reason": pa.array([batch.rejected.get(row) for row in range(count)], pa.string())
            if batch.rejected
            else pa.nulls(count, pa.string()),
        }
        dated = is_event | is_mark
        columns["time"] = pa.array(times, pa.timestamp("ms", "UTC"), mask=~dated)
        days = np.where(dated, times, records.timestamps) // DAY_MS
        columns["day"] = pa.array(days.astype(np.int32)).cast(pa.date32())
        columns["user"] = self._users(raw, at, events, batch.rejected)
        columns |= dict(_of_events(events, at, count))
        return pa.table([columns[field.name] for field in SCHEMA], schema=SCHEMA)

    def _users(
        self, raw: list[bytes | None], at: Places, events: list[Event], rejected: dict[int, str]
    ) -> pa.Array:
        found: list[str | None] = [None] * len(raw)
        for row, event in zip(at.tolist(), events, strict=True):
            found[row] = event.user_id
        for row, reason in rejected.items():
            if reason in _READABLE and (user := self._user(raw[row])) is not None:
                found[row] = user
        return pa.array(found, pa.string())

    def _user(self, value: bytes | None) -> str | None:
        try:
            return self._event(value or b"").user_id
        except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
            return None  # a mark from the future, or an erasure in the wrong partition


def _kinds(kinds: npt.NDArray[np.uint8]) -> pa.Array:
    names = np.full(len(kinds), 0, np.int8)
    for number, kind in ((1, REJECTED), (2, MARK), (3, ERASURE)):
        names[kinds == kind] = number
    words = pa.array(["event", "rejected", "mark", "erasure"])
    return pa.DictionaryArray.from_arrays(names, words).cast(pa.string())


def _binary(records: Records, starts: Places, lengths: Places) -> pa.Array:
    """Slices of the records' buffer as an array; lengths of -1 are null."""
    buffer, null = records.buffer, lengths < 0
    if null.any():
        pairs = zip(starts.tolist(), lengths.tolist(), strict=True)
        return pa.array([None if n < 0 else buffer[a : a + n] for a, n in pairs], pa.binary())
    return pa.array(
        [buffer[a:b] for a, b in zip(starts.tolist(), (starts + lengths).tolist(), strict=True)], pa.binary()
    )


def _of_events(events: list[Event], at: Places, count: int) -> Any:
    """Name and array of each column that only events have."""
    whole = len(at) == count
    places = None if whole else _places(at, count)

    def spread(array: pa.Array) -> pa.Array:
        return array if places is None else array.take(places)

    for name in (*_TEXTS, *_NUMBERS):
        got = [getattr(event, name) for event in events]
        kind = SCHEMA.field(name).type
        # most fields are absent from most events
        yield name, pa.nulls(count, kind) if got.count(None) == len(got) else spread(pa.array(got, kind))
    for name in _MONEY:
        amounts = [getattr(event, name) for event in events]
        yield name, spread(_known(minor_units([a or 0.0 for a in amounts]), amounts, pa.int64()))
    lasting = [event.duration for event in events]
    whole_ms = np.array([0 if d is None else round(d * 1000) for d in lasting], np.int64)
    yield "duration_ms", spread(_known(whole_ms, lasting, pa.int64()))


def _known(values: npt.NDArray[np.int64], given: list[float | None], kind: pa.DataType) -> pa.Array:
    return pa.array(values, kind, mask=np.array([g is None for g in given], np.bool_))


def _places(at: Places, count: int) -> pa.Array:
    """For each record, its place among the events, null for those that are none."""
    places = np.zeros(count, np.int64)
    places[at] = np.arange(len(at))
    none = np.ones(count, np.bool_)
    none[at] = False
    return pa.array(places, mask=none)
