"""Money at risk by hand, and whoever moved up."""

import numpy as np
import pyarrow as pa
import pytest

from advisor.insights.outlook import at_risk, warnings


def test_by_hand() -> None:
    found = at_risk(["high", "low", "high"], np.array([0.8, 0.1, 0.9]), np.array([100.0, 50.0, 10.0]), 0.5)
    assert [row.tier for row in found] == [None, "high", "medium", "low"]
    everybody, high, medium, low = found
    assert (everybody.customers, high.customers, medium.customers, low.customers) == (3, 2, 0, 1)
    assert everybody.would_leave == pytest.approx(1.8)
    assert (everybody.value, high.value) == (160, 110)
    assert high.at_risk == pytest.approx(89)
    assert everybody.at_risk == pytest.approx(94)
    assert everybody.recoverable == pytest.approx(47)
    assert medium.at_risk == 0
    assert low.at_risk == pytest.approx(5)


def test_who_moved_up_is_warned_of_the_most_money_first() -> None:
    rows = [
        ("up", "medium", "low", 0.5, 0.2, 10.0),
        ("far-up", "high", "low", 0.9, 0.2, 90.0),
        ("same", "high", "high", 0.9, 0.8, 500.0),
        ("down", "low", "high", 0.1, 0.8, 500.0),
        ("new", "high", None, 0.9, None, 500.0),
    ]
    names = ["user", "tier", "tier_week_ago", "probability", "probability_week_ago", "value_at_risk"]
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    found = warnings(table)
    assert [one.user for one in found] == ["far-up", "up"]
    assert found[0] == ("far-up", "low", "high", 0.2, 0.9, 90.0)
    assert warnings(table.slice(0, 0)) == []
