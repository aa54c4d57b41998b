"""Rules part all snapshots, are counted where they were not grown, and say what was planted."""

import numpy as np
import pytest

from advisor.insights.rules import Condition, Rule, rules
from domain.catalogue import INDEX, NAMES
from domain.labels import Matrix
from online_model.quality.intervals import wilson
from online_model.quality.scored import Bools


def planted(n: int, seed: int) -> tuple[Matrix, Bools]:
    """Who has been silent for over 40 days with fewer than three orders is lost nine times of ten, others once."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, (n, len(NAMES)))
    x[:, INDEX["days_since_purchase"]] = rng.uniform(0, 80, n)
    x[:, INDEX["orders_total"]] = rng.integers(1, 6, n)
    x[:, INDEX["plan"]] = rng.integers(0, 2, n)
    at_risk = (x[:, INDEX["days_since_purchase"]] > 40) & (x[:, INDEX["orders_total"]] < 3)
    return x, rng.random(n) < np.where(at_risk, 0.9, 0.1)


def holds(condition: Condition, value: float) -> bool:
    if np.isnan(value):
        return condition.unknown
    value = float(np.float32(value))  # as the tree compares
    return (condition.low is None or value > condition.low) and (
        condition.high is None or value <= condition.high
    )


def of(rule: Rule, x: Matrix) -> Bools:
    """To whom it applies, as it says."""
    return np.array([all(holds(c, row[INDEX[c.feature]]) for c in rule.conditions) for row in x], bool)


def test_what_was_planted_is_said() -> None:
    x, lost = planted(4000, 3)
    counted = np.arange(4000) % 2 == 1
    first = rules(x, lost, counted, 0)[0]
    assert {c.feature for c in first.conditions} >= {"days_since_purchase", "orders_total"}
    assert "purchases so far at most 2" in first.text
    assert "time since the last purchase more than 4" in first.text
    assert first.share == pytest.approx(0.9, abs=0.04)
    assert first.lift is not None
    assert first.lift > 2
    assert first.low < 0.9 < first.high


def test_they_part_all_and_are_counted_where_they_were_not_grown() -> None:
    x, lost = planted(1000, 4)
    x[::7, INDEX["days_since_purchase"]] = np.nan
    counted = np.arange(1000) % 3 == 0
    found = rules(x, lost, counted, 0)
    members = np.array([of(rule, x) for rule in found])
    assert (members.sum(axis=0) == 1).all()
    for rule, who in zip(found, members, strict=True):
        assert (rule.snapshots, rule.lost) == ((who & counted).sum(), (who & counted & lost).sum())
        assert (rule.low, rule.high) == wilson(rule.lost, rule.snapshots)
        assert (who & ~counted).sum() >= 34  # a twentieth of 666
    shares = [rule.share for rule in found if rule.share is not None]
    assert shares == sorted(shares, reverse=True)
    assert any(condition.unknown for rule in found for condition in rule.conditions)
    assert any("or not known" in rule.text for rule in found)


def test_where_nothing_tells_them_apart_there_is_one_rule() -> None:
    x = np.zeros((100, len(NAMES)))
    (rule,) = rules(x, np.arange(100) % 4 < 2, np.arange(100) % 2 == 0, 0)
    assert (rule.text, rule.conditions, rule.snapshots, rule.lost, rule.lift) == (
        "everybody",
        (),
        50,
        25,
        1.0,
    )


def test_of_nobody() -> None:
    nobody, none = np.zeros((0, len(NAMES))), np.zeros(0, bool)
    assert rules(nobody, none, none, 0) == []
    some = np.zeros((60, len(NAMES)))
    (rule,) = rules(some, np.zeros(60, bool), np.zeros(60, bool), 0)
    assert (rule.share, rule.lift, rule.snapshots) == (None, None, 0)


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_said_as_whole_numbers(seed: int) -> None:
    x, lost = planted(600, seed)
    for rule in rules(x, lost, np.arange(600) % 2 == 0, 0):
        for condition in rule.conditions:
            if condition.feature == "orders_total":
                assert "." not in condition.text
