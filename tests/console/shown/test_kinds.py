"""Kinds of customers of a file."""

from typing import Any

from console.shown.kinds import (
    choices,
    kind_rows,
    kinds_centres,
    kinds_lost,
    kinds_map,
    kinds_moved,
    names,
)

SUMMARY: dict[str, Any] = {
    "segmentation": {
        "segments": [
            {
                "segment": "At-Risk", "customers": 30, "share": 0.75, "active": 3, "revenue": 1234.5, "then": 20,
                "known": 8, "lost": 2, "churn": 0.25, "low": 0.1, "high": 0.5,
            },
            {
                "segment": "Power Users", "customers": 10, "share": 0.25, "active": 10, "revenue": 99.9, "then": 0,
                "known": 0, "lost": 0, "churn": None, "low": None, "high": None,
            },
        ],
        "centres": [
            {
                "group": 1, "segment": "At-Risk", "customers": 30,
                "features": {"recency_days": 50.26, "pages_a_day": 0.0, "orders": 1.5},
            },
        ],
        "points": [
            {"kind": "user", "segment": "At-Risk", "x": 1.234, "y": -1.0},
            {"kind": "centre", "segment": "Power Users", "x": 0.0, "y": 0.5},
        ],
        "axes": [{"axis": "x", "explained": 0.6, "feature": "recency_days", "loading": 0.9}],
        "movement": [
            {"before": None, "now": "Power Users", "customers": 10},
            {"before": "At-Risk", "now": "At-Risk", "customers": 20},
        ],
    }
}  # fmt: skip


def test_who_is_of_which() -> None:
    assert kind_rows(SUMMARY) == [
        ("At-Risk", "30", "75.0 %", "3", "1,234", "25.0 % (10.0 to 50.0) of 8"),
        ("Power Users", "10", "25.0 %", "10", "99.90", "–"),
    ]
    assert choices(SUMMARY) == {"": "All kinds", "At-Risk": "At-Risk", "Power Users": "Power Users"}


def test_pictures_have_the_kinds_in_one_order() -> None:
    drawn = kinds_map(SUMMARY)
    assert [s["data"] for s in drawn["series"]] == [[[1.23, -1.0]], [], [], [[0.0, 0.5]]]
    assert drawn["xAxis"]["name"] == "+ recency days (60 %)"
    assert [row["value"] for row in kinds_lost(SUMMARY)["series"][0]["data"]] == [25.0]
    assert names(SUMMARY) == ["At-Risk", "Power Users"]


def test_tables() -> None:
    heads, rows = kinds_centres(SUMMARY)
    assert (heads, rows) == (
        ["Group", "Customers", "recency days", "orders"],
        [["At-Risk", "30", "50.3", "1.50"]],
    )
    heads, rows = kinds_moved(SUMMARY)
    assert heads == ["From, to", "At-Risk", "Power Users", "not there"]
    assert rows == [["At-Risk", "20 (100 %)", "–", "–"], ["not there", "–", "10 (100 %)", "–"]]


def test_a_training_of_before_told_none() -> None:
    assert (kind_rows({}), names({}), choices({})) == ([], [], {"": "All kinds"})
