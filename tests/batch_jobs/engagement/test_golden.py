"""Small histories, worked out by hand."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from batch_jobs.cohorts.days import number
from batch_jobs.engagement.engagement import Engagement
from batch_jobs.engagement.spans import covering, trailing
from batch_jobs.job import Tables
from domain.settings import FactSettings
from tests.batch_jobs.cohorts.lives import DAY_MS, FIRST, Day, Life, star_of

SETTINGS = FactSettings(inactivity_ms=3 * DAY_MS)


def on(day: str) -> int:
    """Days since the first of all lives."""
    return number(date.fromisoformat(day)) - number(FIRST)


def told(*lives: Life, as_of: str, settings: FactSettings = SETTINGS) -> Tables:
    return Engagement()(star_of(lives, on(as_of), settings), lambda _what, _share: None)


def rows(tables: Tables, name: str, *columns: str, **wanted: Any) -> list[tuple[Any, ...]]:
    wanted = {"dimension": "all", **wanted} if "dimension" in tables[name].column_names else wanted
    return [
        tuple(row[c] for c in columns)
        for row in tables[name].to_pylist()
        if all(row[key] == value for key, value in wanted.items())
    ]


def life(*days: str, **said: Any) -> Life:
    return Life({on(d): Day() for d in days}, **said)


def test_a_window_holds_a_user_once() -> None:
    found = told(life("2024-01-01", "2024-01-02", "2024-01-09"), life("2024-01-03"), as_of="2024-01-11")
    counts = rows(found, "activity", "dau", "wau", "mau")
    assert [dau for dau, _, _ in counts] == [1, 1, 1, 0, 0, 0, 0, 0, 1, 0]
    # a log of six days has no week: from the 7th on, the windows are 1 to 7, 2 to 8, 3 to 9 and 4 to 10 January
    assert [wau for _, wau, _ in counts] == [None] * 6 + [2, 2, 2, 1]
    assert {mau for _, _, mau in counts} == {None}


def test_a_month_has_thirty_days_and_stickiness_is_a_share_of_it() -> None:
    found = told(life("2024-01-01"), life("2024-01-30"), as_of="2024-02-01")
    last = rows(found, "activity", "day", "dau", "mau", "stickiness")[-2:]
    assert last == [(date(2024, 1, 30), 1, 2, 0.5), (date(2024, 1, 31), 0, 1, 0.0)]


def test_a_user_who_moves_counts_where_last_seen() -> None:
    lives = (Life({on("2024-01-01"): Day(platform="web"), on("2024-01-05"): Day(platform="ios")}),)
    found = told(*lives, as_of="2024-01-09")
    for value, wanted in (("web", []), ("ios", [(date(2024, 1, 7), 1), (date(2024, 1, 8), 1)])):
        counts = rows(found, "activity", "day", "wau", dimension="platform", value=value)
        assert [row for row in counts if row[1]] == wanted


def test_a_day_that_does_not_say_it_is_as_the_origin() -> None:
    found = told(life("2024-01-01", plan="free", channel="ads"), as_of="2024-01-02")
    assert rows(found, "activity", "dau", dimension="plan", value="free") == [(1,)]
    assert rows(found, "activity", "dau", dimension="channel", value="ads") == [(1,)]
    assert rows(found, "activity", "dau", dimension="geography", value="unknown") == [(1,)]


def test_minutes_and_sessions_of_active_users() -> None:
    days = [Day(sessions=2, session_ms=90_000, conversions=1), Day(sessions=1, session_ms=30_000)]
    found = told(*(Life({0: day}) for day in days), as_of="2024-01-02")
    columns = ("sessions_per_user", "minutes_per_user", "conversion")
    assert rows(found, "activity", *columns) == [(1.5, 1.0, 0.5)]


def test_growth_accounting_by_week() -> None:
    lives = (
        life("2024-01-01", "2024-01-08", "2024-01-15"),
        life("2024-01-02", "2024-01-16"),
        life("2024-01-09"),
    )
    found = told(*lives, as_of="2024-01-22")
    columns = ("start", "active", "new", "kept", "resurrected", "dormant", "quick_ratio")
    assert rows(found, "lifecycle", *columns, grain="week") == [
        (date(2024, 1, 8), 2, 1, 1, 0, 1, 1.0),
        (date(2024, 1, 15), 2, 0, 1, 1, 1, 1.0),
    ]


def test_a_week_that_the_log_has_seen_only_in_part_is_left_out() -> None:
    found = told(life("2024-01-03", "2024-01-10", "2024-01-17"), as_of="2024-01-24")
    assert rows(found, "lifecycle", "start", grain="week") == [(date(2024, 1, 15),)]
    assert rows(found, "conversion", "start", grain="week") == [(date(2024, 1, 8),), (date(2024, 1, 15),)]


def test_february_of_a_leap_year() -> None:
    found = told(life("2024-01-01", "2024-02-29"), life("2024-01-31", "2024-03-01"), as_of="2024-04-01")
    columns = ("start", "active", "kept", "resurrected", "dormant")
    assert rows(found, "lifecycle", *columns, grain="month") == [
        (date(2024, 2, 1), 1, 1, 0, 1),
        (date(2024, 3, 1), 1, 0, 1, 1),
    ]


def test_the_churn_rate_by_inactivity() -> None:
    """Windows as of 8 January are 2 to 4 and 5 to 7 January."""
    lives = (
        life("2024-01-01", "2024-01-02"),  # lost
        life("2024-01-04", "2024-01-05"),  # here
        life("2024-01-01"),  # active earlier only
        life("2024-01-06"),  # later only
        life("2024-01-04", "2024-01-08"),  # lost, as far as is known
    )
    found = told(*lives, as_of="2024-01-08")
    (row,) = rows(found, "churn", "users", "lost", "rate", "low", "high", definition="inactivity")
    assert row[:3] == (3, 2, 2 / 3)
    assert row[3:] == pytest.approx((0.20766, 0.93851), abs=1e-5)  # Wilson, worked out apart


def test_the_churn_rate_by_cancellation() -> None:
    """Subscribers at the beginning of 5 January, and who of them has cancelled before 8 January."""

    def plan(*days: tuple[str, Day], signup: str | None = None) -> Life:
        return Life({on(d): what for d, what in days}, None if signup is None else on(signup))

    pro, free, out = Day(plan="pro"), Day(plan="free"), Day(plan="pro", cancelled=True)
    lives = (
        plan(("2024-01-01", pro)),  # stays
        plan(("2024-01-01", pro), ("2024-01-05", out)),  # lost
        plan(("2024-01-02", pro), ("2024-01-04", free)),  # not any more
        plan(("2024-01-02", out), ("2024-01-04", pro)),  # cancelled: a plan alone does not bring back
        plan(("2024-01-01", out), ("2024-01-04", pro), signup="2024-01-03"),  # back by a signup
        plan(("2024-01-05", pro)),  # too late
        plan(("2024-01-02", Day(renewed=5))),  # who renews subscribes
    )
    found = told(*lives, as_of="2024-01-08")
    assert rows(found, "churn", "users", "lost", definition="cancellation") == [(4, 1)]
    pair = {"dimension": "channel", "second": "plan", "second_value": "pro"}
    assert rows(found, "churn", "users", "lost", definition="cancellation", **pair) == [(3, 1)]


def test_the_rate_says_nothing_before_both_windows_are_full() -> None:
    assert told(life("2024-01-02"), as_of="2024-01-07")["churn"].num_rows == 0
    assert told(life("2024-01-02"), as_of="2024-01-08")["churn"].num_rows > 0


def test_features_by_use() -> None:
    lives = (
        Life({0: Day(uses={"search": 1, "export": 5})}),
        Life({0: Day(uses={"search": 1}), 1: Day(uses={"search": 2})}),
        Life({2: Day()}),
    )
    found = told(*lives, as_of="2024-01-08")
    columns = ("rank", "feature", "users", "uses", "active", "adoption")
    assert rows(found, "features", *columns, grain="week") == [
        (1, "search", 2, 4, 3, 2 / 3),
        (2, "export", 1, 5, 3, 1 / 3),
    ]


def test_the_trial_is_judged_when_all_have_had_the_time() -> None:
    trial, pro = Day(trial=True), Day(plan="pro")
    lives = (
        Life({on("2024-01-01"): trial, on("2024-01-08"): pro}, on("2024-01-01")),
        Life({on("2024-01-07"): trial, on("2024-01-15"): pro}, on("2024-01-07")),
        Life({on("2024-01-02"): trial}, on("2024-01-02")),
    )
    for as_of, wanted in (("2024-01-15", (3, 1, 1)), ("2024-01-14", (3, 1, None)), ("2024-01-16", (3, 2, 1))):
        found = told(*lives, as_of=as_of)
        assert rows(found, "trials", "trials", "paid", "paid_7", grain="week") == [wanted]
    assert rows(found, "funnel", "users", "active", "trials", "paid", grain="week") == [(3, 3, 3, 2)]


@pytest.mark.parametrize("lives", [(), (life("2024-03-01"),)])
def test_before_the_first_event_nothing_is_said(lives: tuple[Life, ...]) -> None:
    assert {table.num_rows for table in told(*lives, as_of="2024-02-01").values()} == {0}


def test_what_is_read_anew_reaches_back_far_enough() -> None:
    lives = (
        life("2024-01-01", "2024-03-30"),  # away for a month: resurrected in March
        life("2024-01-01", "2024-02-01", "2024-03-31"),  # kept, from the first day to the last
        life("2024-01-01", "2024-02-02"),  # dormant in March
        life("2024-01-01", "2024-03-02"),  # of March's last 30 days but one
    )
    settings = FactSettings(inactivity_ms=30 * DAY_MS)
    last = told(*lives, as_of="2024-03-31", settings=settings)
    star = star_of(lives, on("2024-04-01"), settings)
    found = Engagement().refresh(star, last, date(2024, 3, 31), lambda _what, _share: None)
    whole = told(*lives, as_of="2024-04-01", settings=settings)
    assert all(found[name].equals(whole[name]) for name in whole)
    columns = ("active", "new", "kept", "resurrected", "dormant")
    assert rows(found, "lifecycle", *columns, grain="month", start=date(2024, 3, 1)) == [(3, 0, 1, 2, 1)]
    assert rows(found, "activity", "mau", day=date(2024, 3, 31)) == [(3,)]


def test_spans_cover_what_they_say() -> None:
    begins, ends, counts = np.array([1, 3, 8, 5]), np.array([4, 4, 9, 2]), np.array([1, 2, 5, 7])
    assert covering(begins, ends, counts, 2, 9).tolist() == [1, 3, 0, 0, 0, 0, 5, 0]
    assert trailing(np.array([0, 1, 9]), np.array([1, 8, 62]), np.ones(3, np.int64), 7, 0, 10).tolist() == [
        1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1
    ]  # fmt: skip
