"""What is due is decided from what is known, by nothing else."""

from datetime import date, timedelta

import pytest

from batch_jobs.results.run import Attempt, Basis, Run
from batch_jobs.running.due import Known, due, report_due

TODAY = date(2024, 5, 6)
"""A Monday."""
MINUTE = 60_000


def current(day: date) -> Run:
    return Run(id="x", basis=Basis(as_of=day, settings="s", archive="1"), begun=0, finished=0, tables={})


def test_what_is_older_than_the_archive_allows_is_due() -> None:
    yesterday = TODAY - timedelta(days=1)
    known = {
        "new": Known(None, None),
        "old": Known(current(yesterday), Attempt(as_of=yesterday, begun=0, ended=1)),
        "ready": Known(current(TODAY), Attempt(as_of=TODAY, begun=0, ended=1)),
        "ahead": Known(current(TODAY + timedelta(days=1)), None),
    }
    assert due(TODAY, known, 10) == ["new", "old"]
    assert due(None, known, 10) == []


@pytest.mark.parametrize("tries", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("ended", [10 * MINUTE, None])
def test_what_failed_is_tried_again_less_and_less_often_but_each_hour(tries: int, ended: int | None) -> None:
    begun = 10 * MINUTE
    attempt = Attempt(as_of=TODAY, begun=begun, ended=ended, fault="no" if ended else None, tries=tries)
    known = {"job": Known(current(TODAY - timedelta(days=1)), attempt)}
    pause = min(2 ** (tries - 1), 60) * MINUTE
    assert due(TODAY, known, begun + pause - 1) == []
    assert due(TODAY, known, begun + pause) == ["job"]
    assert due(TODAY + timedelta(days=1), known, begun) == ["job"], "a new day is a new chance"


@pytest.mark.parametrize(
    ("finished", "told", "today", "found"),
    [
        (None, None, TODAY, None),
        (TODAY, None, TODAY, TODAY),
        (TODAY, TODAY, TODAY, None),
        (TODAY + timedelta(days=2), TODAY - timedelta(days=7), TODAY + timedelta(days=2), TODAY),
        (TODAY + timedelta(days=6), None, TODAY + timedelta(days=6), TODAY),
        (TODAY - timedelta(days=1), TODAY - timedelta(days=7), TODAY, None),
        (TODAY + timedelta(days=7), TODAY - timedelta(days=21), TODAY + timedelta(days=7), TODAY + timedelta(days=7)),
        (date(2011, 5, 2), None, TODAY, None),
    ],
)  # fmt: skip
def test_a_report_a_week_the_last_missed_one_and_none_of_history(
    finished: date | None, told: date | None, today: date, found: date | None
) -> None:
    assert report_due(finished, 0, told, today) == found


def test_weeks_end_on_the_day_that_is_set() -> None:
    for weekday in range(7):
        found = report_due(TODAY, weekday, None, TODAY)
        assert found is not None
        assert found.weekday() == weekday
