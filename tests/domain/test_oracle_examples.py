"""Snapshots and outcomes of small histories, worked out by hand from `docs/snapshots.md`."""

import numpy as np
import pytest

from domain.catalogue import INDEX
from domain.labels import CANCELLED, INACTIVE, RETURNED
from domain.oracle import Partition
from domain.oracle.examples import Answers, Settled
from domain.settings import ChurnDefinition, FactSettings
from tests.domain import small_histories
from tests.domain.histories import DAY, HOUR, MINUTE, Log, LogRecord, erasure
from tests.domain.small_histories import FIRST, MONDAY, NUMBER, clock, did, only, state
from tests.domain.test_fold import Cut, assert_same

WEEK = 7 * DAY
AT = FIRST - MONDAY
"""Ann's first weekly instant, ms after Monday."""
DUE = AT + 31 * DAY
"""When its outcome is due."""


def told(*records: LogRecord, facts: FactSettings | None = None) -> Partition:
    """What the oracle makes of it; and the compiled fold makes the same."""
    assert_same(Log(list(records), facts or FactSettings()), Cut([], 500, 1000))
    return small_histories.told(*records, facts=facts)


def instants(partition: Partition) -> list[int]:
    """When the snapshots that have left were taken, ms after Monday."""
    return [s.time - MONDAY for s in partition.snapshots]


def answered(partition: Partition, at: int = AT) -> Answers:
    (found,) = [s.answers for s in partition.settled if s.time == MONDAY + at]
    return found


def test_snapshots_are_weekly_while_at_risk() -> None:
    assert instants(told(did(0), clock(60 * DAY))) == [AT, AT + WEEK, AT + 2 * WEEK, AT + 3 * WEEK]
    assert instants(told(did(0), clock(AT - 1))) == []
    assert instants(told(did(0), clock(AT))) == [AT]
    assert instants(told(did(0, "signup"), clock(60 * DAY))) == []
    assert instants(told(did(0), did(AT + 1, "cancellation"), clock(60 * DAY))) == [AT]


def test_a_snapshot_sees_what_the_log_told_before_its_instant_was_reached() -> None:
    before = [did(0), did(DAY)]
    (one,) = told(*before, did(HOUR), clock(AT)).snapshots
    (other,) = told(*before, did(AT, "purchase"), did(HOUR), clock(AT)).snapshots
    silence = INDEX["days_since_last_session"]
    assert np.frombuffer(one.features)[silence] == np.frombuffer(other.features)[silence] == (AT - DAY) / DAY
    events = INDEX["events_total"]
    assert np.frombuffer(one.features)[events] == 3
    assert np.frombuffer(other.features)[events] == 2


def test_it_leaves_at_a_mark_and_waits_in_the_record() -> None:
    waiting = told(did(0), did(AT + 5))
    assert instants(waiting) == []
    assert [s.time for s in waiting.waiting_snapshots] == [FIRST]
    only(state(waiting), instant=NUMBER, pending=1 << NUMBER % 32)
    assert state(waiting)["answers"][NUMBER % 32] == [1, 0, 0]
    assert waiting.timers() == {"ann": FIRST + WEEK}


def test_an_outcome_waits_for_a_mark_past_horizon_and_lateness() -> None:
    story = [did(0), clock(DUE - 1), did(DUE - 1 + DAY)]
    assert told(*story).settled == []
    partition = told(*story, clock(DUE))
    assert partition.settled == [Settled(FIRST + 31 * DAY, b"ann", FIRST, True, INACTIVE, Answers(0, 0, 0))]
    assert partition.upto == MONDAY + DUE
    only(state(partition), instant=NUMBER + 3, pending=sum(1 << (NUMBER + k) % 32 for k in (1, 2, 3)))
    assert partition.timers() == {"ann": FIRST + 5 * WEEK}
    assert not any(map(any, state(told(*story, clock(DUE + 4 * WEEK)))["answers"][NUMBER % 32 :][:4]))


@pytest.mark.parametrize(
    ("after", "seconds"),
    [(0, 0), (1, 1), (1000, 1), (1001, 2), (30 * DAY, 30 * 86_400), (30 * DAY + 1, 0)],
)
def test_a_return_lies_after_the_instant_and_within_the_horizon(after: int, seconds: int) -> None:
    kept = [did(0), did(AT - HOUR)] if after < DAY else [did(0), did(AT - 2 * HOUR)]
    partition = told(*kept, did(AT + after), clock(DUE))
    assert answered(partition).returned == seconds


def test_going_on_is_no_return() -> None:
    partition = told(did(AT - MINUTE), did(AT + MINUTE), clock(DUE))
    assert answered(partition) == Answers(0, 0, 0)


@pytest.mark.parametrize(
    ("after", "seconds"), [(30 * MINUTE, 0), (30 * MINUTE + 1, 1801), (DAY, 86_400), (31 * DAY, 0)]
)
def test_a_late_activity_proves_a_return_where_no_session_can_have_been_under_way(
    after: int, seconds: int
) -> None:
    partition = told(did(0), did(AT + 32 * DAY, "renewal"), did(AT + after), clock(DUE + DAY))
    assert answered(partition).returned == seconds


def test_the_earliest_counts_and_late_ones_too() -> None:
    partition = told(
        did(0),
        did(AT + 9 * DAY, "promotion"),
        did(AT + 10 * DAY, "cancellation"),
        did(AT + 3 * DAY, "promotion"),
        did(AT + 4 * DAY, "cancellation"),
        did(AT + 8 * DAY, "promotion"),
        did(AT, "promotion"),
        clock(DUE),
    )
    assert answered(partition) == Answers(0, 4 * 86_400, 3 * 86_400)
    only(state(partition), treated_ms=FIRST + 9 * DAY)


def test_treatment_and_holdout_as_of_the_instant() -> None:
    partition = told(
        did(0),
        did(DAY, "promotion"),
        did(HOUR, "promotion"),
        did(2 * DAY, "experiment_assignment", experiment="x", variant="ConTrol"),
        did(3 * DAY, "experiment_assignment", experiment="y"),
        did(DAY, "experiment_assignment", experiment="x", variant="offer"),  # late
        did(AT + DAY, "experiment_assignment", experiment="x", variant="offer"),
        did(AT + 2 * DAY, "promotion"),
        clock(AT + WEEK),
    )
    assert [(s.treated - MONDAY, s.holdout) for s in partition.snapshots] == [
        (DAY, True),
        (AT + 2 * DAY, False),
    ]


@pytest.mark.parametrize(
    ("churn", "expected"),
    [
        ("inactivity", [INACTIVE, RETURNED, RETURNED, CANCELLED]),
        ("cancellation", [RETURNED, RETURNED, CANCELLED, CANCELLED]),
        ("either", [INACTIVE, RETURNED, CANCELLED, CANCELLED]),
    ],
)
def test_what_a_loss_is_and_why(churn: ChurnDefinition, expected: list[int]) -> None:
    back, left = did(AT + DAY), did(AT + 2 * DAY, "cancellation")
    found = []
    for story in ([], [back], [back, left], [left]):
        partition = told(did(0), *story, clock(DUE), facts=FactSettings(churn=churn))
        found += [(s.lost, s.cause) for s in partition.settled if s.time == FIRST]
    assert found == [(cause != RETURNED, cause) for cause in expected]


def test_a_passage_that_has_moved_on_is_no_weekly_instant() -> None:
    soon = FactSettings(inactivity_ms=2 * DAY)
    partition = told(did(0), did(DAY), clock(2 * DAY), facts=soon)
    assert partition.snapshots == []
    assert partition.timers() == {"ann": MONDAY + 3 * DAY}


def test_a_late_signup_sets_no_timer_before_what_has_happened() -> None:
    story = [did(0), did(1, "cancellation"), did(AT + 2 * DAY, "renewal"), did(AT - DAY, "signup")]
    assert told(*story).timers() == {"ann": FIRST + WEEK}
    assert instants(told(*story, clock(AT + WEEK))) == [AT + WEEK]


def test_no_more_than_32_weeks_wait() -> None:
    long = FactSettings(inactivity_ms=90 * DAY)
    weeks = [did(k * WEEK) for k in range(12)] + [did(k * WEEK) for k in range(30, 45)]
    partition = told(*weeks, facts=long)
    taken = [s.time - FIRST for s in partition.waiting_snapshots]
    # gone from week 24 on; from week 32 on the first one, which no mark has settled, is in the way
    assert [t // WEEK for t in taken] == [*range(23), 30, 31]
    later = told(*weeks, clock(45 * WEEK), clock(46 * WEEK), facts=long)
    assert instants(later)[-2:] == [AT + 31 * WEEK, AT + 45 * WEEK]


def test_an_erasure_drops_what_has_not_left_and_what_waits_for_an_answer() -> None:
    gone = erasure("ann")
    assert instants(told(did(0), did(AT + 5), gone, clock(AT + 6))) == []
    left = told(did(0), did(AT + 5), clock(AT + 6), gone, clock(DUE + WEEK))
    assert (instants(left), left.settled, left.timers(), list(left.users())) == ([AT], [], {}, [])
    both = told(did(0), did(AT + 5), clock(AT + 6), did(AT + WEEK + 5), gone, clock(DUE))
    assert instants(both) == [AT]
    settled = told(did(0), clock(DUE), gone)
    assert [s.time for s in settled.settled] == [FIRST]
    assert settled.outcomes["erased", ""] == 1


def test_who_comes_back_after_an_erasure_was_never_seen_before() -> None:
    before = [did(0), did(DAY), did(9 * DAY), clock(10 * DAY)]
    again = [did(11 * DAY), did(12 * DAY)]
    back, first = told(*before, erasure("ann"), *again), told(clock(10 * DAY), *again)
    assert back.record("ann") == first.record("ann")
    assert back.population() == (3, 10 * DAY // 1000)
    # the same event is none that came twice, and a snapshot of before comes no second time
    twice = told(did(0), did(AT + 5), erasure("ann"), did(0), did(AT + 5), clock(AT + 6))
    assert instants(twice) == [AT]
    after = told(did(0), clock(AT), erasure("ann"), did(AT - 1), clock(AT + WEEK))
    assert instants(after) == [AT, AT + WEEK]


def test_nobody_can_be_erased_too() -> None:
    partition = told(erasure("ann"), erasure("ann"))
    assert (partition.outcomes, list(partition.users())) == ({("erased", ""): 2}, [])


def test_visits_bound_what_leaves() -> None:
    soon = FactSettings(inactivity_ms=10 * DAY, horizon_ms=DAY)
    story = [did(0), did(0, user="bob"), did(0, user="cyd"), clock(30 * DAY, visits=1)]
    stored = told(*story[:3], facts=soon).timers()
    first, second, third = sorted(stored, key=lambda u: (stored[u], u))
    one = told(*story, facts=soon)
    assert one.upto == stored[first] - 1
    assert [s.user.decode() for s in one.waiting_snapshots][:1] == [first]
    assert one.snapshots == []
    two = told(*story, clock(30 * DAY + 1, visits=1), facts=soon)
    assert two.upto == stored[second] - 1
    assert [s.user.decode() for s in two.snapshots] == [first]
    three = told(*story, clock(30 * DAY + 1, visits=3), facts=soon)
    assert three.upto == MONDAY + 30 * DAY + 1
    assert [s.user.decode() for s in three.snapshots][:3] == [first, second, third]
