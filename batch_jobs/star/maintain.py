"""Bringing the stored star up to a midnight: all of it, or the days that have changed."""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa
from deltalake.transaction import AddAction

from batch_jobs.engine.engine import Engine, EngineError
from batch_jobs.job import Progress
from batch_jobs.star import daily, happenings, users
from batch_jobs.star.days import TABLES, chunks, facts
from batch_jobs.star.errors import StarError
from batch_jobs.star.log import Log, days_of
from batch_jobs.star.reading import ms
from batch_jobs.star.tables import LAYOUT, Manifest, Run, StarTables
from domain.settings import FactSettings


def refresh(
    log: Log, tables: StarTables, engine: Engine, as_of: date, settings: FactSettings, progress: Progress
) -> Manifest:
    """Bring the star up to `as_of`, if it is not there; the manifest of the star that is there then.

    A crash at any point leaves the star of before; doing it again comes to the same.

    Raises:
        StarError: the archive cannot be read, or the star not be written; the last good star stays.
    """
    try:
        return _full(log, tables, engine, as_of, settings, progress)
    except EngineError as fault:
        raise StarError(
            f"the archived log at {log.place.url} cannot be read ({fault}): put the file back from a copy, or archive "
            "the log anew. The last good star stays"
        ) from fault


def _full(
    log: Log, tables: StarTables, engine: Engine, as_of: date, settings: FactSettings, progress: Progress
) -> Manifest:
    first = log.first_day()
    days = days_of(first, as_of) if first is not None else []
    adds = _write_days(log, tables, engine, days, settings, progress)
    versions = {name: tables.commit(name, adds[name], None) for name in TABLES}
    number = 1
    progress("users", 0.7)
    people = users.users(*_numbers(tables, engine, versions), ms(as_of), settings)
    written = tables.write("users", number, users.hashed(engine.batches(people, users.BATCH)))
    versions["users"] = tables.commit("users", written, None)
    manifest = Manifest(
        layout=LAYOUT, log=log.identity, log_version=log.version, as_of=as_of,
        begins=_begins(tables, engine, versions["daily"]), facts=settings.fingerprint(), versions=versions,
        runs=[Run(number=number, as_of=as_of, rows=_rows(written))],
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
    adds: dict[str, list[AddAction]] = {name: [] for name in TABLES}
    every = list(chunks(log, days))
    for place, chunk in enumerate(every):
        progress(f"days from {chunk[0]} to {chunk[-1]}", 0.7 * place / len(every))
        for table, day, rows in facts(log, engine, chunk, settings):
            adds[table] += tables.write(table, day, [rows])
    return adds


def _numbers(tables: StarTables, engine: Engine, versions: dict[str, int]) -> tuple[object, object]:
    return (
        engine.numbers(tables.files("daily", versions["daily"]), daily.STORED),
        engine.numbers(tables.files("changes", versions["changes"]), happenings.STORED_CHANGES),
    )


def _begins(tables: StarTables, engine: Engine, version: int) -> int | None:
    """Time of the first event, ms, out of the first day."""
    files = tables.files("daily", version)
    if not files:
        return None
    days = engine.numbers(files[:1], daily.STORED)
    found = engine.rows(days.aggregate(begins=days.first_event.min()))
    begins: int | None = found["begins"][0].as_py()
    return begins


def _rows(written: list[AddAction]) -> int:
    return sum(int(add.stats.split(":")[1].rstrip("}")) for add in written)
