"""The planted reasons are the real ones: removed from the hazard, they vanish from what users do."""

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from producers.simulator import vocabulary as words
from producers.simulator.history import History
from producers.simulator.scenario import CAUSES, DRIVERS, Scenario

START = date(2025, 3, 1)
USERS, DAYS = 8_000, 120


def with_coefficient(name: str, before: float, after: float) -> Scenario:
    drivers = tuple(replace(d, before=before, after=after) if d.name == name else d for d in DRIVERS)
    return Scenario(drivers=drivers)


@cache
def lived(scenario: Scenario) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Traits and lives at the end, and the events."""
    history = History(USERS, DAYS, 21, START, scenario)
    events = np.concatenate([found for _, found in history.events()])
    return history.traits, history.lives, events


def loss_ratio(exposed: NDArray[np.bool_], others: NDArray[np.bool_], lives: NDArray[Any]) -> float:
    lost = lives["decided_ms"] > 0
    return float(lost[exposed].mean() / lost[others].mean())


def payment_ratio(scenario: Scenario) -> float:
    traits, lives, events = lived(scenario)
    charged = np.isin(events["type"], (words.RENEWAL, words.PAYMENT_FAILED)) & (
        events["time"] < events["time"][0] + 30 * 86_400_000
    )
    payers = np.bincount(events["user"][charged], minlength=USERS) > 0
    bad_card = traits["card_trouble"] > 0.2
    return loss_ratio(payers & bad_card, payers & ~bad_card, lives)


def test_failed_payments_drive_users_away_because_the_hazard_says_so() -> None:
    planted = payment_ratio(with_coefficient("payment_failed", 1.2, 1.2))
    assert planted > 1.25 * payment_ratio(with_coefficient("payment_failed", 0.0, 0.0))


@pytest.mark.parametrize(
    ("coefficient", "low", "high"), [(-0.9, 0.35, 0.62), (0.0, 0.85, 1.17), (0.7, 1.3, 2.2)]
)
def test_the_experiment_has_the_effect_that_is_set(coefficient: float, low: float, high: float) -> None:
    traits, lives, _ = lived(with_coefficient("experiment", coefficient, coefficient))
    assigned = (lives["experiment_ms"] > 0) & (
        (lives["decided_ms"] == 0) | (lives["decided_ms"] > lives["experiment_ms"])
    )
    treated = traits["treated"] == 1
    assert abs(np.mean(treated[assigned]) - 0.5) < 0.03
    assert low < loss_ratio(assigned & treated, assigned & ~treated, lives) < high


def test_the_offer_keeps_slow_users_more_than_others() -> None:
    history, lives, events = lived(Scenario())
    decided = (lives["decided_ms"] > lives["offer_ms"]) & (
        lives["decided_ms"] < lives["offer_ms"] + 45 * 86_400_000
    )
    there = (lives["offer_ms"] > 0) & ((lives["decided_ms"] == 0) | (lives["decided_ms"] > lives["offer_ms"]))
    offered = history["offered"] == 1
    slow = history["rate"] < 2.0

    def ratio(group: NDArray[np.bool_]) -> float:
        return float(decided[there & group & offered].mean() / decided[there & group & ~offered].mean())

    assert ratio(slow) < 0.65
    assert ratio(slow) < ratio(~slow)
    assert (events["type"] == words.PROMOTION).sum() == (offered & (lives["offer_ms"] > 0)).sum()


def test_slow_habits_and_few_features_go_with_leaving() -> None:
    traits, lives, _ = lived(Scenario())
    there = traits["signup_day"] < 0
    assert loss_ratio(there & (traits["rate"] < 1.2), there & (traits["rate"] > 3.0), lives) > 1.3
    assert loss_ratio(there & (traits["breadth"] < 3), there & (traits["breadth"] > 6), lives) > 1.1


def test_the_sudden_change_shifts_what_drives_users_away() -> None:
    # tickets count for nothing before the change and for much after it
    scenario = replace(with_coefficient("support_ticket", 0.0, 3.0), change_at=0.5)
    history = History(USERS, DAYS, 21, START, scenario)
    middle = history.start_ms + DAYS // 2 * 86_400_000
    events = np.concatenate([found for _, found in history.events()])
    tickets = events[events["type"] == words.SUPPORT_TICKET]
    shares = []
    for begin in (history.start_ms, middle):
        asked = tickets[(tickets["time"] >= begin) & (tickets["time"] < begin + 40 * 86_400_000)]
        wait = history.lives["decided_ms"][asked["user"]] - asked["time"]
        shares.append(np.mean((wait > 0) & (wait < 14 * 86_400_000)))
    assert shares[1] > 2 * shares[0]


def test_the_cause_is_the_strongest_driver() -> None:
    _, lives, _ = lived(with_coefficient("summer", 9.0, 9.0))
    summer = np.int64(1_751_328_000_000)  # 2025-07-01
    # the span ends on 2025-06-29, so summer cannot be a cause yet
    assert (lives["decided_ms"] < summer).all()
    assert CAUSES.index("summer") not in lives["first_cause"]
    _, lives, _ = lived(with_coefficient("unpaid_plan", 9.0, 9.0))
    causes = lives["first_cause"][lives["leaves"] > 0]
    assert np.mean(causes == CAUSES.index("unpaid_plan")) > 0.8


def test_half_a_year_loses_a_third_to_a_half_of_the_users() -> None:
    history = History(4_000, 182, 3, START, Scenario())
    for _ in history.events():
        pass
    there = history.traits["signup_day"] < 0
    assert 0.35 < np.mean(history.lives["first_left_ms"][there] > 0) < 0.5


def test_users_go_quiet_gradually_before_they_leave() -> None:
    _, lives, events = lived(Scenario())
    starts = events[events["type"] == words.SESSION_START]
    before = lives["decided_ms"][starts["user"]] - starts["time"]
    leaving = lives["decided_ms"][starts["user"]] > 0
    calm = np.sum(leaving & (before > 0) & (before < 10 * 86_400_000))
    fading = np.sum(leaving & (before <= 0) & (before > -10 * 86_400_000))
    late = np.sum(leaving & (before <= -10 * 86_400_000) & (before > -20 * 86_400_000))
    assert late < 0.6 * fading < 0.6 * 0.8 * calm


def test_unknown_drivers_are_refused() -> None:
    with pytest.raises(ValueError, match="keep the drivers"):
        Scenario(drivers=DRIVERS[:-1]).record(10)
