"""Sessions in windows against the stream's own slow rules, for a day and the day before it."""

from collections.abc import Iterator, Sequence
from random import Random

import ibis
import pytest

from batch_jobs.engine.duckdb import DuckDB
from batch_jobs.star.events import READ, events, once
from batch_jobs.star.sessions import sessions
from tests.batch_jobs.star.happened import (
    BUSY,
    DAY,
    HOUR,
    MINUTE,
    SETTINGS,
    Happened,
    Kind,
    many,
    numbers,
    table,
)
from tests.batch_jobs.star.quirks import quirky
from tests.batch_jobs.star.slow import told

STEPS = (
    *(0, 1, 999, 1000, MINUTE, 10 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1, HOUR),
    *(6 * HOUR, 12 * HOUR, DAY - 1, DAY, DAY + 1, 2 * DAY),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDB]:
    found = DuckDB(tmp_path_factory.mktemp("spill"), "500MB", 1)
    yield found
    found.close()


def in_windows(engine: DuckDB, happened: Sequence[Happened]) -> dict[tuple[str, int], tuple[int, int]]:
    rows = numbers(table(h.row() for h in happened), READ)
    found = engine.rows(sessions(once(events(ibis.memtable(rows))), SETTINGS))
    return {
        (row["user"], row["day"]): (row["sessions"], row["session_ms"])
        for row in found.to_pylist()
        if row["sessions"] or row["session_ms"]
    }


def by_two_days(happened: Sequence[Happened]) -> dict[tuple[str, int], tuple[int, int]]:
    """What the stream would say of each day if it began the day before."""
    found = {}
    for user, day in {(h.user, h.day) for h in happened}:
        history = told([h for h in happened if h.user == user and h.day in (day - 1, day)], SETTINGS)
        opened = sum(s.start // DAY == day for s in history.sessions)
        seconds = history.days.counts[day]["seconds"]
        if opened or seconds:
            found[user, day] = opened, seconds * 1000
    return found


KIND = Kind(BUSY, ("session_id", "session_id", "session_id", "duration_ms"), STEPS, repeats=False)


@pytest.mark.parametrize("seed", range(4))
def test_sessions_are_those_of_the_stream(engine: DuckDB, seed: int) -> None:
    happened = many(Random(seed), KIND, 400)
    found, expected = in_windows(engine, happened), by_two_days(happened)
    differ = {
        user for user, day in found.keys() | expected if found.get((user, day)) != expected.get((user, day))
    }
    by_user = {user: [h for h in happened if h.user == user] for user in differ}
    plain = {user: own for user, own in by_user.items() if not quirky(own)}
    assert not plain, min(plain.values(), key=len)
