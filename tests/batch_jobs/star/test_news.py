"""What is new since a former star: from it and the former users come the present ones, or it cannot be told."""

from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis.expr.types import Table

from batch_jobs.star import news, people
from batch_jobs.star.reading import star_at
from batch_jobs.star.schema import TABLES
from domain.settings import ChurnDefinition
from tests.batch_jobs.star.archives import Archive, day, ordered, plain
from tests.batch_jobs.star.happened import DAY, HOUR, MONDAY, SETTINGS
from tests.batch_jobs.star.slow import Row
from tests.batch_jobs.star.test_star import CHURNS, EXAMPLES, in_parts
from tests.batch_jobs.star.test_upkeep import seen

FIRST = day(MONDAY)


class Then(NamedTuple):
    """A star as it was read."""

    as_of: date
    mark: str
    users: list[Row]
    daily: list[Row]


def read(archive: Archive, as_of: date, before: list[Then]) -> int:
    """Hold what is new since each former star against it; of how many it can be told."""
    manifest = archive.tables.manifest()
    assert manifest is not None
    engine, told = archive.engine(), 0
    try:
        with star_at(archive.tables, manifest, engine, as_of, archive.settings) as star:

            def rows(name: str, table: Table) -> list[Row]:
                return plain(engine.rows(table), TABLES[name])

            now = Then(as_of, star.mark, rows("users", star.users), rows("daily", star.daily))
            for then in before:
                found = star.since(then.mark)
                if found is None:
                    continue
                told += 1
                assert found.as_of.date() == then.as_of
                former, fresh = rows("users", found.former), rows("users", found.users)
                others = [row for row in now.users if row not in fresh]
                assert ordered([*others, *former]) == then.users
                assert ordered([*others, *fresh]) == now.users
                assert {row["user"] for row in former} <= {row["user"] for row in fresh}
                touched = {row["user"] for row in fresh}
                days = rows("daily", found.daily)
                assert days == then.daily
                same = [row for row in now.daily if row["user"] not in touched]
                assert same == [row for row in days if row["user"] not in touched]
            before.append(now)
    finally:
        engine.close()
    return told


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(CHURNS))
def test_former_users_and_what_is_new_make_the_present_ones(seed: int, churn: ChurnDefinition) -> None:
    before: list[Then] = []

    def refreshed(archive: Archive, as_of: date) -> None:
        archive.refresh(as_of)
        read(archive, as_of, before)

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(news, "_MOST", 0)
        in_parts(Path(folder), Random(seed), churn, refreshed)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setattr(news, "_MOST", 0)
    return Archive(tmp_path, SETTINGS)


def test_late_events_are_new(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_SHARE", 0)
    archive.add([seen("ann", 0, 0), seen("bob", HOUR, 1), seen("eve", DAY, 2)])
    before: list[Then] = []
    archive.refresh(FIRST + timedelta(days=2))
    assert read(archive, FIRST + timedelta(days=2), before) == 0
    archive.add([seen("bob", DAY + HOUR, 3), seen("eve", 2 * DAY, 4)])
    for days in (2, 3, 4):
        archive.refresh(FIRST + timedelta(days=days))
        assert read(archive, FIRST + timedelta(days=days), before) == len(before) - 1


def test_it_cannot_be_told_once_users_were_erased_or_all_made_anew(archive: Archive) -> None:
    archive.add([seen("ann", 0, 0), seen("bob", HOUR, 1), seen("ann", DAY, 2)])
    before: list[Then] = []
    end = FIRST + timedelta(days=3)
    archive.refresh(end)
    read(archive, end, before)
    DeltaTable(archive.log).delete("user = 'ann'")
    archive.refresh(end)
    assert read(archive, end, before) == 0
    archive.settings = SETTINGS.__class__(inactivity_ms=5 * DAY)
    archive.refresh(end)
    assert read(archive, end, before) == 0


def test_old_runs_that_became_one_are_no_hindrance(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_SHARE", 1)
    archive.add([seen("ann", n * DAY, n) for n in range(8)])
    before: list[Then] = []
    told = []
    for n in range(1, 9):
        archive.refresh(FIRST + timedelta(days=n))
        told.append(read(archive, FIRST + timedelta(days=n), before))
        before = before[-1:]
    manifest = archive.tables.manifest()
    assert manifest is not None
    assert len(manifest.runs) < 5
    assert told == [0, *[1] * 7]


def test_nothing_is_told_of_what_was_no_star_or_if_nearly_all_is_new(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.add([seen("ann", 0, 0), seen("ann", DAY, 1)])
    before = [Then(FIRST, "", [], [])]
    for days in (1, 2):
        archive.refresh(FIRST + timedelta(days=days))
        read(archive, FIRST + timedelta(days=days), before)
    manifest = archive.tables.manifest()
    assert manifest is not None
    engine = archive.engine()
    assert news.news(archive.tables, manifest, engine, "") is None
    assert news.news(archive.tables, manifest, engine, before[1].mark) is not None
    monkeypatch.setattr(news, "_MOST", 4)
    assert news.news(archive.tables, manifest, engine, before[1].mark) is None
    engine.close()
