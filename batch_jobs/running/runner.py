"""Runs jobs one after the other: each one's result takes its place by itself, a failure takes nothing away."""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import msgspec

from batch_jobs.job import Deferred, Job, JobError, Part, Progress, Tables
from batch_jobs.results.errors import ResultsError
from batch_jobs.results.results import Results
from batch_jobs.results.run import Basis, Run, tried
from batch_jobs.running.lease import Lease, LostError
from batch_jobs.star.star import Star
from logs.context import about

log = logging.getLogger("ebbwatch.batch")

State = Literal["done", "unchanged", "failed", "left_out"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one job."""

    job: str
    state: State
    """`unchanged`: the current result has the same basis already."""
    seconds: float = 0.0
    rows: dict[str, int] = {}
    """By table."""
    fault: str | None = None
    """Why it failed or was left out; its last good result stands."""

    @property
    def good(self) -> bool:
        """Whether its result is there."""
        return self.state in ("done", "unchanged")


class StoppedError(Exception):
    """Raised by who is told of the progress, to end a run in the middle; no failure of the job."""


@runtime_checkable
class Refreshing(Protocol):
    """A job that can go on from what it has found before."""

    def refresh(self, star: Star, last: Tables, since: date, progress: Progress) -> Tables:
        """The same tables as from all of the history.

        Args:
            last: tables of a former run, with the same settings.
            since: first day of which anything but the users has changed since then.
        """
        ...


class Bench(NamedTuple):
    """What a run works with."""

    results: Results
    lease: Lease
    now: Callable[[], int]
    """Wall clock, ms."""
    changed: Callable[[str], date | None]
    """See `batch_jobs.running.source.Source`."""
    again: bool = False
    """Compute also what has a result of the same basis, and all of it."""


def run(
    parts: Sequence[Part],
    star: Star | None,
    basis: Basis,
    bench: Bench,
    told: Callable[[str], Progress],
) -> list[Outcome]:
    """Run jobs in their order.

    Args:
        parts: each behind those that it needs.
        star: None if all have results of this basis, and none is to be computed again.
        told: gives whom to tell a job's progress, by its name.

    Raises:
        LostError: another runner has taken over; nothing more is shown.
        StoppedError: `told` wants it so.
        ResultsError: results can be neither read nor written.
    """
    outcomes: list[Outcome] = []
    for part in parts:
        missing = [done.job for done in outcomes if done.job in part.after and not done.good]
        if missing:
            outcomes.append(_left_out(part.job.name, missing, basis, bench))
        else:
            with about(job=part.job.name):
                outcomes.append(_one(part.job, star, basis, bench, told(part.job.name)))
    return outcomes


def stale(parts: Sequence[Part], basis: Basis, results: Results) -> Collection[str]:
    """Names of jobs whose current result has another basis.

    Raises:
        ResultsError: results cannot be read.
    """
    runs = {part.job.name: results.current(part.job.name) for part in parts}
    return [name for name, current in runs.items() if current is None or current.basis != basis]


def _left_out(job: str, missing: Sequence[str], basis: Basis, bench: Bench) -> Outcome:
    """Noted as a failure, so that it is tried again with what it needs, and not before."""
    fault, now = f"needs {' and '.join(missing)}, which failed", bench.now()
    attempt = tried(bench.results.attempt(job), basis.as_of, now)
    bench.results.note(job, msgspec.structs.replace(attempt, ended=now, fault=fault))
    return Outcome(job=job, state="left_out", fault=fault)


def _one(job: Job, star: Star | None, basis: Basis, bench: Bench, progress: Progress) -> Outcome:
    results, begun = bench.results, bench.now()
    current = results.current(job.name)
    if current is not None and current.basis == basis and not bench.again:
        progress("unchanged", 1.0)
        rows = {name: stored.rows for name, stored in current.tables.items()}
        return Outcome(job=job.name, state="unchanged", rows=rows)
    assert star is not None, f"{job.name} was not known to be stale"
    former = results.attempt(job.name)
    attempt = tried(former, basis.as_of, begun)
    results.note(job.name, attempt)
    try:
        made = _made(job, star, basis, current, bench, progress)
        written = results.write(job.name, basis, made, begun, bench.now, bench.lease.check)
    except LostError:
        raise
    except StoppedError:
        if former is not None:
            results.note(job.name, former)
        raise
    except Exception as fault:  # also of libraries: others are run all the same
        told = str(fault) if isinstance(fault, JobError) else f"{type(fault).__name__}: {fault}"
        if not isinstance(fault, JobError):
            log.exception("%s failed", job.name)
        ended = bench.now()
        results.note(job.name, msgspec.structs.replace(attempt, ended=ended, fault=told))
        return Outcome(job=job.name, state="failed", seconds=(ended - begun) / 1000, fault=told)
    results.note(job.name, msgspec.structs.replace(attempt, ended=written.finished))
    progress("done", 1.0)
    rows = {name: table.num_rows for name, table in made.items()}
    return Outcome(job=job.name, state="done", seconds=(written.finished - begun) / 1000, rows=rows)


def _made(job: Job, star: Star, basis: Basis, last: Run | None, bench: Bench, progress: Progress) -> Tables:
    """From all of the history, or, where job and archive can tell, from what has changed since the last run."""
    if isinstance(job, Deferred):
        job = job.made()
    if (
        isinstance(job, Refreshing)
        and last is not None
        and last.basis.settings == basis.settings
        and last.basis.as_of <= basis.as_of
        and not bench.again
    ):
        changed = bench.changed(last.basis.archive)
        former = None if changed is None else _tables_of(job.name, last, bench.results)
        if changed is not None and former is not None:
            return job.refresh(star, former, min(changed, last.basis.as_of), progress)
    return job(star, progress)


def _tables_of(job: str, run: Run, results: Results) -> Tables | None:
    try:
        return {name: results.table(job, run, name) for name in run.tables}
    except ResultsError as fault:
        log.warning("%s is computed from all of the history: %s", job, fault)
        return None
