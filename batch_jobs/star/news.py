"""What is new in the stored star since a job has read it.

The rows of the runs since then are the users who may be others now (`batch_jobs.star.people`); the rows of the runs
before are what they were. Files of days that were replaced since then still lie there for a while
(`batch_jobs.star.tables.KEEP_HOURS`), so that the former facts can be read, too.
"""

import logging
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from batch_jobs.engine.engine import Engine
from batch_jobs.star import schema
from batch_jobs.star.errors import StarError
from batch_jobs.star.runs import latest
from batch_jobs.star.star import News
from batch_jobs.star.tables import Manifest, StarTables

log = logging.getLogger("ebbwatch.batch")

_MOST: Final = 4
"""News of more than one in so many users are no news."""


class _Mark(msgspec.Struct, frozen=True):
    """Of a star: its last run of `users`, and the version of its days."""

    as_of: date
    begins: int | None
    run: int
    files: list[str]
    """Of that run: their names are used once."""
    daily: int


class _UnknownError(Exception):
    """Why it cannot be told."""


def mark(tables: StarTables, manifest: Manifest) -> str:
    """See `batch_jobs.star.star.Star`."""
    run = manifest.runs[-1].number
    files = tables.files("users", manifest.versions["users"], [run])
    made = _Mark(manifest.as_of, manifest.begins, run, sorted(map(_name, files)), manifest.versions["daily"])
    return msgspec.json.encode(made).decode()


def news(tables: StarTables, manifest: Manifest, engine: Engine, former: str) -> News | None:
    """See `batch_jobs.star.star.Star.since`."""
    try:
        return _news(tables, manifest, engine, msgspec.json.decode(former, type=_Mark))
    except (_UnknownError, StarError, msgspec.DecodeError) as why:
        log.info("what is new in the star cannot be told, all of it is read: %s", why)
        return None


def _news(tables: StarTables, manifest: Manifest, engine: Engine, then: _Mark) -> News:
    version = manifest.versions["users"]
    if sorted(map(_name, tables.files("users", version, [then.run]))) != then.files:
        raise _UnknownError("its users were written anew since then")
    later = [run for run in manifest.runs if run.number > then.run]
    if sum(run.rows for run in later) * _MOST > sum(run.rows for run in manifest.runs):
        raise _UnknownError("too much is new")
    days = tables.files("daily", then.daily, before=then.as_of)
    if not tables.there(set(days) - set(tables.files("daily", manifest.versions["daily"]))):
        raise _UnknownError("files of former days are gone")
    users = latest(tables, manifest, engine, schema.USERS, numbers=False, since=then.run + 1)
    former = latest(tables, manifest, engine, schema.USERS, numbers=False, upto=then.run)
    return News(
        as_of=datetime(then.as_of.year, then.as_of.month, then.as_of.day, tzinfo=UTC),
        begins=None if then.begins is None else datetime.fromtimestamp(then.begins / 1000, UTC),
        former=former.semi_join(users.select("user"), "user"),
        users=users,
        daily=engine.table(days, schema.DAILY),
    )


def _name(file: str) -> str:
    return file.rpartition("/")[2]
