"""Percentiles, expected spend and money at risk, user by user, against loops; risks of the ledger."""

from datetime import date, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis.expr.types import Table

from batch_jobs.star.schema import DIMENSIONS
from batch_jobs.star.star import Star
from batch_jobs.value import at_risk
from batch_jobs.value.customers import customers
from batch_jobs.value.months import net_of
from batch_jobs.value.risks import RISKS, latest_two, of_ledger
from batch_jobs.value.risks import given as given_risks
from domain.catalogue import INDEX, NAMES
from domain.money import expected_spend
from online_model.ledger.ledger import Ledger
from online_model.ledger.schema import Settled, to_table
from online_model.thresholds import Contact
from tests.batch_jobs.rows import Day, active, midnight, noon, star_of

AS_OF = date(2024, 6, 1)
CONTACT = Contact(cost=2.0, chance_of_saving=0.25)
Risk = tuple[str, int, float, str]
"""User, days before the as-of, probability, tier."""


def risks_of(rows: list[Risk]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"user": user, "time": midnight(AS_OF) - timedelta(ago), "probability": p, "tier": tier}
            for user, ago, p, tier in rows
        ],
        schema=RISKS,
    )


def customers_of(star: Star, risks: Table | None) -> Table:
    days = star.daily.select("user", "day", net=net_of(star.daily))
    return customers(star, days, risks, None, CONTACT)


def found_of(star: Star, risks: list[Risk]) -> dict[str, dict[str, Any]]:
    table = customers_of(star, given_risks(risks_of(risks))(star))
    return {row["user"]: row for row in table.to_pyarrow().to_pylist()}


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.integers(0, 60), st.integers(0, 60), st.booleans()), max_size=12
    )
)
def test_percentiles_and_expected_spend_are_those_of_loops(users: list[tuple[int, int, int, bool]]) -> None:
    rows: list[Day] = []
    for number, (ago, spent, refunded, buys) in enumerate(users):
        first = AS_OF - timedelta(ago)
        rows.append(active(f"u{number}", first, orders=int(buys), spent=spent * buys))
        if ago > 1 and buys:
            rows.append(active(f"u{number}", first + timedelta(ago // 2), renewed=10, refunded=refunded))
    star = star_of(rows, AS_OF)
    found = found_of(star, [])
    spend = {
        user: sum(
            r.get("spent", 0) + r.get("renewed", 0) - r.get("refunded", 0) for r in rows if r["user"] == user
        )
        for user in {row["user"] for row in rows}
    }
    buyers = [user for user in spend if any(r["user"] == user and r.get("orders") for r in rows)]
    for user, own in spend.items():
        row = found[user]
        assert row["revenue"] == own
        assert row["customer"] == (user in buyers)
        assert (row["probability"], row["lost"], row["gain"]) == (None, None, None)
        if user in buyers:
            below = sum(spend[other] <= own for other in buyers)
            assert row["at_most"] == below
            assert row["percentile"] == pytest.approx(100 * below / len(buyers))
            assert row["decile"] == ceil(10 * below / len(buyers))
        else:
            assert (row["at_most"], row["percentile"], row["decile"]) == (None, None, None)
        half_year = [r for r in rows if r["user"] == user and r["day"] >= AS_OF - timedelta(182)]
        features = np.full((1, len(NAMES)), np.nan)
        features[0, INDEX["spend_26w"]] = (
            sum(r.get("spent", 0) + r.get("renewed", 0) for r in half_year) / 100
        )
        features[0, INDEX["refunded_26w"]] = sum(r.get("refunded", 0) for r in half_year) / 100
        origin = min(r["day"] for r in rows if r["user"] == user)
        features[0, INDEX["tenure_days"]] = (AS_OF - origin).days
        assert row["expected"] == pytest.approx(100 * expected_spend(features, 30.0)[0])
        silent = (AS_OF - max(r["day"] for r in rows if r["user"] == user)).days
        assert row["at_risk"] == (silent <= 30)


def people() -> Star:
    """Each spends 26 000 in 26 weeks, thus 30 / 7 · 1000 in a horizon, but for the last who spends nothing."""
    rows = []
    for user in ("rich", "moved", "cancelled", "silent", "unknown", "poor"):
        rows.append(active(user, date(2023, 1, 1)))
        money = 0 if user == "poor" else 26_000
        rows.append(active(user, date(2024, 3 if user == "silent" else 5, 20), orders=1, spent=money))
    rows[5]["cancelled"] = noon(date(2024, 5, 20))
    return star_of(rows, AS_OF)


RISKS_OF_PEOPLE: list[Risk] = [
    ("rich", 40, 0.5, "medium"),
    ("rich", 33, 0.4, "medium"),
    ("moved", 47, 0.1, "low"),
    ("moved", 40, 0.6, "medium"),
    ("moved", 33, 0.8, "high"),
    ("cancelled", 33, 0.9, "high"),
    ("silent", 33, 0.9, "high"),
    ("poor", 33, 0.9, "high"),
    ("poor", 54, 0.5, "medium"),  # three weeks before: it was gone in between
    ("unknown", 46, 0.9, "high"),  # stale
]


def test_money_at_risk_by_hand() -> None:
    found = found_of(people(), RISKS_OF_PEOPLE)
    value = 30 / 7 * 1_000
    assert found["rich"]["expected"] == pytest.approx(value)
    assert found["rich"]["probability"] == 0.4
    assert found["rich"]["lost"] == pytest.approx(0.4 * value)
    assert found["rich"]["recoverable"] == pytest.approx(0.25 * 0.4 * value)
    assert found["rich"]["gain"] == pytest.approx(0.25 * 0.4 * value - 200)
    assert (found["moved"]["tier_before"], found["moved"]["probability_before"]) == ("medium", 0.6)
    assert found["poor"]["tier_before"] is None
    assert found["unknown"]["probability"] is None
    assert [found[u]["at_risk"] for u in ("cancelled", "silent")] == [False, False]
    assert [found[u]["lost"] for u in ("cancelled", "silent")] == [None, None]


def test_sums_of_money_at_risk_by_hand() -> None:
    star = people()
    table = customers_of(star, given_risks(risks_of(RISKS_OF_PEOPLE))(star))
    value = 30 / 7 * 1_000
    (total, high, medium) = at_risk.revenue_at_risk(table)
    assert (total["grouping"], high["group"], medium["group"]) == ("all", "high", "medium")
    assert (total["users"], total["known"], total["worth_contacting"]) == (4, 3, 2)
    assert total["value"] == pytest.approx(2 * value)  # the plain sum, beside what is at risk
    assert total["value_unknown"] == pytest.approx(value)
    assert total["at_risk"] == pytest.approx(1.2 * value)
    assert total["recoverable"] == pytest.approx(0.3 * value)
    assert total["gain"] == pytest.approx(0.3 * value - 400)
    moves = {(row["tier_before"], row["tier"]): row["users"] for row in at_risk.tier_moves(table)}
    assert moves == {("medium", "medium"): 1, ("medium", "high"): 1}
    tiers = {(row["grouping"], row["group"], row["tier"]): row["users"] for row in at_risk.tiers(table)}
    assert tiers[("all", "all", "high")] == 2
    assert tiers[("all", "all", "medium")] == 1
    assert {grouping for grouping, _, _ in tiers} <= {"all", "segment", *DIMENSIONS}
    for dimension in DIMENSIONS:
        assert sum(users for (grouping, _, _), users in tiers.items() if grouping == dimension) in (0, 3)
    (warning,) = at_risk.early_warnings(table).to_pyarrow().to_pylist()
    assert (warning["user"], warning["probability_before"], warning["probability"]) == ("moved", 0.6, 0.8)


def test_deciles_sum_to_all() -> None:
    star = star_of([active(f"u{n}", AS_OF - timedelta(9), orders=1, spent=n) for n in range(1, 21)], AS_OF)
    rows = at_risk.deciles(customers_of(star, None))
    assert [(row["decile"], row["least"], row["most"]) for row in rows] == [
        (d, 2 * d - 1, 2 * d) for d in range(1, 11)
    ]
    assert sum(row["revenue"] for row in rows) == 210
    assert rows[-1]["share"] == 39 / 210


def write_ledger(archive: Path, lineage: str, rows: list[Risk]) -> None:
    """Due 31 days after the snapshot."""
    by_day: dict[int, list[Risk]] = {}
    for row in rows:
        by_day.setdefault((AS_OF - date(1970, 1, 1)).days - row[1] + 31, []).append(row)
    for day, some in by_day.items():
        times = np.array([(day - 31) * 86_400_000] * len(some), np.int64)
        zeros = np.zeros(len(some), np.int64)
        settled = Settled(
            users=[row[0] for row in some],
            times=times,
            dues=times + 31 * 86_400_000,
            features=np.zeros((len(some), len(NAMES))),
            lost=zeros > 0,
            causes=zeros.astype(np.uint8),
            returned=zeros,
            cancelled=zeros,
            treated=zeros,
            treated_before=zeros,
            holdout=zeros > 0,
            weights=np.ones(len(some)),
            champions=["x"] * len(some),
            versions=[None] * len(some),
            served=np.array([row[2] for row in some]),
            tiers=np.array([("low", "medium", "high").index(row[3]) for row in some], np.int8),
            reasons=[[] for _ in some],
            predictions={},
        )
        Ledger(archive, lineage).write_day(day, to_table(settled))


def test_the_ledger_is_a_source(tmp_path: Path) -> None:
    star = people()
    write_ledger(tmp_path, "a" * 16, [("rich", 60, 0.99, "high")])
    write_ledger(tmp_path, "b" * 16, [*RISKS_OF_PEOPLE, ("rich", -3, 0.99, "high")])
    risks = of_ledger(tmp_path)(star)
    assert risks is not None
    found = {row["user"]: row for row in latest_two(star, risks).to_pyarrow().to_pylist()}
    assert (found["rich"]["probability"], found["rich"]["probability_before"]) == (0.4, 0.5)
    assert found["moved"]["time"] == midnight(AS_OF) - timedelta(33)
    assert "unknown" not in found
    older = of_ledger(tmp_path, "a" * 16)(star)
    assert older is not None
    assert older.count().to_pyarrow().as_py() == 1
    assert of_ledger(tmp_path / "nowhere")(star) is None
