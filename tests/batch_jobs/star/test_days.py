"""Facts chunk after chunk: what is compiled for the first chunk serves all others."""

from datetime import date
from pathlib import Path
from random import Random

from batch_jobs.engine.engine import Engine
from batch_jobs.star.days import Facts, chunks
from batch_jobs.star.log import Log, Place
from tests.batch_jobs.star.archives import Archive, ordered
from tests.batch_jobs.star.happened import SETTINGS, Kind, many
from tests.batch_jobs.star.slow import Row


def test_chunks_of_a_day_give_what_one_of_all_days_gives(tmp_path: Path) -> None:
    archive = Archive(tmp_path, SETTINGS)
    archive.add(many(Random(3), Kind(), 6, 60))
    log = Log(Place(str(archive.log)))
    days = sorted({file.day for file in log.files})[:12]
    assert list(chunks(log, days, most=1)) == [[day] for day in days]
    engine = archive.engine()
    try:
        assert rows(log, engine, days, 1) == rows(log, engine, days, 10**9)
    finally:
        engine.close()


def rows(log: Log, engine: Engine, days: list[date], most: int) -> dict[tuple[str, date], list[Row]]:
    facts = Facts(log, engine, SETTINGS)
    found = {
        (part.table, part.day): ordered(part.rows.to_pylist())
        for chunk in chunks(log, days, most)
        for part in facts.of(chunk)
    }
    assert {name for name, _ in found} >= {"daily", "usage", "changes"}
    assert all(day in days for _, day in found)
    return found
