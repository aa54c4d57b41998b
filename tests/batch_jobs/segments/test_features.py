"""Features against a loop over the rows, as of now and as of earlier days."""

from datetime import date, timedelta
from math import isclose
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_jobs.segments.features import NAMES, features_of_users
from tests.batch_jobs.rows import Day, active, midnight, noon, star_of

FIRST = date(2024, 1, 1)


def slowly(rows: list[Day], at: date, inactivity_days: int = 30) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for user in {row["user"] for row in rows if row["day"] < at}:
        own = [row for row in rows if row["user"] == user and row["day"] < at]
        window = [row for row in own if row["day"] >= at - timedelta(90)]
        seen = [row["day"] for row in window if row["activities"]]
        silent = (at - max(seen, default=min(row["day"] for row in own))).days
        recent = sum(day >= at - timedelta(30) for day in seen)
        before = sum(at - timedelta(60) <= day < at - timedelta(30) for day in seen)
        total = {
            name: sum(row.get(name, 0) for row in window)
            for name in ("session_ms", "pages", "orders", "renewals", "spent", "renewed", "refunded")
        }
        found[user] = {
            "active": bool(seen) and silent <= inactivity_days,
            "recency_days": min(silent, 91),
            "days_seen": sum(bool(row["activities"]) for row in own),
            "active_days": len(seen),
            "minutes_a_day": total["session_ms"] / 60_000 / max(len(seen), 1),
            "pages_a_day": total["pages"] / max(len(seen), 1),
            "orders": total["orders"] + total["renewals"],
            "revenue": max(total["spent"] + total["renewed"] - total["refunded"], 0) / 100,
            "trend": (recent - before) / (recent + before) if recent + before else 0,
        }
    return found


@st.composite
def histories(draw: st.DrawFn) -> list[Day]:
    rows = []
    for user in draw(st.lists(st.sampled_from("abcd"), unique=True, min_size=1)):
        for offset in draw(st.lists(st.integers(0, 200), unique=True, min_size=1, max_size=6)):
            day = FIRST + timedelta(offset)
            money = {name: draw(st.integers(0, 500)) for name in ("spent", "renewed", "refunded")}
            counts = {name: draw(st.integers(0, 3)) for name in ("orders", "renewals")}
            row = active(user, day, **money, **counts)
            if draw(st.booleans()):  # a renewal or a refund alone is no activity
                row |= {
                    "activities": 0,
                    "first_active": None,
                    "last_active": None,
                    "session_ms": 0,
                    "pages": 0,
                }
            rows.append(row)
    return rows


@settings(max_examples=12, deadline=None)
@given(histories(), st.integers(1, 210), st.integers(0, 40))
def test_every_feature_is_what_a_loop_over_the_rows_gives(rows: list[Day], at: int, later: int) -> None:
    when = FIRST + timedelta(at)
    star = star_of(rows, when + timedelta(later))
    found = features_of_users(star, midnight(when)).to_pandas().set_index("user")
    expected = slowly(rows, when)
    assert set(found.index) == set(expected)
    for user, features in expected.items():
        assert bool(found.loc[user, "active"]) == features["active"]
        for name in NAMES:
            assert isclose(found.loc[user, name], features[name], rel_tol=1e-12), (user, name)


def test_golden() -> None:
    """By hand: 90 days before 1 April 2024 begin on 2 January."""
    rows = [
        active("a", date(2024, 1, 1), spent=9_999),  # too old
        active("a", date(2024, 1, 2), orders=1, spent=1_000, pages=5),
        active("a", date(2024, 2, 1), session_ms=1_200_000, pages=4),
        active("a", date(2024, 3, 2), refunds=1, refunded=200, pages=0),
        active("a", date(2024, 3, 31), renewals=1, renewed=50),
    ]
    star = star_of(rows, date(2024, 4, 1))
    (row,) = features_of_users(star, star.as_of).to_pyarrow().to_pylist()
    assert {name: row[name] for name in NAMES} == pytest.approx(
        {
            "recency_days": 1,
            "days_seen": 5,
            "active_days": 4,
            "minutes_a_day": 50 / 4,
            "pages_a_day": 3,
            "orders": 2,
            "revenue": 8.5,
            "trend": 1 / 3,  # 2 and 31 March are of the last 30 days, 1 February of those before
        }
    )


def test_an_activity_of_the_first_moment_of_the_limit_counts() -> None:
    star = star_of([active("a", date(2024, 3, 2)), active("b", date(2024, 3, 1))], date(2024, 4, 1))
    found = features_of_users(star, star.as_of).order_by("user").to_pyarrow()
    assert found["active"].to_pylist() == [True, False]
    assert noon(date(2024, 3, 2)) < star.as_of
