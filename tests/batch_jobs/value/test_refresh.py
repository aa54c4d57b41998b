"""From day to day as from all days at once."""

from datetime import date
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_jobs.job import Tables
from batch_jobs.segments.folders import MONTHS, folder_of
from batch_jobs.star.star import Star
from batch_jobs.value.job import CUSTOMERS, Value
from domain.settings import FactSettings
from tests.batch_jobs.rows import active, star_of
from tests.batch_jobs.star.goingon import along
from tests.batch_jobs.star.happened import DAY


def quiet(_what: str, share: float) -> None:
    assert 0 <= share <= 1


def rows(folder: Path, star: Star) -> list[dict[str, Any]]:
    table = pq.read_table(folder_of(folder, star.as_of) / CUSTOMERS)
    return sorted(table.to_pylist(), key=lambda row: str(row["user"]))


@settings(deadline=None, max_examples=1)
@given(st.integers(0, 2**32))
def test_as_from_all_days(seed: int) -> None:
    with TemporaryDirectory() as place:
        folder, numbers = Path(place), count()

        def whole(star: Star) -> Tables:
            return Value(folder / f"whole-{next(numbers)}", least=2)(star, quiet)

        def go_on(star: Star, last: Tables, since: date) -> Tables:
            kept = Value(folder / "kept", least=2)
            found = kept.refresh(star, last, since, quiet)
            again = Value(folder / "again", least=2)
            again(star, quiet)
            assert rows(kept.folder, star) == rows(again.folder, star)
            assert written(kept.folder, star) == written(again.folder, star)
            return found

        facts = FactSettings(inactivity_ms=10 * DAY, allowed_lateness_ms=20 * DAY)
        along(folder / "log", Random(seed), facts, whole, go_on, users=25, steps=4)


def written(folder: Path, star: Star) -> dict[str, list[str]]:
    """Rows of months by file."""
    files = folder_of(folder, star.as_of).glob(f"{MONTHS}-*/*/*.parquet")
    return {
        f"{file.parent.name}/{file.name}": sorted(map(str, pq.read_table(file).to_pylist())) for file in files
    }


def test_months_that_are_over_and_as_they_were_are_taken_over(tmp_path: Path) -> None:
    days = [active("a", date(2024, month, 3), spent=month, orders=1) for month in (1, 2, 3)]

    def inodes(as_of: date) -> dict[str, int]:
        files = (tmp_path / f"as_of={as_of}").glob(f"{MONTHS}-*/*/paid.parquet")
        return {file.parent.name: file.stat().st_ino for file in files}

    job, first, then = Value(tmp_path), date(2024, 3, 31), date(2024, 4, 1)
    last = job(star_of(days, first), quiet)
    job.refresh(star_of(days, then), last, date(2024, 2, 9), quiet)
    before, after = inodes(first), inodes(then)
    assert sorted(before) == ["2024-01", "2024-02"]
    assert sorted(after) == ["2024-01", "2024-02", "2024-03"]
    assert before["2024-01"] == after["2024-01"]
    assert before["2024-02"] != after["2024-02"]


def test_after_a_day_of_the_past_nothing_of_a_later_one_is_taken_over(tmp_path: Path) -> None:
    days = [active("a", date(2024, month, 3), spent=month, orders=1) for month in (1, 2, 3)]
    late = [*days, active("a", date(2024, 1, 5), spent=50, orders=1)]
    value, then, past = Value(tmp_path / "kept"), date(2024, 4, 1), date(2024, 3, 1)
    value(star_of(days, then), quiet)
    last = value(star_of(late, past), quiet)
    found = value.refresh(star_of(late, then), last, past, quiet)
    assert found == Value(tmp_path / "whole")(star_of(late, then), quiet)
