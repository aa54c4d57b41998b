"""Retention as tables and pictures: two cohorts, worked out by hand."""

from typing import Any

from console.shown import cohorts


def cell(cohort: str, period: int, size: int, retained: int, second: str = "") -> dict[str, Any]:
    return {
        "cohort": cohort, "period": period, "size": size, "retained": retained, "ratio": retained / size,
        "second": second,
    }  # fmt: skip


ROWS = [
    cell("2024-01-01", 0, 4, 4),
    cell("2024-01-01", 1, 4, 1),
    cell("2024-01-01", 2, 4, 0),
    cell("2024-01-08", 0, 2, 2),
    cell("2024-01-08", 1, 2, 1),
    cell("2024-01-08", 1, 1, 1, second="platform"),
]


def test_a_cell_that_is_not_ripe_is_empty_and_zero_is_zero() -> None:
    heads, rows = cohorts.grid_table(cohorts.grid(ROWS, 26), "week")
    assert heads == ["First week", "Users", "week 0", "week 1", "week 2"]
    assert rows == [
        ["2024-01-01", "4", "100.0 %", "25.0 %", "0.0 %"],
        ["2024-01-08", "2", "100.0 %", "50.0 %", ""],
    ]


def test_only_the_last_cohorts_are_shown() -> None:
    shown = cohorts.grid(ROWS, 1)
    assert list(shown.sizes) == ["2024-01-08"]
    assert shown.periods == [0, 1]


def test_the_oldest_of_the_last_cohorts() -> None:
    sizes = [{"cohort": f"2024-01-0{day}"} for day in (3, 1, 2, 2)]
    assert cohorts.first_of_last(sizes, 2) == "2024-01-02"
    assert cohorts.first_of_last([], 2) is None


def test_colours_are_scaled_by_the_periods_after_the_first() -> None:
    drawn = cohorts.heatmap(cohorts.grid(ROWS, 26), "week")
    assert (drawn["visualMap"]["min"], drawn["visualMap"]["max"]) == (0, 50)
    points = {one["name"]: one["value"] for one in drawn["series"][0]["data"]}
    assert points["2024-01-08, week 1: 50.0 % (1 of 2)"] == [1, 1, 50]
    assert drawn["yAxis"]["data"] == ["2024-01-01  (4)", "2024-01-08  (2)"]


def test_the_title_says_what_counts() -> None:
    assert cohorts.heatmap_title("week", "classic") == "Retention by cohort, % active in each week"
    assert cohorts.heatmap_title("day", "unbounded") == "Retention by cohort, % active in each day or later"


def test_a_grid_without_cells_can_be_drawn() -> None:
    drawn = cohorts.heatmap(cohorts.grid([], 26), "week")
    assert drawn["series"][0]["data"] == []


def mean(value: str, period: int, size: int, ratio: float, dimension: str = "plan") -> dict[str, Any]:
    return {
        "dimension": dimension, "value": value, "second": "", "period": period, "size": size, "ratio": ratio
    }  # fmt: skip


def test_the_mean_is_told_by_value_the_largest_first() -> None:
    rows = [
        mean("pro", 1, 10, 0.5),
        mean("free", 1, 90, 0.25),
        mean("free", 2, 80, 0.2),
        mean("x", 1, 5, 1, "y"),
    ]
    of = cohorts.of_dimension(rows, "plan")
    assert list(of) == ["free", "pro"]
    assert cohorts.curve_table(of, "week") == (
        ["Week", "free", "pro"],
        [["1", "25.0 % of 90", "50.0 % of 10"], ["2", "20.0 % of 80", "–"]],
    )
    assert cohorts.curves(of, "week")["series"][0]["data"] == [[1, 25.0], [2, 20.0]]


def test_days_that_nobody_has_had_yet_have_no_tile() -> None:
    rows = [mean("all", day, 100, 0.3, "all") for day in range(31)]
    assert [name for name, *_ in cohorts.days_kept(rows)] == ["Day 1", "Day 7", "Day 30"]


def test_money_of_pairs_is_left_out() -> None:
    row = {"period": 1, "net": 1.25, "gross": 0.5, "payers": 4, "paying": 3, "second": ""}
    rows = [row, {**row, "second": "platform"}]
    assert cohorts.money_table(rows) == [("1", "125.0 %", "50.0 %", "4", "3")]
    assert [one["data"] for one in cohorts.money_curve(rows, "week")["series"]] == [[[1, 125.0]], [[1, 50.0]]]
