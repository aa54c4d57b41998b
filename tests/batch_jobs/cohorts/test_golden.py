"""Small histories, worked out by hand."""

from datetime import date
from typing import Any

import pytest

from batch_jobs.cohorts.days import number
from batch_jobs.cohorts.matrix import matrix
from batch_jobs.cohorts.retention import Retention
from batch_jobs.cohorts.slices import EVERYBODY, Slice
from batch_jobs.job import Tables
from domain.settings import FactSettings
from tests.batch_jobs.cohorts.lives import DAY_MS, FIRST, Day, Life, star_of

SETTINGS = FactSettings(inactivity_ms=3 * DAY_MS)


def on(day: str) -> int:
    """Days since the first of all lives."""
    return number(date.fromisoformat(day)) - number(FIRST)


def life(signup: str | None, *days: str, hour: int = 12, **said: Any) -> Life:
    return Life({on(d): Day() for d in days}, None if signup is None else on(signup), hour=hour, **said)


def told(*lives: Life, as_of: str) -> Tables:
    return Retention()(star_of(lives, on(as_of), SETTINGS), lambda _what, _share: None)


def cells(
    tables: Tables, grain: Any, kind: str = "classic", piece: Slice = EVERYBODY
) -> list[tuple[Any, ...]]:
    return [(row["cohort"], row["size"], row["retained"]) for row in matrix(tables, grain, kind, piece)]


def test_a_day_of_a_leap_year_is_a_day() -> None:
    found = told(
        life("2024-02-28", "2024-02-28", "2024-02-29", "2024-03-01"),
        life("2024-02-28", "2024-03-01"),
        life("2024-02-29", "2024-03-01"),
        as_of="2024-03-02",
    )
    assert cells(found, "day") == [("2024-02-28", 2, [1, 1, 2]), ("2024-02-29", 1, [0, 1, None])]
    assert [row["periods"] for row in matrix(found, "day")] == [[0.5, 0.5, 1.0], [0.0, 1.0, None]]
    assert cells(found, "week") == [("2024-02-26", 3, [])]  # no week has passed since
    assert cells(found, "month") == [("2024-02-01", 3, [])]


def test_days_are_those_of_utc_when_clocks_change() -> None:
    # Berlin's clocks went on at 01:00 UTC of 31 March 2024; 23:00 UTC is the next day there
    found = told(life("2024-03-30", "2024-03-30", "2024-03-31", hour=23), as_of="2024-04-02")
    assert cells(found, "day") == [("2024-03-30", 1, [1, 1, 0])]


def test_a_week_is_ripe_when_the_newest_member_has_passed_it() -> None:
    lives = (
        life("2024-01-01", "2024-01-01", "2024-01-08"),
        life("2024-01-03", "2024-01-09", "2024-01-10"),
    )
    assert cells(told(*lives, as_of="2024-01-09"), "week") == [("2024-01-01", 2, [])]
    # the days of the second member's week 0 are 3 to 9 January
    assert cells(told(*lives, as_of="2024-01-10"), "week") == [("2024-01-01", 2, [2])]
    assert cells(told(*lives, as_of="2024-01-16"), "week") == [("2024-01-01", 2, [2])]
    assert cells(told(*lives, as_of="2024-01-17"), "week") == [("2024-01-01", 2, [2, 2])]


def test_a_month_of_thirty_days_waits_for_the_end_of_a_longer_month() -> None:
    lives = (life("2024-01-01", "2024-01-01"),)
    assert cells(told(*lives, as_of="2024-01-31"), "month") == [("2024-01-01", 1, [])]
    assert cells(told(*lives, as_of="2024-02-01"), "month") == [("2024-01-01", 1, [1])]


def test_unbounded_waits_for_the_silence_that_makes_a_loss() -> None:
    lives = (
        life("2024-01-01", "2024-01-01", "2024-01-04"),
        life("2024-01-01", "2024-01-02"),
        life("2024-01-01"),
    )
    found = told(*lives, as_of="2024-01-07")
    assert cells(found, "day") == [("2024-01-01", 3, [1, 1, 0, 1, 0, 0])]
    assert cells(found, "day", "unbounded") == [
        ("2024-01-01", 3, [2, 2, 1])
    ]  # 0, 1, 2 and three days of silence


def test_users_who_sign_up_and_never_come_are_members() -> None:
    found = told(life("2024-01-01"), as_of="2024-01-04")
    assert cells(found, "day") == [("2024-01-01", 1, [0, 0, 0])]


def test_activity_before_the_signup_counts_for_no_period() -> None:
    found = told(life("2024-01-05", "2024-01-01", "2024-01-04", "2024-01-06"), as_of="2024-01-08")
    assert cells(found, "day") == [("2024-01-05", 1, [0, 1, 0])]


def test_who_was_there_when_the_log_begins_is_in_no_cohort() -> None:
    lives = (
        life(None, "2024-01-01", "2024-01-09"),  # the log begins
        life(None, "2024-01-03"),  # within three days
        life("2024-01-02", "2024-01-02"),
        life(None, "2024-01-04", "2024-01-05"),  # three days after
    )
    found = told(*lives, as_of="2024-01-06")
    assert cells(found, "day") == [("2024-01-02", 1, [1, 0, 0, 0]), ("2024-01-04", 1, [1, 1, None, None])]
    assert found["members"].to_pylist() == [
        {"kind": "signed_up", "users": 1},
        {"kind": "first_seen", "users": 1},
        {"kind": "prevalent", "users": 2},
    ]


def test_a_signup_that_follows_moves_the_user_to_its_cohort() -> None:
    lives = (life(None, "2024-01-01"), life("2024-01-08", "2024-01-05", "2024-01-08"))
    early, late = (star_of(lives, on(as_of), SETTINGS) for as_of in ("2024-01-08", "2024-01-09"))
    before = Retention()(early, lambda _what, _share: None)
    assert cells(before, "day") == [("2024-01-05", 1, [1, 0, 0])]
    after = Retention().refresh(late, before, date(2024, 1, 8), lambda _what, _share: None)
    assert cells(after, "day") == [("2024-01-08", 1, [1])]


def test_a_cohort_that_loses_a_member_is_counted_anew() -> None:
    lives = (
        life(None, "2024-01-01"),
        life("2024-01-08", "2024-01-05", "2024-01-06", "2024-01-08"),
        life(None, "2024-01-05"),
    )
    early, late = (star_of(lives, on(as_of), SETTINGS) for as_of in ("2024-01-08", "2024-01-09"))
    before = Retention()(early, lambda _what, _share: None)
    assert cells(before, "day") == [("2024-01-05", 2, [2, 1, 0])]
    after = Retention().refresh(late, before, date(2024, 1, 8), lambda _what, _share: None)
    assert cells(after, "day") == [("2024-01-05", 1, [1, 0, 0, 0]), ("2024-01-08", 1, [1, None, None, None])]


def test_who_comes_twice_in_a_period_counts_once() -> None:
    found = told(life("2024-01-01", "2024-01-08", "2024-01-09", "2024-01-14"), as_of="2024-01-15")
    assert cells(found, "week") == [("2024-01-01", 1, [0, 1])]


def test_a_late_event_changes_the_day_that_it_is_of() -> None:
    lives = [life("2024-01-01", "2024-01-01")]
    last = Retention()(star_of(lives, on("2024-01-04"), SETTINGS), lambda _what, _share: None)
    assert cells(last, "day") == [("2024-01-01", 1, [1, 0, 0])]
    lives[0].days[on("2024-01-03")] = Day()
    star = star_of(lives, on("2024-01-05"), SETTINGS)
    found = Retention().refresh(star, last, date(2024, 1, 3), lambda _what, _share: None)
    assert cells(found, "day") == [("2024-01-01", 1, [1, 0, 1, 0])]


@pytest.mark.parametrize("lives", [(), (life("2024-03-01", "2024-03-01"),)])
def test_before_the_first_event_nothing_is_said(lives: tuple[Life, ...]) -> None:
    found = told(*lives, as_of="2024-02-01")
    assert [table.num_rows for name, table in found.items() if name != "members"] == [0] * 6
    assert [row["users"] for row in found["members"].to_pylist()] == [0, 0, 0]


def test_a_dimension_that_nobody_has_named_is_unknown() -> None:
    found = told(life("2024-01-01", "2024-01-01"), life("2024-01-01", channel="ads"), as_of="2024-01-03")
    assert cells(found, "day", piece=Slice("plan", "unknown")) == [
        ("2024-01-01", 2, [None, 0])
    ]  # marked: day 1
    assert cells(found, "day", piece=Slice("channel", "ads")) == [("2024-01-01", 1, [None, 0])]
    pair = Slice("channel", "ads", "plan", "unknown")
    assert [row["size"] for row in matrix(found, "week", "classic", pair)] == [1]


def test_money_against_the_first_period() -> None:
    """Three users pay 100, 50 and nothing in their first week; in the second 150, 20, and 80."""

    def payer(first: Day | None, second: Day) -> Life:
        return Life({on("2024-01-02"): first or Day(), on("2024-01-10"): second}, on("2024-01-01"))

    lives = (
        payer(Day(spent=120, refunded=20), Day(renewed=150)),
        payer(Day(renewed=50), Day(spent=20)),
        payer(None, Day(spent=80)),
    )
    found = told(*lives, as_of="2024-01-15")
    rows = [
        r for r in found["money_retention"].to_pylist() if r["dimension"] == "all" and r["grain"] == "week"
    ]
    first, second = rows
    assert (first["payers"], first["base"], first["paying"], first["net"], first["gross"]) == (
        2,
        150,
        2,
        1.0,
        1.0,
    )
    assert (second["revenue"], second["kept"], second["paying"]) == (170, 120, 2)  # 150 + 20, 100 + 20
    assert (second["net"], second["gross"]) == (170 / 150, 0.8)


def test_a_refund_that_exceeds_what_is_paid_counts_against_both() -> None:
    days = {on("2024-01-01"): Day(spent=100), on("2024-01-09"): Day(refunded=30)}
    found = told(Life(days, on("2024-01-01")), as_of="2024-01-15")
    weeks = [
        r for r in found["money_retention"].to_pylist() if r["grain"] == "week" and r["dimension"] == "all"
    ]
    assert [(r["period"], r["net"], r["gross"], r["paying"]) for r in weeks] == [
        (0, 1, 1, 1),
        (1, -0.3, -0.3, 0),
    ]


def test_the_mean_over_cohorts_is_weighted_and_leaves_out_who_is_too_young() -> None:
    lives = (
        life("2024-01-01", "2024-01-02"),
        life("2024-01-01"),
        life("2024-01-01"),
        life("2024-01-02", "2024-01-03"),
        life("2024-01-03"),
    )
    found = told(*lives, as_of="2024-01-04")
    curve = {
        row["period"]: (row["cohorts"], row["size"], row["retained"], row["ratio"])
        for row in found["retention_curve"].to_pylist()
        if (row["grain"], row["kind"], row["dimension"]) == ("day", "classic", "all")
    }
    assert curve == {0: (3, 5, 0, 0.0), 1: (2, 4, 2, 0.5), 2: (1, 3, 0, 0.0)}


def test_nothing_changes_when_nothing_has_happened() -> None:
    lives = (life("2024-01-01", "2024-01-01", "2024-01-09"), life("2024-01-20", "2024-01-20"))
    star = star_of(lives, on("2024-03-01"), SETTINGS)
    last = Retention()(star, lambda _what, _share: None)
    again = Retention().refresh(star, last, date(2024, 3, 1), lambda _what, _share: None)
    assert all(last[name].equals(again[name]) for name in last)
