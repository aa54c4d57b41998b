"""Facts of days out of the archived log, a bounded number of events at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table

from batch_jobs.engine.engine import Engine
from batch_jobs.star.daily import daily
from batch_jobs.star.events import READ, events, once
from batch_jobs.star.happenings import changes, treatments, usage
from batch_jobs.star.log import Log, number_of
from batch_jobs.star.tables import in_file
from domain.settings import FactSettings

MOST_EVENTS: Final = 750_000
"""Events at a time: what the windows hold in memory. A day is never cut."""

_EVENTS: Final = "events"
"""Table in which the engine keeps the events of a chunk."""

TABLES: Final = ("daily", "usage", "changes", "treatments")


class Day(NamedTuple):
    """Rows of one table and day, as its files have them."""

    table: str
    day: date
    rows: pa.Table


def chunks(log: Log, days: Iterable[date], most: int = MOST_EVENTS) -> Iterator[list[date]]:
    """Days that the log has files of, in order, in lists of about `most` events."""
    records: dict[date, int] = {}
    for file in log.files:
        records[file.day] = records.get(file.day, 0) + file.records
    chunk: list[date] = []
    held = 0
    for day in sorted(set(days) & set(records)):
        if chunk and held + records[day] > most:
            yield chunk
            chunk, held = [], 0
        chunk.append(day)
        held += records[day]
    if chunk:
        yield chunk


class Facts:
    """Facts of days, chunk after chunk: what is asked of the events is compiled once."""

    def __init__(self, log: Log, engine: Engine, settings: FactSettings) -> None:
        self._log, self._engine, self._settings = log, engine, settings
        self._prepared: dict[str, Callable[[], pa.Table]] = {}

    def of(self, days: Sequence[date]) -> Iterator[Day]:
        """Rows of each table and day that has any.

        Args:
            days: in order.
        """
        wanted = sorted({*days, *(day - timedelta(days=1) for day in days)})
        files = [path for day in wanted for path in self._log.paths(day, day + timedelta(days=1))]
        found = once(events(self._engine.numbers(files, READ)))
        found = found.mutate(mine=found.day.isin([number_of(day) for day in days]))
        with self._engine.kept(found, _EVENTS) as kept:
            if not self._prepared:
                self._prepared = self._expressions(kept)
            for name, rows in self._prepared.items():
                yield from _by_day(name, rows())

    def _expressions(self, found: Table) -> dict[str, Callable[[], pa.Table]]:
        mine = found.filter(found.mine)
        expressions = {
            "daily": daily(found, mine, self._settings),
            "usage": usage(mine, self._settings),
            "changes": changes(mine, self._settings),
            "treatments": treatments(mine),
        }
        return {name: self._engine.prepared(expression) for name, expression in expressions.items()}


def _by_day(name: str, rows: pa.Table) -> Iterator[Day]:
    if not rows.num_rows:
        return
    ordered = rows.take(pc.sort_indices(rows["day"])).combine_chunks()
    numbers = ordered["day"].to_numpy()
    ordered = in_file(name, ordered)
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(numbers)], strict=True):
        day = date(1970, 1, 1) + timedelta(days=int(numbers[start]))
        yield Day(name, day, ordered.slice(int(start), int(end - start)))
