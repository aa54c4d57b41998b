"""Times, texts and numbers as files write them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import MAX_TIME_MS, MIN_TIME_MS
from producers.replay.rows import RejectedRowError
from producers.replay.times import Times
from producers.replay.values import exact, text, whole

MOMENT = 1_291_191_960_000  # 2010-12-01 08:26 UTC
READ = Times()


@pytest.mark.parametrize(
    "value",
    [
        "2010-12-01 08:26:00", " 2010-12-01T08:26Z ", "2010-12-01T09:26:00+01:00", "20101201T082600",
        "2010-12-01 08:26:00.000999", "1 December 2010 08:26", "Wed, 01 Dec 2010 08:26:00 +0000",
        "2010/12/01 08:26", "1291191960", "1291191960000", "1291191960000000", "1291191960000000000",
        1291191960, 1291191960.0, 1291191960000, 1291191960000.0, Decimal("1291191960.0004"),
        datetime(2010, 12, 1, 8, 26), datetime(2010, 12, 1, 8, 26, tzinfo=UTC),  # noqa: DTZ001 meant
        datetime(2010, 12, 1, 3, 26, tzinfo=timezone(timedelta(hours=-5))),
    ],
)  # fmt: skip
def test_one_moment_in_many_spellings(value: object) -> None:
    assert READ(value) == MOMENT


def test_a_date_is_its_midnight() -> None:
    assert READ(date(2010, 12, 1)) == READ("2010-12-01") == READ("20101201") == MOMENT - 30_360_000


def test_milliseconds_of_seconds_are_exact() -> None:
    assert READ(1541105830.791) == READ("1541105830.791") == 1541105830791


@given(st.integers(MIN_TIME_MS, MAX_TIME_MS - 1))
def test_every_unit_means_the_same_moment(moment: int) -> None:
    assert READ(moment) == READ(str(moment)) == READ(moment * 1000) == READ(moment * 1_000_000) == moment
    assert READ(moment // 1000) == moment // 1000 * 1000


@pytest.mark.parametrize(
    "value",
    [
        "", "soon", "10:00", "Dec", "2010-13-01", "1999-12-31", "2090-01-01", "0", "-5", 5, 5.5, -1, True, None,
        float("nan"), float("inf"), b"2010-12-01", "9" * 400, "0001-01-01", "9999-12-31T23:59:59-23:00", "NaT 2010",
    ],
)  # fmt: skip
def test_what_is_no_time_is_rejected(value: object) -> None:
    with pytest.raises(RejectedRowError, match="bad_time"):
        READ(value)


@pytest.mark.parametrize("value", ["3/4/2011 10:00", "13/12/2010", "12-01-2010", "1.2.10"])
def test_day_or_month_first_is_not_guessed(value: str) -> None:
    with pytest.raises(RejectedRowError, match="ambiguous_time"):
        READ(value)


def test_a_pattern_decides_and_nothing_else_is_tried() -> None:
    read = Times(pattern="%d/%m/%Y %H:%M")
    assert read("01/12/2010 08:26") == MOMENT
    with pytest.raises(RejectedRowError, match="bad_time"):
        read("2010-12-01 08:26")


def test_the_zone_is_for_times_without_one() -> None:
    read = Times(ZoneInfo("Europe/London"))
    assert read("2011-07-01 12:00") == READ("2011-07-01 11:00")
    assert read("2011-07-01 12:00+00:00") == READ("2011-07-01 12:00")
    assert read("2011-10-30 01:30") == READ("2011-10-30 00:30")  # comes twice: the first


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (" a ", "a"), ("", None), ("  ", None), (None, None), (float("nan"), None), (17850.0, "17850"),
        (1.5, "1.5"), (7, "7"), (b"x", "x"), ("17850.0", "17850.0"),
    ],
)  # fmt: skip
def test_text(value: object, wanted: str | None) -> None:
    assert text(value) == wanted


def test_bytes_that_are_no_text_are_rejected() -> None:
    with pytest.raises(RejectedRowError, match="bad_text"):
        text(b"\xff")


@pytest.mark.parametrize("value", ["1_000", "1,000", "nan", "inf", "x", "1e", float("inf")])
def test_what_is_no_number_is_rejected(value: object) -> None:
    with pytest.raises(RejectedRowError, match="bad_amount"):
        exact(value, "bad_amount")


@pytest.mark.parametrize(
    ("value", "wanted"), [("6", 6), ("6.0", 6), (6.0, 6), ("-3", -3), ("", None), ("1e3", 1000)]
)
def test_whole_numbers(value: object, wanted: int | None) -> None:
    assert whole(value, "bad_quantity") == wanted


@pytest.mark.parametrize("value", ["1.5", 0.1, "1e400000000"])
def test_what_is_not_whole_is_rejected(value: object) -> None:
    with pytest.raises(RejectedRowError, match="bad_quantity"):
        whole(value, "bad_quantity")
