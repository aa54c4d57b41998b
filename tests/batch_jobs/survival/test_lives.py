"""Lives, worked out by hand."""

from dataclasses import replace
from datetime import date
from typing import Any

import ibis
import pytest

from batch_jobs.star.star import Star
from batch_jobs.survival.lives import last_known_day, lives
from batch_jobs.survival.options import Options, Prevalent
from domain.settings import ChurnDefinition, FactSettings
from tests.batch_jobs.survival.stars import Person, at, star_of

DAY = 86_400_000


def rows(star: Star, prevalent: Prevalent = "exclude") -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = star.engine.to_pyarrow(lives(star, prevalent).order_by("user")).to_pylist()
    return table


def view(star: Star, name: str = "passage", prevalent: Prevalent = "exclude") -> list[tuple[str, int, bool]]:
    return [
        (row[f"{name}_status"], row[f"{name}_duration"], row[f"{name}_event"])
        for row in rows(star, prevalent)
    ]


def test_days_are_counted_over_the_leap_day() -> None:
    people = [
        Person(at("2024-02-28 23:59"), (at("2024-02-28 23:59"),)),  # lost on 29 March: the 30th day
        Person(at("2023-02-28 23:59"), (at("2023-02-28 23:59"),)),  # lost on 30 March: the 30th day, too
    ]
    assert view(star_of(people, at("2024-06-01"))) == [("included", 30, True), ("included", 30, True)]
    assert rows(star_of(people, at("2024-06-01")))[0]["lost"] == date(2024, 3, 29)


def test_a_loss_on_the_last_known_day_counts_and_one_at_the_as_of_does_not() -> None:
    known = star_of(
        [Person(at("2024-01-01"))], at("2024-02-01")
    )  # lost at 31 January 00:00, the last known day
    assert view(known) == [("included", 30, True)]
    at_the_as_of = star_of([Person(at("2024-01-01"))], at("2024-01-31"))
    assert view(at_the_as_of) == [("included", 29, False)]


def test_a_user_without_sessions_is_lost_an_inactivity_period_after_the_signup() -> None:
    assert view(star_of([Person(at("2024-01-10 12:00"))], at("2024-03-01"))) == [("included", 30, True)]


def test_a_user_of_the_last_day_is_followed_for_that_day() -> None:
    assert view(star_of([Person(at("2024-02-29 23:00"))], at("2024-03-01"))) == [("included", 0, False)]


def test_a_return_does_not_undo_the_loss() -> None:
    person = Person(at("2024-01-01 08:00"), (at("2024-01-01 08:00"), at("2024-03-01 08:00")))
    (row,) = rows(star_of([person], at("2024-03-02")))
    assert (row["passage_duration"], row["passage_event"]) == (30, True)
    assert (row["lost"], row["returned"]) == (date(2024, 1, 31), date(2024, 3, 1))


def test_an_onset_is_the_last_session_and_is_known_an_inactivity_period_later() -> None:
    gone = Person(at("2024-01-01 08:00"), (at("2024-01-11 08:00"),))
    just_gone = Person(at("2024-01-01 08:00"), (at("2024-01-31 07:00"),))
    late = Person(at("2024-02-10 08:00"), (at("2024-02-10 08:00"),))
    star = star_of([gone, just_gone, late], at("2024-03-01"))
    assert last_known_day(star, "onset") == date(2024, 1, 30)
    assert view(star, "onset")[:2] == [("included", 10, True), ("included", 29, False)]
    assert view(star, "onset")[2][0] == "too young"
    assert view(star)[:2] == [("included", 40, True), ("included", 59, False)]


def test_an_onset_on_a_day_of_which_only_a_part_is_known_is_not_counted() -> None:
    settings = FactSettings(inactivity_ms=30 * DAY + DAY // 2)
    morning = Person(at("2024-01-01"), (at("2024-01-30 06:00"),))
    star = star_of([morning], at("2024-03-01"), settings)
    assert last_known_day(star, "onset") == date(2024, 1, 29)
    assert view(star) == [("included", 59, True)]
    assert view(star, "onset") == [("included", 28, False)]


@pytest.mark.parametrize(
    ("churn", "expected"),
    [
        ("inactivity", [("included", 39, True), ("included", 30, True)]),
        ("cancellation", [("included", 20, True), ("included", 121, False)]),
        ("either", [("included", 20, True), ("included", 30, True)]),
    ],
)
def test_losses_are_what_the_setting_says(
    churn: ChurnDefinition, expected: list[tuple[str, int, bool]]
) -> None:
    cancels = Person(at("2024-01-01 10:00"), (at("2024-01-10 10:00"),), cancelled=at("2024-01-21 11:00"))
    silent = Person(at("2024-01-01 10:00"))
    assert view(star_of([cancels, silent], at("2024-05-02"), FactSettings(churn=churn))) == expected


def test_users_of_the_first_inactivity_period_without_a_signup_are_prevalent() -> None:
    begins = at("2024-01-01 06:00")
    people = [
        Person(None, (begins, at("2024-01-20"), at("2024-02-10"))),  # lost on 11 March
        Person(None, (at("2024-01-31 05:59"),)),
        Person(None, (at("2024-01-31 06:00"),)),  # not in the first period any more
        Person(at("2024-01-05"), (at("2024-01-05"),)),  # the signup says when it began
    ]
    star = star_of(people, at("2024-04-01"))
    assert [status for status, *_ in view(star)] == ["prevalent", "prevalent", "included", "included"]
    late = rows(star, "late")
    assert [row["passage_status"] for row in late] == ["included"] * 4
    assert [row["entry"] for row in late] == [30, 1, 0, 0]


def test_who_is_lost_before_the_origin_is_told_apart() -> None:
    star = star_of([Person(at("2024-01-01"))], at("2024-06-01"))
    early = replace(star, users=star.users.mutate(lost=ibis.literal(at("2023-12-31"))))
    assert view(early)[0][0] == "lost before the origin"


def test_a_loss_that_the_star_knows_too_early_is_not_known() -> None:
    star = star_of([Person(at("2024-01-01"), (at("2024-01-20"),))], at("2024-02-01"))
    at_the_as_of = replace(star, users=star.users.mutate(lost=ibis.literal(at("2024-02-01"))))
    assert view(at_the_as_of) == view(star) == [("included", 30, False)]


def test_options_out_of_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1, not 0"):
        Options(alpha=0.0)
    with pytest.raises(ValueError, match="days from 1 on"):
        Options(landmarks=(0,))
    with pytest.raises(ValueError, match="least_users must be at least 1"):
        Options(least_users=0)
