"""What a user does in one session."""

from typing import Any, Final

from numpy.typing import NDArray

from producers.simulator import vocabulary as words
from producers.simulator.calendar import DAY_MS
from producers.simulator.chance import below, exponential, uniform
from producers.simulator.compiled import Record, compiled
from producers.simulator.emission import emit, emit_in_session
from producers.simulator.records import FADING
from producers.simulator.shop import order

MOST_ACTIONS: Final = 60
TUTORIALS: Final = 2
"""The first sessions are of type `tutorial`."""


@compiled
def visit(
    number: int, user: Record, life: Record, day: int, today: Record, scenario: Record, start: int,
    events: NDArray[Any], n: int,
) -> int:  # fmt: skip
    """One session from `start` (ms) on; returns the new number of events."""
    platform = user.platform if uniform(life) < 0.85 else user.second_platform
    troubled = uniform(life) < 0.006 * (1.0 + 25.0 * user.irritability + 2.0 * min(2.0, life.failed_payments))
    watch_silence(life, start, scenario)
    life.sessions += 1
    kind = words.SUPPORT if troubled else (words.TUTORIAL if life.sessions <= TUTORIALS else words.USAGE)
    n = emit_in_session(events, n, number, life, start, words.SESSION_START, platform)
    events[n - 1].session_type = kind
    events[n - 1].origin = 1
    if life.experiment_ms == 0 and day >= scenario.experiment_from:
        life.experiment_ms = start + 1_000
        n = emit(events, n, number, life, start + 1_000, words.EXPERIMENT_ASSIGNMENT)
        events[n - 1].note = words.TREATMENT_ASSIGNED if user.treated else words.CONTROL_ASSIGNED
    # who is about to leave does less in a session, too
    mean = user.length * (0.6 if life.stage == FADING else 1.0)
    time = start + 1_000
    for _ in range(min(MOST_ACTIONS, 1 + int(mean * exponential(life)))):
        time += 2_000 + min(600_000, int(35_000 * exponential(life)))
        n, time = act(number, user, life, time, platform, events, n)
    if uniform(life) < user.appetite * today.shopping:
        n, time = order(number, user, life, day, time, platform, events, n)
    n, time = judge(number, user, life, time, platform, events, n)
    if troubled:
        time += 20_000 + int(60_000 * exponential(life))
        n = emit_in_session(events, n, number, life, time, words.SUPPORT_TICKET, platform)
        events[n - 1].subject = (
            words.FIRST_TOPIC + words.PAGE_TOPICS + below(life, len(words.TOPICS) - words.PAGE_TOPICS)
        )
        life.tickets += 1.0
    if uniform(life) < 0.8:
        time += 1_000 + int(10_000 * exponential(life))
        n = emit_in_session(events, n, number, life, time, words.SESSION_END, platform)
    return n


@compiled
def watch_silence(life: Record, now: int, scenario: Record) -> None:
    """The first time that silence reaches `inactivity_days` goes into the truth."""
    due = life.last_life + int(scenario.inactivity_days * DAY_MS)
    if life.silent_ms == 0 and due <= now:
        life.silent_ms = due


@compiled
def act(
    number: int, user: Record, life: Record, time: int, platform: int, events: NDArray[Any], n: int
) -> tuple[int, int]:
    """One action; returns the number of events and when the action is over."""
    what = uniform(life)
    if what < 0.55:
        # rank 0 is every second use; users walk the ring of features from different places
        rank = 0
        while rank < user.breadth - 1 and uniform(life) < 0.5:
            rank += 1
        feature = (user.taste + 5 * rank) % len(words.FEATURES)
        life.features |= 1 << feature
        n = emit_in_session(events, n, number, life, time, words.FEATURE_USE, platform)
        seconds = min(600, 2 + int(25 * exponential(life)))
        events[n - 1].subject = 1 + feature
        events[n - 1].duration = seconds
        return n, time + 1_000 * seconds
    if what < 0.93:
        n = emit_in_session(events, n, number, life, time, words.PAGE_VIEW, platform)
        events[n - 1].subject = words.FIRST_TOPIC + below(life, words.PAGE_TOPICS)
        if uniform(life) < 0.03:
            events[n - 1].note = words.CONVERTED
    else:
        kind = words.COLLECTION_ACTION if what < 0.97 else words.SOCIAL_ACTION
        n = emit_in_session(events, n, number, life, time, kind, platform)
    return n, time


@compiled
def judge(
    number: int, user: Record, life: Record, time: int, platform: int, events: NDArray[Any], n: int
) -> tuple[int, int]:
    """Thumbs up or down, perhaps."""
    if uniform(life) < user.delight:
        time += 4_000
        n = emit_in_session(events, n, number, life, time, words.POSITIVE_FEEDBACK, platform)
        life.positives += 1.0
    # a user with an open ticket is easily annoyed
    if uniform(life) < user.irritability + 0.05 * min(2.0, life.tickets):
        time += 4_000
        n = emit_in_session(events, n, number, life, time, words.NEGATIVE_FEEDBACK, platform)
        life.negatives += 1.0
    return n, time
