"""An archive of simulated users without Kafka: the simulator's events as rows of the archived log.

The bytes of keys and values are left out, since no batch job reads them; all else is as the archiver writes it.
"""

import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.transaction import AddAction, create_table_with_add_actions
from numpy.typing import NDArray

from archive.schema import SCHEMA, TABLE
from domain.calendar import DAY_MS
from producers.simulator import vocabulary as words
from producers.simulator.calendar import midnight_ms
from producers.simulator.history import History
from producers.simulator.scenario import Scenario

START: Final = date(2025, 1, 1)
PARTITIONS: Final = 12
_STORED: Final = pa.schema([field for field in SCHEMA if field.name != "day"])
_COMMIT_DAYS: Final = 30

_NOTES: Final[tuple[dict[str, Any], ...]] = (
    *({}, {"conversion": True}, {"change": "upgrade"}, {"change": "downgrade"}),
    {"experiment": words.EXPERIMENT, "variant": "control"},
    {"experiment": words.EXPERIMENT, "variant": "checklist"},
    {"experiment": words.OFFER, "variant": "holdout"},
    {"experiment": words.OFFER, "variant": "offer"},
    {"experiment": words.OFFER},
)
"""What `producers.simulator.vocabulary.NOTES` says, as values."""


class Archived:
    """Writes the days of one population into an archive, in order."""

    def __init__(self, archive: Path, users: int, days: int, seed: int, scenario: Scenario) -> None:
        self._folder = archive / TABLE
        self._history = History(users, days, seed, START, scenario)
        self._offsets = np.zeros(PARTITIONS, np.int64)
        self._stream = self._by_day()
        self._done = 0

    def write(self, days: int) -> int:
        """Go on by so many days; returns how many events they had."""
        count = 0
        adds: list[AddAction] = []
        for _ in range(days):
            day, events = next(self._stream)
            count += len(events)
            adds.append(self._file(day, "events", self._rows(events)))
            adds.append(self._file(day + 1, "marks", self._marks(day + 1)))
            if len(adds) >= 2 * _COMMIT_DAYS:
                self._commit(adds)
                adds = []
        if adds:
            self._commit(adds)
        return count

    def _by_day(self) -> Iterator[tuple[int, NDArray[Any]]]:
        for over, events in self._history.events():
            number = (events["time"] - self._history.start_ms) // DAY_MS
            for day in range(self._done, over):
                yield day, events[number == day]
            self._done = over

    def _rows(self, events: NDArray[Any]) -> pa.Table:
        return self._table(events["user"] % PARTITIONS, "event", _times(events["time"]), self._fields(events))

    def _marks(self, day: int) -> pa.Table:
        """The midnight at which the day begins, in every partition."""
        midnight = np.full(PARTITIONS, midnight_ms(START) + day * DAY_MS)
        return self._table(np.arange(PARTITIONS), "mark", _times(midnight), {})

    def _table(
        self, partitions: NDArray[Any], kind: str, times: pa.Array, fields: dict[str, pa.Array]
    ) -> pa.Table:
        offsets = np.empty(len(partitions), np.int64)
        for partition in range(PARTITIONS):
            mine = np.flatnonzero(partitions == partition)
            offsets[mine] = self._offsets[partition] + np.arange(len(mine))
            self._offsets[partition] += len(mine)
        columns = fields | {
            "partition": pa.array(partitions.astype(np.int32)), "offset": pa.array(offsets), "time": times,
            "appended": times, "kind": pa.array([kind]).take(pa.array(np.zeros(len(partitions), np.int8))),
        }  # fmt: skip
        whole = [
            columns[f.name].cast(f.type) if f.name in columns else pa.nulls(len(partitions), f.type)
            for f in _STORED
        ]
        return pa.table(whole, schema=_STORED)

    def _fields(self, events: NDArray[Any]) -> dict[str, pa.Array]:
        users = pc.utf8_lpad(pa.array(events["user"]).cast(pa.string()), words.USER_ID_WIDTH, "0")
        traits = self._history.traits[["channel", "geography"]][events["user"]]
        told = events["origin"] > 0
        subject = events["subject"]
        features = ("", *words.FEATURES, *("" for _ in words.TOPICS))
        categories = ("", *words.FEATURE_CATEGORIES, *words.TOPICS)
        return {
            "user": pc.binary_join_element_wise("u", users, ""),
            "event_id": _numbered("e", events["number"], events["number"] > 0),
            "type": _words(words.TYPES, events["type"]),
            "session_id": _numbered("s", events["session"], events["session"] > 0),
            "session_type": _words(words.SESSION_TYPES, events["session_type"]),
            "platform": _words(words.PLATFORMS, events["platform"]),
            "plan": _words(words.PLANS, events["plan"]),
            "channel": _words(("", *words.CHANNELS), np.where(told, traits["channel"].astype(int) + 1, 0)),
            "geography": _words(
                ("", *words.GEOGRAPHIES), np.where(told, traits["geography"].astype(int) + 1, 0)
            ),
            "feature": _words(features, subject),
            "category": _words(categories, subject),
            "product": _numbered("p", events["product"], events["order"] > 0),
            "order_id": _numbered("o", events["order"], events["order"] > 0),
            "quantity": pa.array(events["quantity"], mask=events["quantity"] == 0),
            "amount": pa.array(events["cents"], mask=events["cents"] < 0),
            "discount": pa.array(events["discount"], mask=events["discount"] < 0),
            "duration_ms": pa.array(events["duration"].astype(np.int64) * 1000, mask=events["duration"] == 0),
            **{
                name: _noted(name, events["note"])
                for name in ("conversion", "change", "experiment", "variant")
            },
        }

    def _file(self, day: int, what: str, rows: pa.Table) -> AddAction:
        name = f"day={(START + timedelta(days=day)).isoformat()}"
        path = self._folder / name / f"{what}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, path, compression="zstd")
        stats = f'{{"numRecords":{rows.num_rows}}}'
        return AddAction(
            f"{name}/{path.name}",
            path.stat().st_size,
            {"day": name.removeprefix("day=")},
            int(time.time() * 1000),
            True,
            stats,
        )

    def _commit(self, adds: list[AddAction]) -> None:
        if DeltaTable.is_deltatable(str(self._folder)):
            DeltaTable(self._folder).create_write_transaction(
                [*adds], "append", Schema.from_arrow(SCHEMA), ["day"]
            )
        else:
            create_table_with_add_actions(
                str(self._folder), Schema.from_arrow(SCHEMA), adds, partition_by=["day"]
            )


def _times(ms: NDArray[np.int64]) -> pa.Array:
    return pa.array(ms, pa.timestamp("ms", "UTC"))


def _words(table: tuple[str, ...], codes: NDArray[Any]) -> pa.Array:
    """Words by code; the empty one is absent."""
    return pa.array([word or None for word in table]).take(pa.array(codes.astype(np.int64)))


def _numbered(letter: str, numbers: NDArray[Any], given: NDArray[np.bool_]) -> pa.Array:
    named = pc.binary_join_element_wise(letter, pa.array(numbers).cast(pa.string()), "")
    return pc.if_else(pa.array(given), named, pa.scalar(None, pa.string()))


def _noted(name: str, notes: NDArray[Any]) -> pa.Array:
    kind = SCHEMA.field(name).type
    return pa.array([note.get(name) for note in _NOTES], kind).take(pa.array(notes.astype(np.int64)))
