"""The real files through the whole way: every row accounted for, every total as pandas has it."""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.integration.place import Place

DATA = Path(os.environ.get("EBBWATCH_DATA", "../shared/data"))
RETAIL = DATA / "online_retail_2010_2011.csv.zst"
SPARKIFY = DATA / "sparkify_log_2018_11.jsonl.zst"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not RETAIL.exists(), reason=f"{RETAIL} is not here"),
    pytest.mark.skipif(not SPARKIFY.exists(), reason=f"{SPARKIFY} is not here"),
]


def test_a_year_of_invoices(make_place: Callable[..., Place]) -> None:
    place = make_place(partitions=12)
    replayed = place.report("replay", RETAIL.resolve(), "--layout", "online-retail", "--mark-every", "6h")
    assert (replayed["rows"], replayed["rejected"]) == (541_909, {"no_user": 135_080})
    ran = place.report("run", "--until-idle")
    marks = replayed["marks"] * 12
    assert ran["users"] == 4_372
    assert ran["events"]["applied"] == 541_909 - 135_080
    assert ran["events"] == {"applied": 406_829, "mark": marks}

    verified = place.report("verify")
    assert verified["identical"], verified["differences"]
    assert (verified["users"], verified["events"]) == (4_372, ran["events"])

    frame = pd.read_csv(RETAIL, dtype={"CustomerID": str}).dropna(subset="CustomerID")
    frame["user"] = frame.CustomerID.str.removesuffix(".0")
    frame["kind"] = (frame.Quantity < 0).map({True: "refunded", False: "spent"})
    frame["cents"] = (frame.Quantity.abs() * (frame.UnitPrice * 1000).round().astype(int) + 5) // 10
    cents = frame.groupby(["user", "kind"]).cents.sum().unstack(fill_value=0)
    # the largest, the smallest, and some between, of those who sent something back
    ranked = cents[cents["refunded"] > 0].sort_values(by="spent").index
    for user in [ranked[0], ranked[len(ranked) // 2], *ranked[-2:]]:
        features = place.report("users", "show", user)["features"]
        assert round(features["spend_total"] * 100) == cents.loc[user, "spent"], user
        assert round(features["refunded_total"] * 100) == cents.loc[user, "refunded"], user


def test_a_month_of_page_requests(place: Place) -> None:
    replayed = place.report("replay", SPARKIFY.resolve(), "--layout", "sparkify")
    assert (replayed["rows"], replayed["rejected"]) == (8_056, {"no_user": 286})
    ran = place.report("run", "--until-idle")
    outcomes = ran["events"]
    # the layout derives a signup for each of the 97 users
    assert outcomes["applied"] + outcomes.get("late", 0) == 8_056 - 286 + 97
    assert ran["users"] == 97
    verified = place.report("verify")
    assert verified["identical"], verified["differences"]
    assert verified["events"] == outcomes
