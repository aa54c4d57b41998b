"""Customers of a file."""

from typing import Any

from console.shown.filed import address, driver_rows, facts, months, range_words, rows, why

RAISING = {"text": "no order for 40 days", "direction": "raises", "weight": 1.5}
LOWERING = {"text": "many orders", "direction": "lowers", "weight": -0.25}
GONE: dict[str, Any] = {
    "user": "<c&1>", "tier": "gone", "probability": None, "probability_week_ago": None, "value_at_risk": None,
    "segment": None,
    "orders": 3, "last_purchase_ms": 86_400_000, "drivers": None, "action": None, "silence_days": 61.5,
    "tenure_days": 90.0, "revenue": 120.0, "value": 80.0,
}  # fmt: skip


def test_what_raises_the_risk_is_told_first() -> None:
    assert why([LOWERING, RAISING, RAISING]) == "no order for 40 days; no order for 40 days"
    assert why([LOWERING]) == "many orders"
    assert why(None) == "–"
    assert driver_rows([RAISING, LOWERING]) == [
        ("no order for 40 days", "raises the risk", "+1.50"), ("many orders", "lowers the risk", "−0.25"),
    ]  # fmt: skip
    assert driver_rows(None) == []


def test_a_row_leads_to_its_customer_whatever_the_id() -> None:
    (row,) = rows([GONE], "abc")
    assert (row["risk"], row["at_risk"], row["last"], row["action"], row["segment"]) == (
        "–",
        "–",
        "1970-01-02",
        "",
        "–",
    )
    assert row["user"] == '<a href="/file/customer?id=abc&amp;user=%3Cc%261%3E">&lt;c&amp;1&gt;</a>'
    assert address("a", "x/y") == "/file/customer?id=a&user=x%2Fy"


def test_which_rows() -> None:
    assert range_words(100, 50, 150) == "101 to 150 of 150"
    assert range_words(0, 0, 0) == "No customer fits."


def test_one_customer() -> None:
    made = {one.label: (one.value, one.beside) for one in facts(GONE)}
    assert made["Risk"] == ("–", "")
    assert made["Silent for"] == ("61.5 days", "1970-01-02")
    assert made["Orders"] == ("3", "in 90 days")
    there = {
        one.label: one.beside for one in facts(GONE | {"probability": 0.5, "probability_week_ago": 0.25})
    }
    assert there["Risk"] == "25.0 % a week ago"
    drawn = months([{"month": "2023-01", "spent": 20.0, "refunded": 5.0, "orders": 1}])
    assert [one["data"] for one in drawn["series"]] == [[20.0], [-5.0]]
