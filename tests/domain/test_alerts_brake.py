"""The brake: events that stop coming, too many rises at once, and the operator."""

from collections.abc import Iterable

import pytest

from domain.brake import (
    HOUR_MS,
    HOURS,
    Brake,
    DamagedBrakeError,
    Rules,
    counted,
    decode,
    judged,
    operated,
    words,
)

RULES = Rules()
MONDAY = 1_699_833_600_000 // HOUR_MS
WEEK = 168


def a_week(per_hour: int = 1000, hours: Iterable[int] = range(WEEK)) -> Brake:
    """After a week with so many events in each hour."""
    brake = Brake()
    for hour in hours:
        brake = counted(brake, [(MONDAY + hour, per_hour)])
    return brake


def look(brake: Brake, hours: float, scored: int = 0, rises: int = 0, mark: int = 1) -> Brake:
    """Judged so many hours after the beginning of `a_week`."""
    return judged(brake, int((MONDAY + hours) * HOUR_MS), mark, scored, rises, RULES)


def test_usual_traffic_leaves_it_off() -> None:
    brake = a_week()
    for hour in range(WEEK, WEEK + 48):
        for quarter in range(4):
            brake = counted(brake, [(MONDAY + hour, 250)])
            brake = look(brake, hour + (quarter + 1) / 4 - 0.01)
            assert not brake.on


def test_a_pipe_that_stops_holds_within_the_hour_and_its_return_opens() -> None:
    brake = look(counted(a_week(), [(MONDAY + WEEK, 1000)]), WEEK + 0.999)
    assert not brake.on
    brake = look(brake, WEEK + 1.75)
    assert not brake.on  # a quarter of the hour before still counts
    brake = look(brake, WEEK + 1.85)
    assert (brake.on, brake.cause, brake.since) == (True, "events", int((MONDAY + WEEK + 1.85) * HOUR_MS))
    assert "pipe" in words(brake)
    brake = look(counted(brake, [(MONDAY + WEEK + 2, 450)]), WEEK + 2.99)
    assert brake.on  # more than a fifth, less than half
    brake = look(counted(brake, [(MONDAY + WEEK + 2, 100)]), WEEK + 2.995)
    assert (brake.on, brake.cause) == (False, "")


def test_few_events_a_week_ago_prove_nothing() -> None:
    assert not look(a_week(per_hour=99), WEEK + 5.5).on
    assert look(a_week(per_hour=101), WEEK + 5.5).on


def test_the_first_week_has_nothing_to_compare_with() -> None:
    brake = a_week(hours=range(WEEK // 2))
    assert not look(brake, WEEK - 3).on


def test_nights_are_compared_with_nights() -> None:
    brake = Brake()
    for hour in range(2 * WEEK):
        brake = counted(brake, [(MONDAY + hour, 10 if hour % 24 < 8 else 5000)])
        brake = look(brake, hour + 0.99)
        assert not brake.on


def test_more_than_a_twentieth_that_rise_at_one_mark_hold_for_an_hour() -> None:
    calm = look(Brake(), 0, scored=500, rises=25)
    assert not calm.on
    storm = look(calm, 0.001, scored=100, rises=6)
    assert (storm.on, storm.cause) == (True, "rises")
    assert words(storm) == "31 of 600 users rose at one mark"
    quiet = look(storm, 0.9, mark=2, scored=500)
    assert quiet.on
    assert not look(quiet, 1.01, mark=3, scored=500).on


def test_rises_at_several_marks_are_not_added_up_and_a_few_users_are_no_storm() -> None:
    brake = Brake()
    for mark in range(10):
        brake = look(brake, mark / 100, scored=20, rises=19, mark=mark)
        assert not brake.on


def test_an_operator_opens_for_a_day_and_holds_for_as_long_as_it_takes() -> None:
    storm = look(Brake(), 0, scored=500, rises=400)
    opened = operated(storm, "open", MONDAY * HOUR_MS, RULES)
    assert not opened.on
    assert not look(opened, 23.9, scored=500, rises=400, mark=2).on
    assert look(opened, 24.1, scored=500, rises=400, mark=3).on
    assert operated(opened, "hold", MONDAY * HOUR_MS, RULES) == opened  # an older command, read again
    held = operated(opened, "hold", MONDAY * HOUR_MS + 1, RULES)
    assert look(held, 1000).on
    assert words(look(held, 1000)) == "held by an operator"
    assert not operated(held, "open", MONDAY * HOUR_MS + 2, RULES).on


def test_it_comes_back_from_the_store_and_counts_on() -> None:
    brake = look(a_week(), WEEK, scored=5, rises=3, mark=9)
    again = decode(brake.encode())
    assert again == brake
    assert decode(None) == Brake()
    assert look(again, WEEK + 2.5).on


@pytest.mark.parametrize("stored", [b"", b"x", b"\xc0", Brake().encode()[:-3], Brake(counts=(1, 2)).encode()])
def test_a_damaged_state_is_refused(stored: bytes) -> None:
    with pytest.raises(DamagedBrakeError):
        decode(stored)


def test_hours_that_were_jumped_over_count_as_empty_and_old_ones_are_forgotten() -> None:
    brake = counted(a_week(per_hour=7), [(MONDAY + WEEK + 100, 5)])
    kept = [brake.counts[h % HOURS] for h in range(MONDAY + WEEK + 100 - HOURS + 1, MONDAY + WEEK + 101)]
    assert kept == [7] * 91 + [0] * 100 + [5]
    assert counted(brake, [(MONDAY, 3)]).counts == brake.counts
    assert sum(counted(brake, [(MONDAY + 3 * WEEK, 1)]).counts) == 1
