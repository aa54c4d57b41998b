"""Engagement as pictures and tables."""

from typing import Any

from console.shown import engagement

DAYS: list[dict[str, Any]] = [
    {
        "day": "2024-01-01", "dau": 10, "wau": None, "mau": None, "stickiness": None, "sessions_per_user": 1.5,
        "minutes_per_user": 5.04, "conversion": None, "second": "",
    },
    {
        "day": "2024-01-02", "dau": 12, "wau": 1500, "mau": 3000, "stickiness": 0.004, "sessions_per_user": 1.0,
        "minutes_per_user": 4.0, "conversion": 0.25, "second": "",
    },
]  # fmt: skip


def test_a_window_that_is_not_over_is_not_drawn() -> None:
    lines = {one["name"]: one["data"] for one in engagement.active(DAYS)["series"]}
    assert lines == {
        "30 days": [["2024-01-02", 3000]],
        "7 days": [["2024-01-02", 1500]],
        "Day": [["2024-01-01", 10], ["2024-01-02", 12]],
    }
    assert engagement.stickiness(DAYS)["series"][0]["data"] == [["2024-01-02", 0.4]]


def test_the_last_day_comes_first_in_tables_and_stands_in_the_tiles() -> None:
    assert engagement.active_rows(DAYS) == [
        ("2024-01-02", "12", "1,500", "3,000", "0.4 %", "1.00", "4.0", "25.0 %"),
        ("2024-01-01", "10", "–", "–", "–", "1.50", "5.0", "–"),
    ]
    assert engagement.latest(DAYS)[1] == ("Active in 7 days", "1,500", "until 2024-01-02")
    assert engagement.latest([]) == []


def test_who_is_gone_stands_below_the_line() -> None:
    row = {
        "start": "2024-01-01", "active": 9, "new": 2, "kept": 4, "resurrected": 3, "dormant": 5,
        "quick_ratio": None,
    }  # fmt: skip
    drawn = engagement.lifecycle([row], "week")
    assert {bar["name"]: bar["data"] for bar in drawn["series"]} == {
        "Kept": [4], "New": [2], "Resurrected": [3], "Dormant": [-5],
    }  # fmt: skip
    assert engagement.lifecycle_rows([row], "week") == [("2024-01-01", "9", "2", "4", "3", "5", "–")]


def test_only_the_last_periods_are_shown() -> None:
    rows = [{"start": str(n), "active": n, "converted": 0, "conversion": 0.0} for n in range(30)]
    told = engagement.conversion_rows(rows, "month")
    assert (len(told), told[0][0], told[-1][0]) == (24, "29", "6")


def rate(at: str, dimension: str, value: str, lost: int, second: str = "") -> dict[str, Any]:
    return {
        "at": at, "definition": "inactivity", "dimension": dimension, "value": value, "second": second,
        "users": 100, "lost": lost, "rate": lost / 100, "low": 0.0, "high": 0.5,
    }  # fmt: skip


def test_churn_by_group_is_of_the_last_day_without_pairs() -> None:
    rows = [
        rate("2024-01-01", "plan", "pro", 90),
        rate("2024-01-08", "all", "all", 50),
        rate("2024-01-08", "plan", "pro", 5),
        rate("2024-01-08", "plan", "free", 7),
        rate("2024-01-08", "plan", "free", 99, second="platform"),
    ]
    assert engagement.churn_by_group(rows) == [
        ("plan: free", "100", "7", "7.0 % (0.0 to 50.0)"),
        ("plan: pro", "100", "5", "5.0 % (0.0 to 50.0)"),
    ]
    assert engagement.churn_by_group([]) == []
    assert engagement.definitions(rows) == {"inactivity": "Silent for too long"}


def test_churn_with_its_limits() -> None:
    rows = [rate("2024-01-01", "all", "all", 10), rate("2024-01-08", "all", "all", 20)]
    points, low, width = engagement.churn(rows)["series"]
    assert points["data"] == [["2024-01-01", 10.0], ["2024-01-08", 20.0]]
    assert low["data"][0] == ["2024-01-01", 0.0]
    assert width["data"][0] == ["2024-01-01", 50.0]
    assert engagement.churn_rows(rows)[0] == ("2024-01-08", "100", "20", "20.0 % (0.0 to 50.0)")


def test_features_by_rank() -> None:
    row = {"rank": 2, "feature": "b", "category": None, "users": 5, "uses": 1200, "adoption": 0.5}
    assert engagement.feature_rows([row, row | {"rank": 1, "feature": "a"}]) == [
        ("a", "–", "5", "1,200", "50.0 %"),
        ("b", "–", "5", "1,200", "50.0 %"),
    ]


def test_funnels_and_trials_that_are_not_ripe() -> None:
    funnel = {"cohort": "2024-01-01", "users": 20, "active": 20, "trials": 5, "paid": 0, "second": ""}
    assert engagement.funnel_rows([funnel, funnel | {"second": "plan"}], "week") == [
        ("2024-01-01", "20", "20 (100 %)", "5 (25 %)", "0 (0 %)")
    ]
    trial = {
        "cohort": "2024-01-01", "trials": 4, "paid": 1, "paid_7": 0, "paid_14": 1, "paid_30": None, "second": "",
    }  # fmt: skip
    assert engagement.trial_rows([trial], "week") == [
        ("2024-01-01", "4", "1 (25 %)", "0 (0 %)", "1 (25 %)", "–")
    ]


def test_names_in_titles() -> None:
    assert engagement.name_of("all", "all") == "everybody"
    assert engagement.name_of("plan", "pro") == "plan pro"
