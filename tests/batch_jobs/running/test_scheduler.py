"""The scheduler does what is due whenever it looks, and stops in the middle of a job without a trace."""

import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from batch_jobs.job import Progress, Tables
from batch_jobs.results.results import Results, open_results
from batch_jobs.running.lease import leased
from batch_jobs.running.perform import Workshop
from batch_jobs.running.scheduler import Scheduler, look
from batch_jobs.running.source import SourceError
from batch_jobs.star.star import Star
from tests.batch_jobs.running.jobs import Counted, failing, parts
from tests.batch_jobs.running.stars import at
from tests.batch_jobs.running.test_perform import NOON, Fake

PATIENCE_S = 20.0


class Wall:
    """A wall clock, set by hand."""

    now = 1_000_000

    def __call__(self) -> int:
        return self.now


class Place:
    def __init__(self, folder: Path) -> None:
        self.results: Results = open_results(str(folder))
        self.job = Counted("job")
        self.source = Fake()
        self.wall = Wall()
        self.shop = Workshop(
            lambda: self.source,
            parts((self.job, ()), (Counted("other"), ())),
            self.results,
            "s",
            "me",
            self.wall,
        )

    def look(self) -> list[str] | None:
        report = look(self.shop, lambda _job: lambda _what, _share: None)
        return None if report is None else [f"{o.job} {o.state}" for o in report.outcomes]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_look_does_what_is_due_and_nothing_twice(place: Place) -> None:
    assert place.look() == ["job done", "other done"]
    assert place.look() is None
    place.source = Fake(NOON + timedelta(hours=11))
    assert place.look() is None, "the day is not over"
    place.source = Fake(NOON + timedelta(days=5))
    assert place.look() == ["job done", "other done"], "days that were missed are one"
    current = place.results.current("job")
    assert current is not None
    assert current.basis.as_of == date(2024, 5, 7)


@pytest.mark.parametrize("clock", [None, at("2024-04-30"), at("2024-04-30") + timedelta(hours=23)])
def test_an_archive_that_has_hardly_begun_is_waited_for(place: Place, clock: datetime | None) -> None:
    place.source = Fake(clock)
    assert place.look() is None
    assert place.job.runs == 0


def test_only_what_has_failed_is_tried_again_a_minute_later(place: Place) -> None:
    broken = [failing("no")()]
    place.job = Counted("job", lambda: broken[0])
    place.shop = place.shop._replace(
        parts=parts((place.job, ()), (Counted("after"), ("job",)), (Counted("other"), ()))
    )
    assert place.look() == ["job failed", "after left_out", "other done"]
    assert place.look() is None, "what needs it does not bring it back before its time"
    place.wall.now += 60_000
    broken[0] = None
    assert place.look() == ["job done", "after done"]


class Blocking:
    """Waits in the middle of its work until somebody stops it."""

    name = "job"

    def __init__(self) -> None:
        self.begun = threading.Event()

    def __call__(self, star: Star, progress: Progress) -> Tables:
        """Never to an end by itself."""
        while True:
            self.begun.set()
            progress("waiting", 0.5)


@contextmanager
def scheduled(place: Place, report: Callable[[], None]) -> Iterator[Scheduler]:
    scheduler = Scheduler(place.shop, report, look_s=0.05, minute=15)
    ended: list[bool] = []
    running = threading.Thread(target=lambda: ended.append(scheduler.run(PATIENCE_S)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        running.start()
        try:
            yield scheduler
        finally:
            scheduler.stop()
            running.join(PATIENCE_S)
    assert ended == [True]


def test_it_looks_at_its_start_and_goes_on_whatever_happens(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    looks, enough = [0], threading.Event()

    def report() -> None:
        looks[0] += 1
        if looks[0] == 1:
            place.source = Fake(NOON + timedelta(days=1), SourceError("a file is damaged: restore it"))
        elif looks[0] == 2:
            place.source = Fake(NOON + timedelta(days=2))
            raise ZeroDivisionError
        elif looks[0] == 3:
            enough.set()

    with scheduled(place, report):
        assert enough.wait(PATIENCE_S)
    assert "job as of 2024-05-02: done" in caplog.text
    assert "a file is damaged: restore it" in caplog.text
    assert "a look failed" in caplog.text
    assert "job as of 2024-05-04: done" in caplog.text


def test_a_stop_in_the_middle_of_a_job_leaves_no_trace(place: Place) -> None:
    blocking = Blocking()
    place.shop = place.shop._replace(parts=parts((blocking, ())))
    with scheduled(place, lambda: None):
        assert blocking.begun.wait(PATIENCE_S)
    assert place.results.current("job") is None
    with leased(place.results.storage, "another", lambda: 1):
        pass


def test_another_runner_is_waited_for(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reported, heard = threading.Event(), threading.Event()

    class Hears(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            if "another run is at work" in record.getMessage():
                heard.set()
            return True

    hears = Hears()
    caplog.handler.addFilter(hears)
    try:
        with leased(place.results.storage, "another", lambda: 1), scheduled(place, reported.set):
            assert heard.wait(PATIENCE_S)
    finally:
        caplog.handler.removeFilter(hears)
    assert place.job.runs == 0
    assert not reported.is_set()
