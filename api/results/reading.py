"""Results as they stand now, remembered for a moment: a pointer is small, but asked for by every call."""

import asyncio
import time
from collections import OrderedDict
from typing import Final, NamedTuple

import pyarrow as pa

from batch_jobs.results.errors import NoLongerThereError
from batch_jobs.results.results import Results, open_results
from batch_jobs.results.run import Pointer, Run

_AGAIN_S: Final = 1.0
_REMEMBERED: Final = 32


class Found(NamedTuple):
    """One table of one run, or why there is none."""

    run: Run
    name: str
    table: pa.Table


class UnknownTableError(Exception):
    """The run has no table of this name."""


class Reading:
    """Of one API process."""

    def __init__(self, address: str) -> None:
        """
        Args:
            address: of the results; need not be there yet.
        """
        self._address = address
        self._looking = asyncio.Lock()
        self._pointers: dict[str, tuple[float, Pointer | None]] = {}
        self._tables: OrderedDict[tuple[str, str, str], pa.Table] = OrderedDict()

    async def table(self, job: str, name: str, run_id: str | None = None) -> Found | None:
        """A table of the last good run, or of a former one.

        Args:
            run_id: of a run that was the current one; None for the one that is.

        Returns:
            None before the first run.

        Raises:
            UnknownTableError: the run has no such table; the message names those it has.
            NoLongerThereError: the former run was removed.
            ResultsError: it cannot be read.
        """
        async with self._looking:
            return await asyncio.to_thread(self._table, job, name, run_id)

    async def current(self) -> dict[str, Run]:
        """The last good run of each job that has one.

        Raises:
            ResultsError: it cannot be read.
        """

        def read() -> dict[str, Run]:
            results = open_results(self._address)
            runs = {job: results.current(job) for job in results.jobs()}
            return {job: run for job, run in runs.items() if run is not None}

        return await asyncio.to_thread(read)

    def _table(self, job: str, name: str, run_id: str | None) -> Found | None:
        results = open_results(self._address)
        pointer = self._pointer(results, job)
        if pointer is None:
            return None
        run = next((r for r in pointer.runs if r.id == (run_id or pointer.current.id)), None)
        if run is None:
            raise NoLongerThereError(f"run {run_id} of {job} is no longer there")
        if name not in run.tables:
            raise UnknownTableError(f"{job} has the tables {', '.join(run.tables)}")
        key = (job, run.id, name)
        if key not in self._tables:
            self._tables[key] = results.table(job, run, name)
            if len(self._tables) > _REMEMBERED:
                self._tables.popitem(last=False)
        self._tables.move_to_end(key)
        return Found(run, name, self._tables[key])

    def _pointer(self, results: Results, job: str) -> Pointer | None:
        at, pointer = self._pointers.get(job, (float("-inf"), None))
        if time.monotonic() - at > _AGAIN_S:
            pointer = results.pointer(job)
            self._pointers[job] = (time.monotonic(), pointer)
        return pointer
