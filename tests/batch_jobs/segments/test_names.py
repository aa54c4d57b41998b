"""Rules of the names by hand, and ids that persist."""

import numpy as np
import pytest

from batch_jobs.segments.matching import matched
from batch_jobs.segments.names import Name, holds, named

AVERAGE = {"active_days": 10.0, "orders": 2.0}


def centre(**values: float) -> dict[str, float]:
    return {
        "recency_days": 3.0,
        "days_seen": 40.0,
        "active_days": 10.0,
        "orders": 1.0,
        "trend": 0.0,
        **values,
    }


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"days_seen": 1.99, "recency_days": 15}, "One-Night Stands"),
        ({"days_seen": 2.0, "recency_days": 15}, "At-Risk"),
        ({"days_seen": 1.0, "recency_days": 14}, "Casual"),  # may still come back
        ({"trend": -0.3}, "At-Risk"),
        ({"trend": -0.29, "active_days": 15, "orders": 2}, "Power Users"),
        ({"active_days": 15, "orders": 1.9}, "Casual"),
        ({"active_days": 14.9, "orders": 2}, "Casual"),
        ({"active_days": 7.5, "orders": 0.5}, "Window Shoppers"),
        ({"active_days": 7.4, "orders": 0.5}, "Casual"),
        ({"active_days": 7.5, "orders": 0.51}, "Casual"),
        ({"active_days": 50, "orders": 0}, "Window Shoppers"),
    ],
)
def test_the_first_rule_that_holds_names(values: dict[str, float], name: Name) -> None:
    assert named([centre(**values)], AVERAGE, 30, [None]) == [name]


def test_where_nobody_buys_there_are_no_window_shoppers() -> None:
    quiet = {"active_days": 10.0, "orders": 0.0}
    assert named([centre(active_days=15, orders=0)], quiet, 30, [None]) == ["Power Users"]
    assert named([centre(active_days=12, orders=0)], quiet, 30, [None]) == ["Casual"]


def test_a_name_that_was_had_stays_within_the_slack() -> None:
    fair = centre(active_days=12.0, orders=1.6)
    assert named([fair, fair], AVERAGE, 30, ["Power Users", None]) == ["Power Users", "Casual"]
    assert named([centre(active_days=11.9, orders=1.6)], AVERAGE, 30, ["Power Users"]) == ["Casual"]
    assert not holds("At-Risk", centre(trend=-0.25), AVERAGE, 30)
    assert holds("At-Risk", centre(trend=-0.25), AVERAGE, 30, slack=0.2)


def test_groups_most_of_whom_came_once_are_one_night_stands() -> None:
    """Centres of days, as clustering has them: of ln(1 + x)."""
    for days, name in (
        ([1] * 59 + [2] * 23 + [3] * 10 + [4] * 8, "One-Night Stands"),
        ([1] * 90 + [30] * 10, "One-Night Stands"),
        ([2] * 90 + [3] * 10, "At-Risk"),
        ([1] * 34 + [2] * 23 + [3] * 18 + [5] * 25, "At-Risk"),
    ):
        middle = float(np.expm1(np.log1p(days).mean()))
        assert named([centre(days_seen=middle, recency_days=60)], AVERAGE, 60, [None]) == [name]


def test_a_group_keeps_its_id_when_its_centre_moves_a_little() -> None:
    last = {4: np.array([0.0, 0.0]), 2: np.array([5.0, 5.0])}
    ids, next_id = matched(np.array([[5.1, 4.9], [0.3, 0.0], [9.0, -9.0]]), last, 6)
    assert ids == [2, 4, 6]
    assert next_id == 7


def test_pairs_have_the_least_sum_of_distances() -> None:
    last = {1: np.array([0.0]), 2: np.array([1.0])}
    ids, _ = matched(np.array([[-0.9], [0.1]]), last, 3)
    assert ids == [1, 2]  # though the second is nearer to 1


def test_a_group_far_from_all_is_a_new_one() -> None:
    ids, next_id = matched(np.array([[2.1]]), {1: np.array([0.0])}, 2)
    assert (ids, next_id) == ([2], 3)
    assert matched(np.array([[1.9]]), {1: np.array([0.0])}, 2) == ([1], 2)
    assert matched(np.array([[0.0]]), {}, 1) == ([1], 2)
