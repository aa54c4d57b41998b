"""A whole run: its as-of follows the archive's clock, and nothing takes the last good result away."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from batch_jobs.job import Progress
from batch_jobs.results.results import Results
from batch_jobs.running.lease import HeldError, leased
from batch_jobs.running.perform import AsOfError, Report, Wanted, Workshop, allowed, perform
from batch_jobs.running.runner import StoppedError
from batch_jobs.running.source import Source, SourceError
from batch_jobs.star.star import Star
from storage.files import Storage
from tests.batch_jobs.running.jobs import Counted, parts
from tests.batch_jobs.running.stars import at, star

FIRST = {"users": [{"user": "u", "origin": at("2024-04-30"), "hash": 1}]}
NOON = at("2024-05-02") + timedelta(hours=12)


class Fake(Source):
    """An archive in name only."""

    def __init__(self, clock: datetime | None = NOON, fault: Exception | None = None) -> None:
        self.rows: Mapping[str, Sequence[Mapping[str, Any]]] = FIRST
        self._clock = clock
        self._fault = fault

    version = "1"

    def changed(self, version: str) -> date | None:
        return None

    @property
    def clock(self) -> datetime | None:
        return self._clock

    @contextmanager
    def star(self, as_of: date, progress: Progress) -> Iterator[Star]:
        progress("opening", 0.1)
        if self._fault is not None:
            raise self._fault
        yield star(at(as_of.isoformat()), self.rows)


class Place:
    def __init__(self, folder: Path) -> None:
        self.results = Results(Storage(str(folder), "results"))
        self.job = Counted("job")
        self.told: list[str] = []
        self._clock = count(1)

    def shop(self, source: Source) -> Workshop:
        other = parts((self.job, ()), (Counted("other"), ()))
        return Workshop(lambda: source, other, self.results, "s", "me", lambda: next(self._clock))

    def perform(self, source: Source, **wanted: Any) -> Report:
        return perform(
            self.shop(source), Wanted(**wanted), lambda name: lambda what, _share: self.told.append(name)
        )

    def state(self) -> tuple[date | None, int, str | None, int]:
        """As-of of the current result, its content, the fault of the last attempt and how often it was tried."""
        found, attempt = self.results.read("job"), self.results.attempt("job")
        assert attempt is not None
        if found is None:
            return None, 0, attempt.fault, attempt.tries
        return found[0].basis.as_of, found[1]["counts"]["runs"][0].as_py(), attempt.fault, attempt.tries


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_run_is_as_of_the_last_midnight_of_the_clock(place: Place) -> None:
    report = place.perform(Fake())
    assert report.good
    assert report.as_of == date(2024, 5, 2)
    assert place.state() == (date(2024, 5, 2), 1, None, 1)
    assert place.told[0] == "star"
    assert set(place.told) == {"star", "job", "other"}


def test_the_star_is_not_made_where_nothing_is_to_do(place: Place) -> None:
    place.perform(Fake())
    report = place.perform(Fake(fault=SourceError("never asked")))
    assert [outcome.state for outcome in report.outcomes] == ["unchanged", "unchanged"]


def test_what_is_to_be_done_before_is_done_once_for_an_as_of(place: Place) -> None:
    asked: list[date] = []
    shop = place.shop(Fake())._replace(prepare=asked.append)
    for _ in range(2):
        perform(shop, Wanted(), lambda _name: lambda _what, _share: None)
    assert asked == [date(2024, 5, 2)]


def test_an_archive_that_cannot_be_read_leaves_the_last_result(place: Place) -> None:
    place.perform(Fake(), as_of=date(2024, 5, 1))
    for tries in (1, 2):
        with pytest.raises(SourceError, match=r"day=2024-05-01/x\.parquet is no Parquet"):
            place.perform(Fake(fault=SourceError("day=2024-05-01/x.parquet is no Parquet: restore it")))
        fault = "day=2024-05-01/x.parquet is no Parquet: restore it"
        assert place.state() == (date(2024, 5, 1), 1, fault, tries)
    place.perform(Fake())
    assert place.state() == (date(2024, 5, 2), 2, None, 3)


@pytest.mark.parametrize(
    ("rows", "as_of", "message"),
    [
        (FIRST, date(2024, 4, 30), "as of 2024-04-30 there is nothing yet: the first event is of 2024-04-30"),
        (FIRST, date(1970, 1, 1), "the first event"),
        ({}, date(2024, 5, 1), "no event is known before 2024-05-01"),
    ],
)
def test_before_the_first_event_nothing_is_said_and_nothing_lost(
    place: Place, rows: Mapping[str, Any], as_of: date, message: str
) -> None:
    place.perform(Fake())
    source = Fake()
    source.rows = rows
    with pytest.raises(AsOfError, match=message):
        place.perform(source, as_of=as_of)
    assert place.state() == (date(2024, 5, 2), 1, None, 1)


def test_a_day_that_is_not_over_is_refused() -> None:
    with pytest.raises(
        AsOfError, match=r"clock stands at 2024-05-02 12:00 UTC, so that 2024-05-02 is the latest"
    ):
        allowed(date(2024, 5, 3), NOON)
    with pytest.raises(AsOfError, match="clock has not begun"):
        allowed(None, None)
    assert allowed(None, NOON) == allowed(date(2024, 5, 2), NOON) == date(2024, 5, 2)
    assert allowed(None, at("2024-05-02")) == date(2024, 5, 2)


def test_two_runners_do_not_run(place: Place) -> None:
    with leased(place.results.storage, "somebody", lambda: 1), pytest.raises(HeldError, match="somebody"):
        place.perform(Fake())


def test_a_run_that_is_stopped_leaves_no_trace(place: Place) -> None:
    place.perform(Fake(), as_of=date(2024, 5, 1))

    def told(name: str) -> Progress:
        def stop(what: str, _share: float) -> None:
            if name == "job":
                raise StoppedError

        return stop

    with pytest.raises(StoppedError):
        perform(place.shop(Fake()), Wanted(), told)
    assert place.state() == (date(2024, 5, 1), 1, None, 1)
