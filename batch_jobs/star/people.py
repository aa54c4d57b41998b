"""`users` as it is stored: all of them at first, then after each refresh those of whom something is new.

A refresh appends a **run** of rows; of a user's rows that of the highest run counts. Of the others nothing is read
but who has passed the limit of silence meanwhile. Where late events have changed days that users' rows already
contain, it goes back to the last run before these days, or else to all of the users' days. When the later runs have
grown, the older ones become one.
"""

from datetime import date, timedelta
from typing import Final, NamedTuple

import ibis
import msgspec
from ibis.expr.types import Table

from batch_jobs.engine.engine import Engine
from batch_jobs.star import daily, happenings, users
from batch_jobs.star.losses import silent
from batch_jobs.star.reading import ms
from batch_jobs.star.runs import latest
from batch_jobs.star.tables import Manifest, Run, StarTables
from domain.settings import FactSettings

MOST_DAYS: Final = 1_000_000
"""Rows of `daily` that users are computed from at a time: what they hold in memory."""
_SHARE: Final = 4
"""Later runs may have one row for so many of the first."""

Versions = dict[str, int]


class _Days(NamedTuple):
    """Stored facts as numbers."""

    days: Table
    changes: Table


def all_users(
    tables: StarTables, engine: Engine, versions: Versions, as_of: date, since: date, settings: FactSettings
) -> tuple[int, list[Run]]:
    """Every user from all days; the version of the table, and its runs."""
    facts = _facts(tables, engine, versions)
    counted = facts.days.aggregate(rows=facts.days.count(), partitions=facts.days.partition.max() + 1)
    rows, partitions = (column[0].as_py() or 1 for column in engine.rows(counted).columns)
    parts = min(partitions, -(-rows // MOST_DAYS))
    written = []
    for part in range(parts):
        days = facts.days.filter(facts.days.partition % parts == part)
        people = users.users(days, facts.changes, ms(as_of), settings)
        written += tables.write("users", 1, users.hashed(engine.batches(people, users.BATCH)))
    version = tables.commit("users", [file.action for file in written], None)
    return version, [Run(number=1, as_of=as_of, since=since, rows=sum(file.rows for file in written))]


def touched_users(
    tables: StarTables, engine: Engine, known: Manifest, versions: Versions, as_of: date, late: set[date],
    settings: FactSettings,
) -> tuple[int, list[Run]]:  # fmt: skip
    """Users of whom the days since `known` or the late ones tell something, and who have passed the limit."""
    number = known.runs[-1].number + 1
    with engine.kept(_affected(tables, engine, known, versions, late)) as affected:
        news, before = _spans(tables, engine, known, versions, as_of, late, affected, settings)
        people = users.users(news.days, news.changes, ms(as_of), settings, before)
        with engine.kept(people) as found:
            gone = affected.anti_join(found, "user")
            erased = bool(late) and engine.rows(gone.count().as_table())[0][0].as_py() > 0
            written = tables.write("users", number, users.hashed(engine.batches(found, users.BATCH)))
            runs = [
                *known.runs,
                Run(
                    number=number,
                    as_of=as_of,
                    since=min(late, default=known.as_of),
                    rows=sum(f.rows for f in written),
                ),
            ]
            version = tables.commit("users", [file.action for file in written], [number])
            now = _now(known, version, runs)
            if erased:
                return _without(tables, engine, now, gone)
    return _fewer_runs(tables, engine, now, settings)


def _facts(tables: StarTables, engine: Engine, versions: Versions, among: list[date] | None = None) -> _Days:
    return _Days(
        engine.numbers(tables.files("daily", versions["daily"], among), daily.STORED),
        engine.numbers(tables.files("changes", versions["changes"], among), happenings.STORED_CHANGES),
    )


def _affected(
    tables: StarTables, engine: Engine, known: Manifest, versions: Versions, late: set[date]
) -> Table:
    """Users whose facts of late days are others than before: column user."""
    days = sorted(late)
    then, now = _facts(tables, engine, known.versions, days), _facts(tables, engine, versions, days)
    parts = []
    for old, new in zip(then, now, strict=True):
        parts += [old.difference(new).select("user"), new.difference(old).select("user")]
    return ibis.union(*parts, distinct=True)


def _spans(
    tables: StarTables, engine: Engine, known: Manifest, versions: Versions, as_of: date, late: set[date],
    affected: Table, settings: FactSettings,
) -> tuple[_Days, Table]:  # fmt: skip
    """Days that are to be added, and the users as they were before these."""
    fresh = _facts(tables, engine, versions, _since(tables, versions, known.as_of))
    rows = latest(tables, known, engine, users.STORED, numbers=True)
    # under `cancellation` silence is no loss
    passing = rows.filter(
        rows.lost.isnull(),
        silent(rows) + settings.inactivity_ms < ms(as_of),
        settings.churn != "cancellation",
    )
    asked = fresh.days.select("user").union(passing.select("user"))
    before = rows.semi_join(asked, "user").anti_join(affected, "user")
    if not late:
        return fresh, before
    base = _base(known, min(late))
    again = _facts(
        tables, engine, versions, _since(tables, versions, base.as_of if base else date.min, known.as_of)
    )
    again = _Days(*(part.semi_join(affected, "user") for part in again))
    if base is not None:
        former = latest(tables, known, engine, users.STORED, numbers=True, upto=base.number)
        before = before.union(former.semi_join(affected, "user"))
    return _Days(*(a.union(b) for a, b in zip(fresh, again, strict=True))), before


def _since(tables: StarTables, versions: Versions, first: date, end: date = date.max) -> list[date]:
    return [day for day in tables.values("daily", versions["daily"]) if first <= day < end]


def _base(known: Manifest, first: date) -> Run | None:
    """The last run that knows nothing of `first` and later, and of which no later one has changed the days."""
    for place in reversed(range(len(known.runs))):
        run = known.runs[place]
        if run.as_of <= first and all(later.since >= run.as_of for later in known.runs[place + 1 :]):
            return run
    return None


def _without(tables: StarTables, engine: Engine, now: Manifest, gone: Table) -> tuple[int, list[Run]]:
    """All users in one run but for those who are gone: nothing is to be left of them."""
    rows = latest(tables, now, engine, users.STORED, numbers=True).anti_join(gone, "user")
    return _one_run(tables, engine, now, rows, now.runs)


def _fewer_runs(
    tables: StarTables, engine: Engine, now: Manifest, settings: FactSettings
) -> tuple[int, list[Run]]:
    """Old runs become one when those after the first have grown; young ones stay, late events may go back to them."""
    young = now.as_of - timedelta(days=settings.allowed_lateness_ms // 86_400_000 + 1)
    old = [run for run in now.runs if run.as_of <= young]
    if sum(run.rows for run in old[1:]) * _SHARE <= (old or now.runs)[0].rows:
        return now.versions["users"], now.runs
    rows = latest(tables, now, engine, users.STORED, numbers=True, upto=old[-1].number)
    return _one_run(tables, engine, now, rows, old)


def _one_run(
    tables: StarTables, engine: Engine, now: Manifest, rows: Table, old: list[Run]
) -> tuple[int, list[Run]]:
    last = old[-1]
    written = tables.write("users", last.number, engine.batches(rows, users.BATCH))
    version = tables.commit("users", [f.action for f in written], [run.number for run in old])
    one = Run(number=last.number, as_of=last.as_of, since=last.since, rows=sum(f.rows for f in written))
    return version, [one, *(run for run in now.runs if run.number > last.number)]


def _now(known: Manifest, version: int, runs: list[Run]) -> Manifest:
    return msgspec.structs.replace(
        known, as_of=runs[-1].as_of, versions=known.versions | {"users": version}, runs=runs
    )
