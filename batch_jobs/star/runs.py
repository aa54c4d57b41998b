"""Rows of `users` out of the runs that refreshes have written."""

import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.engine.engine import Engine
from batch_jobs.star.tables import RUN, Manifest, StarTables


def latest(
    tables: StarTables,
    manifest: Manifest,
    engine: Engine,
    columns: pa.Schema,
    *,
    numbers: bool,
    since: int | None = None,
    upto: int | None = None,
) -> Table:
    """Of each user the newest row.

    Args:
        columns: those that are wanted.
        since: run before which nothing counts.
        upto: run after which nothing counts.
    """
    runs = [
        run.number
        for run in manifest.runs
        if (upto is None or run.number <= upto) and (since is None or run.number >= since)
    ]
    read = engine.numbers if numbers else engine.table
    version = manifest.versions["users"]
    whole = pa.schema([*columns, RUN])
    first = read(tables.files("users", version, runs[:1]), whole)
    if len(runs) < 2:
        return first.drop(RUN.name)
    later = read(tables.files("users", version, runs[1:]), whole)
    newest = later.group_by("user").agg(newest=later.run.max())
    later = later.semi_join(newest, [later.user == newest.user, later.run == newest.newest])
    return first.anti_join(newest, "user").union(later).drop(RUN.name)
