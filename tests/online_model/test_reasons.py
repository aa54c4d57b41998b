"""Reasons in words, and what they weigh."""

import math

import numpy as np
import pytest

from domain.state import States, empty
from online_model.own_rhythm import Population, risks
from online_model.reasons import Reason, reasons
from online_model.tiers import Thresholds, tier_of

HOUR = 3_600_000
DAY = 24 * HOUR
T = 1_500_000_000_000
HORIZON = 30 * DAY
HABIT = Population(gaps=990, seconds=990 * 3 * 86_400)


def user(sessions: int, gap_days: float) -> States:
    """A user who came so often, always after the same gap."""
    states = empty(1)
    states["sessions"] = sessions
    states["gap_count"] = sessions - 1
    states["gap_sum_s"] = round((sessions - 1) * gap_days * 86_400)
    states["first_session_ms"] = T
    states["last_active_ms"] = T + round((sessions - 1) * gap_days * DAY)
    return states


def why(states: States, silence: float) -> list[Reason]:
    now = int(states["last_active_ms"][0]) + round(silence)
    return reasons(states, 0, now, HABIT, HORIZON)


def test_silence_is_held_against_the_usual_gap() -> None:
    texts = [reason.text for reason in why(user(11, 4), 20 * DAY)]
    assert texts == [
        "no session for 20 days; the usual gap is 4 days",
        "11 sessions so far, one every 4 days; all users: every 3 days",
    ]


def test_who_came_once_has_no_habit() -> None:
    texts = {reason.text for reason in why(user(1, 0), 9 * DAY)}
    assert texts == {
        "no session for 9 days; users here usually come back after 3 days",
        "only one session so far, so no habit is known yet",
    }


@pytest.mark.parametrize(
    ("silence", "words"),
    [
        (0, "1 min"),
        (29 * 60_000, "29 min"),
        (HOUR, "1 hour"),
        (5 * HOUR, "5 hours"),
        (47 * HOUR, "47 hours"),
        (2 * DAY, "2 days"),
        (400 * DAY, "400 days"),
    ],
)
def test_durations_in_words(silence: int, words: str) -> None:
    assert any(reason.text.startswith(f"no session for {words};") for reason in why(user(5, 3), silence))


def test_large_numbers_can_be_read() -> None:
    assert any(
        r.text.startswith("12,345 sessions so far, one every 12 hours") for r in why(user(12_345, 0.5), DAY)
    )


@pytest.mark.parametrize("sessions", [1, 2, 30])
@pytest.mark.parametrize("silence", [0, HOUR, 3 * DAY, 25 * DAY])
def test_the_heaviest_comes_first(sessions: int, silence: int) -> None:
    weights = [abs(reason.weight) for reason in why(user(sessions, 3), silence)]
    assert weights == sorted(weights, reverse=True)


def test_a_weight_is_what_the_log_odds_change_by() -> None:
    states = user(11, 4)
    last = int(states["last_active_ms"][0])
    now, awake = risks(states, np.zeros(2, np.int64), np.array([last + 20 * DAY, last]), HABIT, HORIZON)
    silence = next(r for r in why(states, 20 * DAY) if r.text.startswith("no session"))
    assert silence.weight == pytest.approx(math.log(now / (1 - now)) - math.log(awake / (1 - awake)))
    assert silence.weight > 1


def test_silence_raises_and_a_firm_habit_lowers_the_risk() -> None:
    by_word = {r.text.split()[0]: r.weight for r in why(user(40, 2), DAY)}
    assert by_word["no"] > 0 > by_word["40"]
    assert next(r.weight for r in why(user(40, 2), 0) if r.text.startswith("no")) == 0


def test_certainty_has_a_weight_too() -> None:
    assert all(math.isfinite(reason.weight) for reason in why(user(20_000, 1), 5000 * DAY))


def test_tiers_begin_at_their_threshold() -> None:
    limits = Thresholds(medium=0.4, high=0.7)
    assert [tier_of(r, limits) for r in (0.0, 0.3999, 0.4, 0.6999, 0.7, 1.0)] == [
        "low", "low", "medium", "medium", "high", "high",
    ]  # fmt: skip
