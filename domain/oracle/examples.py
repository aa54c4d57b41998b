"""What the model learns from, read off whole histories: what is known at an instant, and what follows from it."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from domain.catalogue import NAMES
from domain.labels import CANCELLED, INACTIVE, RETURNED
from domain.oracle.history import History
from domain.settings import ChurnDefinition, FactSettings

_ALONE: Final = ("control", "holdout")
"""Variants that leave a user alone."""


class Snapshot(NamedTuple):
    """A user at risk at a weekly instant; sorts as it has to leave."""

    time: int
    """ms"""
    user: bytes
    """User id in UTF-8."""
    features: bytes
    """Little-endian doubles in the order of the catalogue, so that NaN equals NaN."""
    treated: int
    """ms of the last treatment before it, 0 for none."""
    holdout: bool


class Answers(NamedTuple):
    """Seconds from a snapshot to what answers it, rounded up; 0 while there is nothing."""

    returned: int
    cancelled: int
    treated: int


class Settled(NamedTuple):
    """What became of a snapshot; sorts as it has to leave."""

    due: int
    """ms"""
    user: bytes
    time: int
    """ms, of the snapshot."""
    lost: bool
    cause: int
    """`RETURNED`, `INACTIVE` or `CANCELLED`."""
    answers: Answers


def treated_ms(history: History) -> int:
    """When the user was treated last, ms; 0 for never."""
    return max((h.time for h in history.happened if h.event.type == "promotion"), default=0)


def in_holdout(history: History) -> bool:
    """Whether the last assignment to a variant that was not late left the user alone."""
    variants = [
        (h.event.variant or "").lower()
        for h in history.happened
        if h.event.type == "experiment_assignment" and not h.late
    ]
    named = [v for v in variants if v]
    return bool(named) and named[-1] in _ALONE


def snapshot(history: History, user: bytes, instant: int, features: dict[str, float | None]) -> Snapshot:
    """Of a history as it is known at `instant` (ms)."""
    values = [features[name] for name in NAMES]
    row = np.array([np.nan if v is None else v for v in values], "<f8")
    return Snapshot(instant, user, row.tobytes(), treated_ms(history), in_holdout(history))


def answers_of(history: History, instant: int, settings: FactSettings) -> Answers:
    """What has answered the snapshot of `instant` (ms) so far."""
    end = instant + settings.horizon_ms
    returns = [s.start for s in history.sessions if instant < s.start <= end]
    near = instant + settings.session_gap_ms  # what is late and nearer may belong to a session under way
    late = [a.time for a in history.activities if a.late and near < a.time <= end]

    def first(times: Iterable[int]) -> int:
        earliest = min((t for t in times if instant < t <= end), default=instant)
        return -((instant - earliest) // 1000)

    def times(kind: str) -> list[int]:
        return [h.time for h in history.happened if h.event.type == kind]

    return Answers(first(returns + late), first(times("cancellation")), first(times("promotion")))


def settled(history: History, user: bytes, instant: int, settings: FactSettings) -> Settled:
    """The outcome of the snapshot of `instant` (ms)."""
    answers = answers_of(history, instant, settings)
    lost, cause = judged(answers, settings.churn)
    due = instant + settings.horizon_ms + settings.allowed_lateness_ms
    return Settled(due, user, instant, lost, cause, answers)


def judged(answers: Answers, churn: ChurnDefinition) -> tuple[bool, int]:
    """Whether the user was lost, and the cause."""
    reasons = {INACTIVE: not answers.returned, CANCELLED: answers.cancelled > 0}
    counts = {
        "inactivity": reasons[INACTIVE],
        "cancellation": reasons[CANCELLED],
        "either": reasons[INACTIVE] or reasons[CANCELLED],
    }
    if not counts[churn]:
        return False, RETURNED
    return True, CANCELLED if reasons[CANCELLED] else INACTIVE
