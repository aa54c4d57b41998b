"""The numbers by hand."""

import msgspec
import numpy as np
import pytest

from domain.catalogue import INDEX
from domain.labels import FEATURES
from online_model.ledger.schema import TIERS, Settled, to_table
from online_model.ledger.served import at_k, judge, lead_times, loss_moments

DAY = 86_400_000
WEEK = 7 * DAY
START = 2700 * WEEK


def rows(*items: tuple[str, float, float, str, str, float, float]) -> Settled:
    """Snapshots: user, weeks after the start, days of silence, cause, tier, risk served, weight."""
    count = len(items)
    users, weeks, silence, cause, tier, served, weights = zip(*items, strict=True)
    causes = np.array([("returned", "inactivity", "cancellation").index(c) for c in cause], np.uint8)
    times = START + (np.array(weeks) * WEEK).astype(np.int64)
    features = np.full((count, FEATURES), np.nan)
    features[:, INDEX["days_since_last_session"]] = silence
    nothing = np.zeros(count, np.int64)
    return Settled(
        users=list(users),
        times=times,
        dues=times + 31 * DAY,
        features=features,
        lost=causes > 0,
        causes=causes,
        returned=nothing,
        cancelled=np.where(causes == 2, 5 * 86_400, 0),
        treated=nothing,
        treated_before=nothing,
        holdout=np.zeros(count, np.bool_),
        weights=np.array(weights, np.float64),
        champions=["logistic"] * count,
        versions=[None] * count,
        served=np.array(served, np.float64),
        tiers=np.array([TIERS.index(t) for t in tier], np.int8),
        reasons=[[] for _ in users],
        predictions={},
    )


def test_judged_by_hand() -> None:
    table = to_table(
        rows(
            # goes quiet: gone 30 days after the last session, 2 days before the first snapshot; high from the second
            ("a", 0, 2, "inactivity", "low", 0.2, 1),
            ("a", 1, 9, "inactivity", "high", 0.8, 1),
            ("a", 2, 16, "inactivity", "high", 0.9, 1),
            # cancels five days after the snapshot, unforeseen
            ("b", 0, 1, "cancellation", "medium", 0.5, 2),
            # stays, though thought lost
            ("c", 0, 1, "returned", "high", 0.7, 1),
            ("c", 1, 1, "returned", "low", 0.1, 1),
            # treated: does not count
            ("d", 1, 1, "returned", "high", 0.99, 0),
        )
    )
    found = judge(table, k=1, inactivity_ms=30 * DAY)
    assert found.snapshots == 6
    assert found.precision_at_k == pytest.approx(2 / 3)  # contacted: c, a, a
    assert found.recall_at_k == pytest.approx(2 / 5)
    assert (found.losses, found.foreseen) == (2, 1)
    assert found.lead_days == pytest.approx(30 - 9)
    assert {t: worth.snapshots for t, worth in found.tiers.items()} == {"low": 2, "medium": 1, "high": 3}
    assert [found.tiers[t].precision for t in TIERS] == pytest.approx([0.5, 1.0, 2 / 3])
    assert found.served.examples == 6
    assert found.served.brier == pytest.approx((0.8**2 + 0.2**2 + 0.1**2 + 2 * 0.5**2 + 0.7**2 + 0.1**2) / 7)
    assert sum(b.weight for b in found.served.curve) == pytest.approx(7)
    assert msgspec.json.decode(msgspec.json.encode(found))["tiers"]["medium"] == {
        "snapshots": 1,
        "precision": 1.0,
    }


def test_nothing_to_judge() -> None:
    found = judge(to_table(rows(("a", 0, 0, "returned", "low", 0.1, 0))), k=5, inactivity_ms=DAY)
    assert (found.snapshots, found.losses, found.foreseen) == (0, 0, 0)
    assert (found.precision_at_k, found.lead_days, found.served.brier) == (None, None, None)


def test_at_k_picks_each_week_anew() -> None:
    weeks = np.array([1, 0, 1, 0, 1, 0])
    served = np.array([0.9, 0.1, 0.8, 0.2, 0.7, 0.3])
    lost = np.array([True, False, False, False, True, True])
    assert at_k(weeks, served, lost, np.ones(6), 1) == pytest.approx((1, 2 / 3))
    assert at_k(weeks, served, lost, np.ones(6), 2) == pytest.approx((1 / 2, 2 / 3))
    assert at_k(weeks, served, lost, np.ones(6), 9) == (0.5, 1.0)


def test_a_user_can_be_lost_twice() -> None:
    users = np.array([1, 1, 1, 2])
    times = np.array([0, 7, 200, 0]) * DAY
    moments = np.array([30, 30, 230, 30]) * DAY + np.array(
        [0, 1, 0, 0]
    )  # a millisecond of rounding is no other loss
    losses, leads = lead_times(users, times, moments, np.array([False, True, True, False]))
    assert losses == 3
    assert leads == pytest.approx([23, 30])


def test_a_user_without_a_session_is_lost_the_limit_after_the_snapshot() -> None:
    found = loss_moments(np.array([START]), np.array([np.nan]), np.array([0]), 30 * DAY)
    assert found.tolist() == [START + 30 * DAY]


def test_a_cancellation_is_the_moment_of_the_loss() -> None:
    found = loss_moments(np.array([START] * 2), np.array([3.0, 3.0]), np.array([START + DAY, 0]), 30 * DAY)
    assert found.tolist() == [START + DAY, START + 27 * DAY]
