"""The stored star as tables of an engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.engine.engine import Engine
from batch_jobs.star import daily, happenings, schema, users
from batch_jobs.star.log import Place, number_of
from batch_jobs.star.star import Star
from batch_jobs.star.tables import RUN, Manifest, StarTables
from domain.settings import FactSettings

_DAYS: Final = {"daily": daily.STORED, "changes": happenings.STORED_CHANGES}


def ms(day: date) -> int:
    """The midnight with which a day begins."""
    return number_of(day) * 86_400_000


@contextmanager
def star_at(
    tables: StarTables, manifest: Manifest, engine: Engine, as_of: date, settings: FactSettings
) -> Iterator[Star]:
    """The star as of a midnight that the stored one has reached, until the end of the block.

    As of an earlier one, the users are computed anew from their days.
    """
    parts = {
        name: engine.table(_files(tables, manifest, name, as_of), schema.TABLES[name])
        for name in schema.TABLES
        if name != "users"
    }
    at = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    begins = None
    if manifest.begins is not None and manifest.begins < ms(as_of):
        begins = datetime.fromtimestamp(manifest.begins / 1000, UTC)

    def star(people: Table) -> Star:
        return Star(engine=engine.backend, users=people, as_of=at, begins=begins, settings=settings, **parts)

    if as_of == manifest.as_of:
        yield star(latest(tables, manifest, engine, schema.USERS, numbers=False))
        return
    days, changed = (
        engine.numbers(_files(tables, manifest, name, as_of), columns) for name, columns in _DAYS.items()
    )
    people = users.users(days, changed, ms(as_of), settings)
    engine.scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=engine.scratch) as folder:
        scratch = StarTables(Place(folder))
        written = scratch.write("users", 0, users.hashed(engine.batches(people, users.BATCH)))
        yield star(engine.table([f"{folder}/users/{file.path}" for file in written], schema.USERS))


def latest(
    tables: StarTables,
    manifest: Manifest,
    engine: Engine,
    columns: pa.Schema,
    *,
    numbers: bool,
    upto: int | None = None,
) -> Table:
    """Of each user the newest row.

    Args:
        columns: those that are wanted.
        upto: run after which nothing counts.
    """
    runs = [run.number for run in manifest.runs if upto is None or run.number <= upto]
    read = engine.numbers if numbers else engine.table
    version = manifest.versions["users"]
    whole = pa.schema([*columns, RUN])
    first = read(tables.files("users", version, runs[:1]), whole)
    if len(runs) == 1:
        return first.drop(RUN.name)
    later = read(tables.files("users", version, runs[1:]), whole)
    newest = later.group_by("user").agg(newest=later.run.max())
    later = later.semi_join(newest, [later.user == newest.user, later.run == newest.newest])
    return first.anti_join(newest, "user").union(later).drop(RUN.name)


def _files(tables: StarTables, manifest: Manifest, name: str, as_of: date) -> list[str]:
    return tables.files(name, manifest.versions[name], before=as_of)
