"""The stored star as tables of an engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from tempfile import TemporaryDirectory
from typing import Final

from ibis.expr.types import Table

from batch_jobs.engine.engine import Engine
from batch_jobs.star import daily, happenings, schema, users
from batch_jobs.star.log import Place, number_of
from batch_jobs.star.news import mark, news
from batch_jobs.star.runs import latest
from batch_jobs.star.star import Star
from batch_jobs.star.tables import Manifest, StarTables
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
        now = star(latest(tables, manifest, engine, schema.USERS, numbers=False))
        yield replace(now, mark=mark(tables, manifest), since=partial(news, tables, manifest, engine))
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


def _files(tables: StarTables, manifest: Manifest, name: str, as_of: date) -> list[str]:
    return tables.files(name, manifest.versions[name], before=as_of)
