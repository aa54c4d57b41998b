"""The results of all jobs under one address: written whole or not at all, read whole.

A run's tables are written into a folder of its own first; then `current.json`, which names it, is replaced in one
step. Whoever reads sees the former run or the new one, also when the writer is killed between any two of its steps.
"""

import logging
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from batch_jobs.results.errors import NoLongerThereError, ResultsError
from batch_jobs.results.retention import kept
from batch_jobs.results.run import LAYOUT, Attempt, Basis, Pointer, Run, Stored
from storage.files import Storage
from storage.parquet import table_of

log = logging.getLogger("ebbwatch.batch")

POINTER: Final = "current.json"
ATTEMPT: Final = "attempt.json"
_JOB: Final = re.compile("[a-z_]+")
_TRIES: Final = 3
_T = TypeVar("_T")


class Results:
    """Of one archive. One writer at a time (`batch_jobs.running.lease`), any number of readers."""

    def __init__(self, storage: Storage, keep: int = 8) -> None:
        """
        Args:
            storage: what lies there, or will.
            keep: former runs of a job whose tables stay.
        """
        self.storage = storage
        self._keep = keep

    @property
    def address(self) -> str:
        """Where they are."""
        return self.storage.address

    def write(
        self,
        job: str,
        basis: Basis,
        tables: Mapping[str, pa.Table],
        begun: int,
        now: Callable[[], int],
        allowed: Callable[[], None],
    ) -> Run:
        """Put a run in the place of the current one.

        Args:
            begun: when the job was begun, ms.
            now: wall clock, ms.
            allowed: raises if another runner has taken over meanwhile; asked last before anybody sees the run.

        Raises:
            ResultsError: the former run is still the current one.
        """
        former = self.pointer(job)
        id_ = f"{basis.as_of.isoformat()}-{begun}-{secrets.token_hex(4)}"
        stored: dict[str, Stored] = {}
        for name, table in tables.items():
            content = _packed(table)
            self.storage.write(f"{job}/{id_}/{name}.parquet", content)
            stored[name] = Stored(rows=table.num_rows, size=len(content), digest=_digest(content))
        run = Run(id=id_, basis=basis, begun=begun, finished=now(), tables=stored)
        earlier = () if former is None else kept(former.runs, self._keep)
        allowed()
        pointer = Pointer(job=job, current=run, earlier=earlier)
        self.storage.write(f"{job}/{POINTER}", msgspec.json.format(msgspec.json.encode(pointer), indent=1))
        try:
            self._remove_others(job, pointer)
        except ResultsError as fault:  # the run stands; the next one tries again
            log.warning("old runs are still there: %s", fault)
        return run

    def jobs(self) -> list[str]:
        """Names of all jobs that were ever tried here, sorted.

        Raises:
            ResultsError: it cannot be found out.
        """
        folders = (name for name in self.storage.names() if _JOB.fullmatch(name))
        return [name for name in folders if {POINTER, ATTEMPT} & set(self.storage.names(name))]

    def pointer(self, job: str) -> Pointer | None:
        """Runs of a job; None before the first.

        Raises:
            ResultsError: it cannot be read.
        """
        found = self._decoded(f"{job}/{POINTER}", Pointer)
        if found is not None and found.layout != LAYOUT:
            raise ResultsError(
                f"{self.address}/{job}/{POINTER} has layout {found.layout}, this version reads {LAYOUT}: "
                "use the version that wrote it, or move it away and run the job again"
            )
        return found

    def current(self, job: str) -> Run | None:
        """The last good run; None before the first.

        Raises:
            ResultsError: it cannot be read.
        """
        found = self.pointer(job)
        return None if found is None else found.current

    def before(self, job: str, as_of: date) -> Run | None:
        """The latest run as of an earlier day, to compare with or to go on from.

        Raises:
            ResultsError: it cannot be read.
        """
        found = self.pointer(job)
        runs = () if found is None else found.runs
        earlier = [run for run in runs if run.basis.as_of < as_of]
        return max(earlier, key=lambda run: (run.basis.as_of, run.finished), default=None)

    def table(self, job: str, run: Run, name: str) -> pa.Table:
        """One table of a run.

        Raises:
            NoLongerThereError: newer runs have taken its place.
            ResultsError: it cannot be read, or is not what was written.
        """
        path = f"{job}/{run.id}/{name}.parquet"
        try:
            content = self.storage.read(path)
        except FileNotFoundError as fault:
            raise NoLongerThereError(
                f"{self.address}/{path} is no longer there: read {POINTER} again, or run the job again"
            ) from fault
        stored = run.tables[name]
        if len(content) != stored.size or _digest(content) != stored.digest:
            raise ResultsError(
                f"{self.address}/{path} is not what was written: `ebbwatch batch run {job} --again` makes it anew"
            )
        return table_of(content)

    def read(self, job: str) -> tuple[Run, dict[str, pa.Table]] | None:
        """The last good run with all its tables, all of the same run; None before the first.

        Raises:
            ResultsError: it cannot be read.
        """
        for left in reversed(range(_TRIES)):
            run = self.current(job)
            if run is None:
                return None
            try:
                return run, {name: self.table(job, run, name) for name in run.tables}
            except NoLongerThereError:  # a reader so slow that its run was removed meanwhile
                if not left:
                    raise
        raise AssertionError("unreachable")

    def attempt(self, job: str) -> Attempt | None:
        """The last try; None before the first.

        Raises:
            ResultsError: it cannot be read.
        """
        return self._decoded(f"{job}/{ATTEMPT}", Attempt)

    def note(self, job: str, attempt: Attempt) -> None:
        """Say what became of a try.

        Raises:
            ResultsError: it cannot be written.
        """
        self.storage.write(f"{job}/{ATTEMPT}", msgspec.json.encode(attempt))

    def _decoded(self, path: str, kind: type[_T]) -> _T | None:
        try:
            return msgspec.json.decode(self.storage.read(path), type=kind)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as fault:
            raise ResultsError(
                f"{self.address}/{path} cannot be read ({fault}): move it away, and run the job again"
            ) from fault

    def _remove_others(self, job: str, pointer: Pointer) -> None:
        """What nobody names: runs that are too old, and what a runner had begun that was killed."""
        named = {run.id for run in pointer.runs}
        for name in self.storage.names(job):
            if name not in named and name not in (POINTER, ATTEMPT):
                self.storage.remove(f"{job}/{name}")


def open_results(address: str, keep: int = 8) -> Results:
    """The results at an address.

    Raises:
        ResultsError: no such kind of address.
    """
    return Results(Storage(address, "results", ResultsError), keep)


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _digest(content: bytes) -> str:
    return xxhash.xxh3_128_hexdigest(content)
