"""Numbers as people read them."""

from console.shown.words import ago, day, minute, money, number, percent, plain, signed, title

DAY = 86_400_000


def test_numbers() -> None:
    assert [number(value) for value in (0, 1234.6, None)] == ["0", "1,235", "–"]
    assert number(12.345, 1) == "12.3"
    assert [percent(value) for value in (0.1234, 1, None)] == ["12.3 %", "100.0 %", "–"]
    assert [money(value) for value in (0, 9.5, 99.99, 100, -1234.5, None)] == [
        "0.00", "9.50", "99.99", "100", "-1,234", "–",
    ]  # fmt: skip


def test_signs_are_told_unless_there_is_nothing_left_after_rounding() -> None:
    assert [signed(value) for value in (1.5, -1.5, 0, 0.001, -0.001, None)] == [
        "+1.50", "−1.50", "0.00", "0.00", "0.00", "–",
    ]  # fmt: skip
    assert signed(-12_345.6, 0) == "−12,346"


def test_times() -> None:
    assert day(0) == day(None) == "–"
    assert day(DAY) == "1970-01-02"
    assert minute(DAY + 3_660_000) == "1970-01-02 01:01"
    assert [ago(DAY, DAY + passed) for passed in (0, 59 * 60_000, 3 * 3_600_000, 3 * DAY, -5)] == [
        "0 min ago", "59 min ago", "3 h ago", "3 days ago", "0 min ago",
    ]  # fmt: skip
    assert ago(None, DAY) == "–"


def test_names() -> None:
    assert plain("churn_rate") == "churn rate"
    assert title("churn_rate") == "Churn rate"
    assert title("") == ""
