"""From day to day as from all users at once."""

from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_jobs.job import Tables
from batch_jobs.star import news, people
from batch_jobs.star.star import Star
from batch_jobs.survival.job import Survival
from batch_jobs.survival.options import Options, Prevalent
from domain.settings import ChurnDefinition, FactSettings
from tests.batch_jobs.star.archives import Archive, day
from tests.batch_jobs.star.goingon import along, opened
from tests.batch_jobs.star.happened import DAY, MONDAY, Happened
from tests.batch_jobs.star.test_star import CHURNS


def quiet(what: str, share: float) -> None:
    assert 0 <= share <= 1, what


@settings(deadline=None, max_examples=1)
@given(
    st.integers(0, 2**32),
    st.sampled_from(CHURNS),
    st.sampled_from(["exclude", "late"]),
    st.sampled_from([10 * DAY, 5 * DAY + DAY // 2]),
)
def test_as_from_all_users(seed: int, churn: ChurnDefinition, prevalent: Prevalent, inactivity: int) -> None:
    job = Survival(
        Options(landmarks=(2, 7), least_users=1, least_events=2, prevalent=prevalent, milestones=(3, 30))
    )

    def go_on(star: Star, last: Tables, since: date) -> Tables:
        return job.refresh(star, last, since, quiet)

    facts = FactSettings(churn=churn, inactivity_ms=inactivity, allowed_lateness_ms=20 * DAY)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(news, "_MOST", 0)
        told = along(
            Path(folder), Random(seed), facts, lambda star: job(star, quiet), go_on, users=25, steps=4
        )
        assert told, "nothing was gone on from"


def happened(user: str, days: float, number: int, kind: str) -> Happened:
    return Happened(user, MONDAY + int(days * DAY), kind, f"e{number}", 0, number, {})


def from_day_to_day(
    folder: Path, facts: FactSettings, parts: list[tuple[int, list[Happened]]], since: dict[int, int]
) -> list[bool]:
    """Hold runs at the ends of days against runs from all users; whether it was known what is new, of each.

    Args:
        since: by end, the first day that has changed, where that is not the former end.
    """
    job = Survival(Options(landmarks=(7,), least_users=1))
    archive, last, before, told = Archive(folder, facts), None, 0, []
    for end, events in parts:
        archive.add(events)
        as_of = day(MONDAY + end * DAY)
        archive.refresh(as_of)
        with opened(archive, as_of) as (star, said):
            expected = job(star, quiet)
            if last is not None:
                found = job.refresh(star, last, day(MONDAY + since.get(end, before) * DAY), quiet)
                assert {name: found[name].equals(table) for name, table in expected.items()} == dict.fromkeys(
                    expected, True
                )
                told.append(said[0] is not None)
            last, before = expected, end
    return told


@pytest.fixture
def _patched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "_MOST", 0)
    monkeypatch.setattr(people, "_SHARE", 0)


@pytest.mark.usefixtures("_patched")
def test_first_days_go_on_until_the_landmark_and_late_ones_count(tmp_path: Path) -> None:
    parts = [
        (1, [happened("ann", 0.1, 0, "signup"), happened("ann", 0.2, 1, "session_start")]),
        (3, [happened("ann", 2.1, 2, "session_start"), happened("bob", 2.2, 3, "signup")]),
        (9, [happened("ann", 8.1, 4, "purchase")]),
        (10, [happened("ann", 1.5, 5, "session_start"), happened("bob", 9.1, 6, "session_start")]),
    ]
    facts = FactSettings(allowed_lateness_ms=20 * DAY)
    assert from_day_to_day(tmp_path, facts, parts, {10: 1}) == [True] * 3


@pytest.mark.usefixtures("_patched")
def test_a_silence_before_a_cancellation_is_known_to_be_one_later(tmp_path: Path) -> None:
    parts = [
        (6, [happened("ann", 0.1, 0, "signup"), happened("ann", 3.1, 1, "session_start")]),
        (7, [happened("ann", 6.1, 2, "cancellation"), happened("bob", 6.2, 3, "signup")]),
        (9, [happened("bob", 8.2, 4, "session_start")]),
        (15, [happened("bob", 14.2, 5, "session_start")]),
    ]
    facts = FactSettings(churn="either", inactivity_ms=10 * DAY, allowed_lateness_ms=20 * DAY)
    assert from_day_to_day(tmp_path, facts, parts, {}) == [True] * 3
