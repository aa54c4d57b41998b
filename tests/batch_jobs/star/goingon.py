"""A job that goes on from its last result, along a random history, beside one that computes all of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from deltalake import DeltaTable

from batch_jobs.job import Tables
from batch_jobs.star.log import Log, Place
from batch_jobs.star.reading import star_at
from batch_jobs.star.star import News, Star
from domain.settings import FactSettings
from tests.batch_jobs.star.archives import Archive, day
from tests.batch_jobs.star.happened import DAY, Kind, many

Run = Callable[[Star], Tables]
GoOn = Callable[[Star, Tables, date], Tables]
KIND: Final = Kind(
    types=("signup", "session_start", "page_view", "page_view", "purchase", "refund", "renewal", "trial_start",
           "subscription_change", "cancellation"),
    steps=(0, 60_000, DAY // 3, DAY, DAY, 2 * DAY, 5 * DAY, 12 * DAY, 31 * DAY),
    repeats=False,
)  # fmt: skip
"""Lives that are long enough for losses, returns and months."""


def along(
    folder: Path,
    rng: Random,
    settings: FactSettings,
    whole: Run,
    go_on: GoOn,
    users: int = 40,
    steps: int = 5,
) -> int:
    """Days come in parts, some events late; users are erased; the tables of each moment are those of a whole run.

    Returns:
        How often it was known what is new.
    """
    archive = Archive(folder, settings)
    happened = many(rng, KIND, users, 12)
    arrival = {h.offset: h.time + (rng.random() < 0.1) * rng.randint(0, 4 * DAY) for h in happened}
    end = max(h.time for h in happened) // DAY
    at = rng.randrange(end // 3, end)
    left, told = list(happened), 0
    last: Tables | None = None
    version = last_at = 0
    for _ in range(steps):
        new = [h for h in left if arrival[h.offset] < at * DAY]
        left = [h for h in left if h not in new]
        archive.add(new)
        if last is not None and rng.random() < 0.1:
            DeltaTable(archive.log).delete("user = 'u1'")
        archive.refresh(day(at * DAY))
        log = Log(Place(str(archive.log)))
        with opened(archive, day(at * DAY)) as (star, news):
            expected = whole(star)
            if last is not None:
                changed = log.changed_days(version)
                assert changed is not None
                since = min([*changed, day(last_at * DAY)])
                found = go_on(star, last, since)
                assert list(found) == list(expected)
                for name, table in expected.items():
                    assert found[name].equals(table), name
                last = found
            else:
                last = expected
            told += sum(one is not None for one in news)
        version, last_at = log.version, at
        at += rng.choice([0, 1, 1, 1, 2, 9, 40])
    return told


@contextmanager
def opened(archive: Archive, as_of: date) -> Iterator[tuple[Star, list[News | None]]]:
    """The stored star, and what it has said of what is new."""
    manifest = archive.tables.manifest()
    assert manifest is not None
    engine = archive.engine()
    said: list[News | None] = []
    try:
        with star_at(archive.tables, manifest, engine, as_of, archive.settings) as star:

            def since(mark: str) -> News | None:
                said.append(star.since(mark))
                return said[-1]

            yield replace(star, since=since), said
    finally:
        engine.close()
