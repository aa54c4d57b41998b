"""The job `segments`: groups from a sample, every user in one of them, what became of them, who moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.job import Progress, Tables
from batch_jobs.segments import folders, report
from batch_jobs.segments.assignment import assigned
from batch_jobs.segments.clustering import ALGORITHMS, Algorithm
from batch_jobs.segments.features import NAMES, features_of_users
from batch_jobs.segments.finding import Found, by_algorithm, found
from batch_jobs.segments.groups import Groups, read, write
from batch_jobs.segments.outcomes import outcomes_since
from batch_jobs.segments.report import Rows
from batch_jobs.segments.scale import Matrix, logs_of
from batch_jobs.segments.tables import TABLES
from batch_jobs.star.star import Star

_DAY_MS: Final = 86_400_000


@dataclass
class Segments:
    """Writes `members.parquet` of the as-of into its folder, by the engine: a row a user with `user`, `segment`, the
    group by each algorithm, `active` and the features. All else are result tables."""

    folder: Path
    """Of the members, `as_of=<day>` by as-of."""
    seed: int = 0
    served: Algorithm = "k_means"
    """Whose groups make the segments."""
    sample: int = 50_000
    """Users on whom groups are fitted: those of the least hashes."""
    judged: int = 5_000
    """Of them, on whom silhouettes are measured and the hierarchy is built."""
    ks: Sequence[int] = tuple(range(3, 9))
    name: str = "segments"

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """Raises `OSError` where the folder cannot be written; what was in it still stands."""
        progress("sample of users", 0.0)
        users = features_of_users(star, star.as_of)
        sample = _matrix(users.order_by("hash", "user").limit(self.sample))
        if not len(sample):
            return {name: schema.empty_table() for name, schema in TABLES.items()}
        before = folders.last_before(self.folder, star.as_of)
        last = read(before, list(NAMES))
        progress("groups", 0.1)
        inactivity_days = star.settings.inactivity_ms / _DAY_MS
        groups = found(sample, self.judged, self.ks, self.seed, self.served, inactivity_days, last)
        progress("members", 0.7)
        members = self._written(star, users, groups)
        progress("what became of them", 0.9)
        points, axes = report.picture(groups, groups.scale.scaled(logs_of(sample)))
        rows: dict[str, Rows] = {
            "segments": report.segments(members),
            "centres": report.centres(groups, members),
            "scores": report.scores(groups, len(sample)),
            "points": points,
            "axes": axes,
            "next_period": _next_period(star, groups),
            "movement": _movement(star, members, before, last),
        }
        progress("done", 1.0)
        return {name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in TABLES.items()}

    def _written(self, star: Star, users: Table, groups: Found) -> Table:
        table = assigned(users, groups.scale, [(groups.clusters[a], groups.ids[a]) for a in ALGORITHMS])
        table = table.select(
            "user", *ALGORITHMS, "active", *NAMES, segment=table[self.served].cases(*groups.names.items())
        ).relocate("user", "segment")
        with folders.replacing(self.folder, star.as_of) as fresh:
            star.engine.to_parquet(table, fresh / folders.MEMBERS)
            write(fresh, Groups(star.as_of.date(), list(NAMES), self.served, by_algorithm(groups)))
        return star.engine.read_parquet(folders.folder_of(self.folder, star.as_of) / folders.MEMBERS)


def _matrix(users: Table) -> Matrix:
    columns = users.select(*NAMES).to_pyarrow()
    return np.column_stack([columns[name].to_numpy() for name in NAMES])


def _next_period(star: Star, groups: Found) -> Rows:
    """Users in the groups of this run as they were one inactivity limit ago."""
    since = star.as_of - timedelta(days=star.settings.inactivity_ms // _DAY_MS)
    if star.begins is None or star.begins >= since:
        return []
    served = groups.served
    users = assigned(
        features_of_users(star, since), groups.scale, [(groups.clusters[served], groups.ids[served])]
    )
    users = users.mutate(group=users[served].cases(*groups.names.items()))
    return report.next_period(outcomes_since(star, users, since), since.date(), star.as_of.date())


def _movement(star: Star, members: Table, before: Path | None, last: Groups | None) -> Rows:
    if before is None or last is None or not (before / folders.MEMBERS).exists():
        return []
    then = star.engine.read_parquet(before / folders.MEMBERS)
    return report.movement(then, members, last.as_of, star.as_of.date())
