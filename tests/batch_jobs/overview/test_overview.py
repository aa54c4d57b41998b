"""The overview against the same counted by hand, user by user."""

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from batch_jobs.overview.overview import CHURN, FIGURES, MOST, Overview
from batch_jobs.star.star import Star
from domain.settings import ChurnDefinition, FactSettings
from tests.batch_jobs.running.stars import at, star

AS_OF = at("2024-05-01")
DAYS = 10


def facts(churn: ChurnDefinition = "inactivity") -> FactSettings:
    return FactSettings(churn=churn, inactivity_ms=DAYS * 86_400_000)


def random_rows(seed: int) -> dict[str, list[dict[str, Any]]]:
    random = Random(seed)
    users, daily = [], []
    for number in range(60):
        user = f"u{number}"
        first = AS_OF - timedelta(days=random.randint(1, 60))
        days = sorted(
            {first + timedelta(days=random.randint(0, 60)) for _ in range(random.randint(1, 6))} | {first}
        )
        days = [day for day in days if day < AS_OF]
        for day in days:
            active = random.random() < 0.8
            daily.append(
                {"user": user, "day": day.date(), "first_active": day if active else None,
                 "last_active": day if active else None, "sessions": int(active), "orders": 1,
                 "spent": random.randint(0, 5000), "renewed": random.randint(0, 900),
                 "refunded": random.randint(0, 99)}
            )  # fmt: skip
        users.append(
            {"user": user, "origin": first, "signed_up": True, "hash": number,
             "plan": random.choice(["free", "pro", None]), "channel": f"c{number}",
             "paid": random.choice([None, first]), "cancelled": random.choice([None, None, days[-1]]),
             "returned": random.choice([None, days[-1]])}
        )  # fmt: skip
    return {"users": users, "daily": daily}


def made(here: Star) -> tuple[dict[str, tuple[float | None, float | None]], list[dict[str, Any]]]:
    tables = Overview()(here, lambda _what, _share: None)
    assert tables["figures"].schema == FIGURES
    assert tables["churn"].schema == CHURN
    until = here.as_of.date()
    said = {(row["since"], row["until"]) for row in tables["figures"].to_pylist()}
    assert said == {(until - timedelta(milliseconds=here.settings.inactivity_ms), until)}
    figures = {row["figure"]: (row["value"], row["before"]) for row in tables["figures"].to_pylist()}
    return figures, tables["churn"].to_pylist()


def slow_churn(rows: dict[str, list[dict[str, Any]]], churn: str) -> dict[str, bool]:
    """Whom one could lose, and whether one did."""
    begin, middle = AS_OF - timedelta(days=2 * DAYS), AS_OF - timedelta(days=DAYS)
    found = {}
    for user in rows["users"]:
        active = [
            row["first_active"]
            for row in rows["daily"]
            if row["user"] == user["user"] and row["first_active"]
        ]
        gone = user["cancelled"] is not None and user["cancelled"] >= middle
        if churn == "cancellation":
            if user["paid"] is not None and user["paid"] < middle and (user["cancelled"] is None or gone):
                found[user["user"]] = gone
        elif any(begin <= moment < middle for moment in active):
            silent = not any(moment >= middle for moment in active)
            found[user["user"]] = silent or (churn == "either" and gone)
    return found


@pytest.mark.parametrize("churn", ["inactivity", "cancellation", "either"])
@pytest.mark.parametrize("seed", range(3))
def test_the_churn_rate_is_that_of_each_user_counted(seed: int, churn: ChurnDefinition) -> None:
    rows = random_rows(seed)
    figures, table = made(star(AS_OF, rows, facts(churn)))
    expected = slow_churn(rows, churn)
    lost = sum(expected.values())
    assert table[0] == {
        "dimension": "all", "value": "all", "users": len(expected), "lost": lost, "rate": lost / len(expected)
    }  # fmt: skip
    assert figures["churn_rate"] == (lost / len(expected), None)
    plans = {user["user"]: user["plan"] or "unknown" for user in rows["users"]}
    by_plan = Counter(plans[user] for user in expected)
    lost_by_plan = Counter(plans[user] for user, gone in expected.items() if gone)
    found = {row["value"]: (row["users"], row["lost"]) for row in table if row["dimension"] == "plan"}
    assert found == {plan: (users, lost_by_plan[plan]) for plan, users in by_plan.items()}


def test_values_beyond_the_most_are_one() -> None:
    rows = random_rows(4)
    _, table = made(star(AS_OF, rows, FactSettings(inactivity_ms=29 * 86_400_000)))
    channels = [row for row in table if row["dimension"] == "channel"]
    assert len(channels) == MOST + 1
    assert channels[-1]["value"] == "other"
    assert sum(row["users"] for row in channels) == table[0]["users"]


def test_figures_of_both_periods() -> None:
    rows = random_rows(5)
    figures, _ = made(star(AS_OF, rows, facts()))
    middle = AS_OF.date() - timedelta(days=DAYS)
    begin = middle - timedelta(days=DAYS)
    for place, (low, high) in enumerate(((middle, AS_OF.date()), (begin, middle))):
        days = [row for row in rows["daily"] if low <= row["day"] < high]
        revenue = sum(row["spent"] + row["renewed"] - row["refunded"] for row in days) / 100
        active = len({row["user"] for row in days if row["first_active"]})
        assert figures["revenue"][place] == revenue
        assert figures["active"][place] == active
        assert figures["revenue_per_active_user"][place] == revenue / active
        assert figures["orders"][place] == len(days)
        came = [user for user in rows["users"] if low <= user["origin"].date() < high]
        assert figures["signups"][place] == len(came)
    assert figures["users"][0] == len(rows["users"])


def test_nothing_is_clearly_empty() -> None:
    figures, table = made(star(AS_OF, {}, facts()))
    assert set(figures.values()) == {(None, None)}
    assert table == [{"dimension": "all", "value": "all", "users": 0, "lost": 0, "rate": None}]


def test_a_period_that_the_log_does_not_reach_is_not_known() -> None:
    begun = datetime.combine(AS_OF.date() - timedelta(days=3), datetime.min.time(), AS_OF.tzinfo)
    rows = {
        "users": [{"user": "u", "origin": begun, "signed_up": True, "hash": 1}],
        "daily": [
            {"user": "u", "day": date(2024, 4, 28), "first_active": begun, "last_active": begun, "spent": 100}
        ],
    }
    figures, _ = made(star(AS_OF, rows, facts()))
    assert figures["revenue"] == (1.0, None)
