"""Bringing the stored star up to a midnight: all of it, or the days that have changed.

What is written is written in this order: files and a commit for each table, the manifest last. Until then the star of
before is what everybody reads; what a crash has left is put back, and the same work comes to the same again.
"""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from typing import Final

from deltalake.transaction import AddAction

from batch_jobs.engine.engine import Engine, EngineError
from batch_jobs.job import Progress
from batch_jobs.star import daily
from batch_jobs.star.days import TABLES, Day, Facts, chunks
from batch_jobs.star.errors import StarError
from batch_jobs.star.log import Log, days_of
from batch_jobs.star.people import all_users, touched_users
from batch_jobs.star.tables import LAYOUT, Manifest, StarTables
from domain.settings import FactSettings

_ONE: Final = timedelta(days=1)


def refresh(
    log: Log, tables: StarTables, engine: Engine, as_of: date, settings: FactSettings, progress: Progress
) -> Manifest:
    """Bring the star up to `as_of`, or to where it is if that is later, with all that the log has of these days.

    One writer at a time. A crash at any point leaves the star of before; doing it again comes to the same.

    Raises:
        StarError: the archive cannot be read, or the star not be written; the last good star stays.
    """
    try:
        known = tables.manifest()
        tables.put_back(known)
        changed = _changed(log, known, settings)
        if known is None or changed is None:
            made = _full(log, tables, engine, as_of, settings, progress)
        else:
            made = _some(log, tables, engine, max(as_of, known.as_of), settings, progress, known, changed)
    except EngineError as fault:
        raise StarError(
            f"the archived log at {log.place.url} cannot be read ({fault}): put the file back from a copy, or "
            "archive the log anew. The last good star stays"
        ) from fault
    if known is None or made.as_of > known.as_of:
        tables.vacuum()
    return made


def _changed(log: Log, known: Manifest | None, settings: FactSettings) -> set[date] | None:
    """Days that have changed since the star; None if it has to be made anew."""
    if known is None or known.log != log.identity or known.log_version > log.version:
        return None
    if known.facts != settings.fingerprint():
        return None
    return log.changed_days(known.log_version)


def _full(
    log: Log, tables: StarTables, engine: Engine, as_of: date, settings: FactSettings, progress: Progress
) -> Manifest:
    first = log.first_day()
    days = days_of(first, as_of) if first is not None else []
    adds = _write_days(log, tables, engine, days, settings, progress)
    versions = {name: tables.commit(name, adds[name], None) for name in TABLES}
    progress("users", 0.7)
    versions["users"], runs = all_users(tables, engine, versions, as_of, first or as_of, settings)
    manifest = Manifest(
        layout=LAYOUT, log=log.identity, log_version=log.version, as_of=as_of,
        begins=_begins(tables, engine, versions["daily"]), facts=settings.fingerprint(), versions=versions, runs=runs,
    )  # fmt: skip
    tables.publish(manifest)
    return manifest


def _some(
    log: Log, tables: StarTables, engine: Engine, as_of: date, settings: FactSettings, progress: Progress,
    known: Manifest, changed: set[date],
) -> Manifest:  # fmt: skip
    fresh = days_of(known.as_of, as_of)
    # sessions and orders of a day know the day before
    late = {day for day in changed | {day + _ONE for day in changed} if day < known.as_of}
    if not fresh and not late:
        return known
    days = sorted({*late, *fresh})
    adds = _write_days(log, tables, engine, days, settings, progress)
    versions = {name: tables.commit(name, adds[name], days) for name in TABLES}
    progress("users", 0.7)
    versions["users"], runs = touched_users(tables, engine, known, versions, as_of, late, settings)
    manifest = Manifest(
        layout=LAYOUT, log=log.identity, log_version=log.version, as_of=as_of,
        begins=_begins(tables, engine, versions["daily"]), facts=known.facts, versions=versions, runs=runs,
    )  # fmt: skip
    tables.publish(manifest)
    return manifest


def _write_days(
    log: Log,
    tables: StarTables,
    engine: Engine,
    days: Iterable[date],
    settings: FactSettings,
    progress: Progress,
) -> dict[str, list[AddAction]]:
    """Files of the facts of days; those of one chunk are written while the next one is computed."""
    adds: dict[str, list[AddAction]] = {name: [] for name in TABLES}

    def write(found: list[Day]) -> None:
        for table, day, rows in found:
            adds[table] += [file.action for file in tables.write(table, day, [rows])]

    every = list(chunks(log, days))
    facts = Facts(log, engine, settings)
    with ThreadPoolExecutor(1) as beside:
        last: Future[None] | None = None
        for place, chunk in enumerate(every):
            progress(f"days from {chunk[0]} to {chunk[-1]}", 0.7 * place / len(every))
            found = list(facts.of(chunk))
            if last is not None:
                last.result()  # no more than two chunks are held
            last = beside.submit(write, found)
        if last is not None:
            last.result()
    return adds


def _begins(tables: StarTables, engine: Engine, version: int) -> int | None:
    """Time of the first event, ms, out of the first day."""
    files = tables.files("daily", version)
    if not files:
        return None
    days = engine.numbers(files[:1], daily.STORED)
    found = engine.rows(days.aggregate(begins=days.first_event.min()))
    begins: int | None = found["begins"][0].as_py()
    return begins
