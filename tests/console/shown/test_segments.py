"""Segments as pictures and tables."""

from typing import Any

from console.shown import segments

ROWS = [
    {"segment": "At-Risk", "users": 10, "active": 1, "share": 0.25, "revenue": 12345},
    {"segment": "Window Shoppers", "users": 30, "active": 29, "share": 0.75, "revenue": 900},
]
NAMES = ["Window Shoppers", "At-Risk"]


def test_the_largest_comes_first_and_leads_to_its_customers() -> None:
    assert segments.largest_first(ROWS) == NAMES
    assert segments.segment_rows(ROWS) == [
        (("Window Shoppers", "/customers?segment=Window%20Shoppers"), "30", "75.0 %", "29", "9.00"),
        (("At-Risk", "/customers?segment=At-Risk"), "10", "25.0 %", "1", "123"),
    ]


def test_users_and_centres_have_the_colour_of_their_segment() -> None:
    points = [
        {"kind": "user", "segment": "At-Risk", "x": 1.234, "y": -2.0},
        {"kind": "centre", "segment": "At-Risk", "x": 0.0, "y": 1.0},
    ]
    drawn = segments.picture(points, [], NAMES)["series"]
    own = [one for one in drawn if one["name"] == "At-Risk"]
    assert [one["data"] for one in own] == [[[1.23, -2.0]], [[0.0, 1.0]]]
    assert len({one["itemStyle"]["color"] for one in own}) == 1
    assert [one["data"] for one in drawn if one["name"] == "Window Shoppers"] == [[], []]


def test_an_axis_is_named_by_what_weighs_most() -> None:
    axes = [
        {"axis": "x", "explained": 0.514, "feature": "days_seen", "loading": 0.1},
        {"axis": "x", "explained": 0.514, "feature": "recency_days", "loading": -0.9},
        {"axis": "x", "explained": 0.514, "feature": "orders", "loading": 0.4},
    ]
    assert segments.axis_words(axes, "x") == "− recency days, + orders (51 %)"
    assert segments.axis_words(axes, "y") == "y"


def centre(group: int, segment: str | None, users: int, feature: str, value: float) -> dict[str, Any]:
    return {"group": group, "segment": segment, "users": users, "feature": feature, "centre": value}


def test_centres_of_the_algorithm_that_serves() -> None:
    rows = [
        centre(1, "Casual", 5, "days_seen", 3.14),
        centre(1, "Casual", 5, "revenue", 2.0),
        centre(2, "Casual", 9, "days_seen", 7.0),
        centre(1, None, 14, "days_seen", 5.0),
    ]
    assert segments.centre_table(rows) == (
        ["Group", "Users", "days seen", "revenue"],
        [["Casual", "9", "7.0", "–"], ["Casual", "5", "3.1", "2.00"]],
    )


def test_what_became_of_them_is_in_the_order_of_the_segments() -> None:
    lost = {
        "users": 10,
        "known": 8,
        "lost": 2,
        "churn": 0.25,
        "low": 0.1,
        "high": 0.5,
        "revenue_a_user": 1050,
    }
    none = {"users": 3, "known": 0, "lost": 0, "churn": None, "low": None, "high": None, "revenue_a_user": 0}
    rows: list[dict[str, Any]] = [none | {"segment": "Gone"}, lost | {"segment": "At-Risk"}]
    assert segments.outcome_rows(rows, NAMES) == [
        ("At-Risk", "10", "2 of 8", "25.0 % (10.0 to 50.0)", "10.50"),
        ("Gone", "3", "0 of 0", "–", "0.00"),
    ]
    drawn = segments.outcomes(rows, NAMES)
    assert drawn["yAxis"]["data"] == ["At-Risk"]
    assert [one["value"] for one in drawn["series"][0]["data"]] == [25.0]


def test_movement_counts_who_came_and_who_is_there_no_more() -> None:
    rows: list[dict[str, Any]] = [
        {"from_segment": "At-Risk", "to_segment": "At-Risk", "users": 3},
        {"from_segment": "At-Risk", "to_segment": None, "users": 1},
        {"from_segment": None, "to_segment": "Old", "users": 2},
    ]
    assert segments.movement_table(rows, ["At-Risk"]) == (
        ["From, to", "At-Risk", "Old", "not there"],
        [["At-Risk", "3 (75 %)", "–", "1 (25 %)"], ["not there", "–", "2 (100 %)", "–"]],
    )


def test_the_numbers_of_groups_that_were_tried() -> None:
    row = {"algorithm": "k_means", "k": 4, "silhouette": 0.35196, "bic": None, "chosen": True, "served": True}
    assert segments.score_rows([row]) == [("k means (serves)", "4 (chosen)", "0.352", "–")]
