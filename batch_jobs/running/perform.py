"""One run from its beginning to its end: the lease, the as-of, the star, the jobs."""

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from typing import NamedTuple

import msgspec

from batch_jobs.job import Part, Progress
from batch_jobs.results.results import Results
from batch_jobs.results.run import Basis, tried
from batch_jobs.running.lease import leased
from batch_jobs.running.order import chosen
from batch_jobs.running.runner import Bench, Outcome, StoppedError, run, stale
from batch_jobs.running.source import Source
from batch_jobs.star.star import Star
from logs.context import about

STAR = "star"
"""What the tables that all jobs start from are called, where progress is told."""


class AsOfError(Exception):
    """There is nothing to be said as of this day."""


class Wanted(NamedTuple):
    """What is asked for."""

    jobs: Collection[str] = ()
    """None named means all."""
    as_of: date | None = None
    """The last one that the archive allows, if None."""
    again: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What has come of it."""

    as_of: date
    begun: int
    """Wall clock, ms."""
    finished: int
    outcomes: list[Outcome]

    @property
    def good(self) -> bool:
        """Whether all jobs have a result as of this day."""
        return all(outcome.good for outcome in self.outcomes)


class Workshop(NamedTuple):
    """What a deployment's runs have in common."""

    source: Callable[[], Source]
    """Opens the archive as it stands now."""
    parts: Sequence[Part]
    """All jobs, each behind those that it needs."""
    results: Results
    settings: str
    """Fingerprint of all settings that shape tables."""
    holder: str
    """Of this process, for the lease."""
    now: Callable[[], int]
    """Wall clock, ms."""
    prepare: Callable[[date], None] | None = None
    """What is to be done before jobs of an as-of are run."""


def perform(shop: Workshop, wanted: Wanted, told: Callable[[str], Progress]) -> Report:
    """Run jobs, as the one runner.

    Raises:
        UnknownJobError: there is no such job.
        AsOfError: nothing is known as of the day.
        HeldError: another runner is at work.
        LostError: another one has taken over.
        StoppedError: `told` wants it so.
        SourceError: the archive cannot be used.
        ResultsError: results can be neither read nor written.
    """
    parts = chosen(shop.parts, wanted.jobs)
    begun = shop.now()
    with about(batch=batch_id(begun)), leased(shop.results.storage, shop.holder, shop.now) as lease:
        source = shop.source()
        basis = Basis(
            as_of=allowed(wanted.as_of, source.clock), settings=shop.settings, archive=source.version
        )
        todo = [part.job.name for part in parts] if wanted.again else stale(parts, basis, shop.results)
        if todo and shop.prepare is not None:
            shop.prepare(basis.as_of)
        bench = Bench(shop.results, lease, shop.now, source.changed, wanted.again)
        with ExitStack() as opened:
            star = _opened(opened, shop, source, basis, todo, told(STAR)) if todo else None
            outcomes = run(parts, star, basis, bench, told)
        return Report(as_of=basis.as_of, begun=begun, finished=shop.now(), outcomes=outcomes)


def batch_id(begun: int) -> str:
    """Of one run of jobs in its log lines, from the wall clock's ms at its begin: ``20240501T030000.123``."""
    return f"{datetime.fromtimestamp(begun / 1000, UTC):%Y%m%dT%H%M%S}.{begun % 1000:03d}"


def allowed(wanted: date | None, clock: datetime | None) -> date:
    """The as-of: the wanted day, or the last midnight that the clock has passed; never the wall clock's.

    Raises:
        AsOfError: the day is not over yet by the archive's clock.
    """
    if clock is None:
        raise AsOfError(
            "the archive's clock has not begun: events have to be archived in every partition, and clock marks"
        )
    last = clock.astimezone(UTC).date()
    if wanted is not None and wanted > last:
        raise AsOfError(
            f"as of {wanted} not all is known yet: the archive's clock stands at {clock:%Y-%m-%d %H:%M} UTC, so that "
            f"{last} is the latest day to ask for"
        )
    return wanted or last


def _opened(
    opened: ExitStack, shop: Workshop, source: Source, basis: Basis, todo: Collection[str], progress: Progress
) -> Star:
    begun = shop.now()
    try:
        star = opened.enter_context(source.star(basis.as_of, progress))
        progress("done", 1.0)
    except StoppedError:
        raise
    except Exception as fault:  # without it none of the jobs can be run
        _note(shop, todo, basis.as_of, begun, str(fault))
        raise
    _check_begin(star, basis.as_of)
    return star


def _check_begin(star: Star, as_of: date) -> None:
    if star.begins is None:
        raise AsOfError(f"no event is known before {as_of}: the last results stand")
    if star.begins >= star.as_of:
        raise AsOfError(
            f"as of {as_of} there is nothing yet: the first event is of {star.begins:%Y-%m-%d}; former results stand"
        )


def _note(shop: Workshop, jobs: Collection[str], as_of: date, begun: int, fault: str) -> None:
    for job in jobs:
        attempt = tried(shop.results.attempt(job), as_of, begun)
        shop.results.note(job, msgspec.structs.replace(attempt, ended=shop.now(), fault=fault))
