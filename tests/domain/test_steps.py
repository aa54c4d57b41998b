"""Steps: what one write may carry, and where the next begins; `test_fold` holds their sum against the oracle."""

from collections import Counter

import numpy as np
import pytest

from domain.columns import hash_of
from domain.decode import Decoder
from domain.records import side_by_side
from domain.settings import FactSettings
from domain.state import States, empty
from domain.steps import MAX_USERS, Due, Partition, Progress, Step
from tests.domain.histories import DAY, LogRecord, event, mark

FACTS = FactSettings()
T = 1_500_000_000_000
NOTHING_DUE = Due([], True)


def users(count: int) -> list[str]:
    return [f"u{i:04}" for i in range(count)]


def visits_by(names: list[str], at: int = T, suffix: str = "") -> list[LogRecord]:
    return [event(name, at, "page_view", f"e-{name}{suffix}") for name in names]


def folding(
    records: list[LogRecord],
    states: States | None = None,
    names: list[str] | None = None,
    due: Due = NOTHING_DUE,
    max_users: int = MAX_USERS,
    first: int = 0,
) -> Partition:
    """The records as one batch of the only partition."""
    batch = Decoder(0, 1, FACTS).decode(side_by_side(records))
    own = batch.users if names is None else names
    return Partition(batch, first, empty(len(own)) if states is None else states, own, due, FACTS, max_users)


def silent(names: list[str]) -> States:
    """States of users who were active once, at T."""
    part = folding(visits_by(names), max_users=len(names))
    list(part.steps(Progress(offset=0)))
    return part.states


def test_a_step_touches_at_most_500_users_and_the_next_one_follows_it() -> None:
    names = users(1201)
    records = [*visits_by(names), *visits_by(names[:3], T + 1, "b")]
    found = [
        (step.progress, len(step.slots), step.outcomes)
        for step in folding(records, first=70).steps(Progress(offset=70))
    ]
    assert found == [
        (Progress(offset=570), 500, {"applied": 500}),
        (Progress(offset=1070), 500, {"applied": 500}),
        (Progress(offset=1274), 204, {"applied": 204}),
    ]


def test_users_who_come_again_cost_no_room() -> None:
    records = [*visits_by(["a", "b"]), *visits_by(["a", "b"] * 3, T + 1, "x"), *visits_by(["c"])]
    steps = [
        (s.progress.offset, s.slots.tolist()) for s in folding(records, max_users=2).steps(Progress(offset=0))
    ]
    assert steps == [(8, [0, 1]), (9, [2])]


def test_a_batch_is_taken_up_in_its_midst() -> None:
    records = visits_by(users(4))
    part = folding(records, first=10)
    (step,) = part.steps(Progress(offset=12, clock=T - DAY))
    assert (step.progress, step.slots.tolist()) == (Progress(offset=14, clock=T - DAY), [2, 3])
    assert part.states["events"].tolist() == [0, 0, 1, 1]


def reached(step: Step) -> tuple[int, int, int]:
    """Offset, clock and visited users after a step."""
    return step.progress.offset, step.progress.clock, step.progress.visited


def test_all_that_was_read_is_accounted_for_with_its_reason() -> None:
    late, old = event("a", T - 5, "page_view", "late"), event("a", T - 3 * DAY, "page_view", "old")
    dup, bad = visits_by(["a"])[0], LogRecord(b"a", b"{", T)
    records = [*visits_by(["a"]), late, dup, bad, mark(T), old, LogRecord(b"a", None, T), mark(T - DAY), bad]
    (step,) = folding(records, first=100).steps(Progress(offset=100))
    assert step.outcomes == {
        "applied": 1, "late": 1, "duplicate": 1, "mark": 2,
        "dead_letter:malformed": 2, "dead_letter:too_late": 1, "dead_letter:tombstone": 1,
    }  # fmt: skip
    assert step.dead == {3: "malformed", 5: "too_late", 6: "tombstone", 8: "malformed"}
    assert reached(step) == (109, T, 0)


def test_gaps_are_counted_in_the_step_that_ends_them() -> None:
    records = [*visits_by(["a", "b"]), *visits_by(["a"], T + DAY, "2"), *visits_by(["b"], T + 2 * DAY, "2")]
    steps = list(folding(records, max_users=1).steps(Progress(offset=0)))
    assert [(s.gaps, s.gap_seconds) for s in steps] == [(0, 0), (0, 0), (1, 86_400), (1, 2 * 86_400)]


def test_marks_before_and_between_events_move_the_clock_and_only_forward() -> None:
    records = [mark(T), *visits_by(["a"]), mark(T - 1), *visits_by(["b"], T + 1), mark(T + 9)]
    steps = list(folding(records, max_users=1).steps(Progress(offset=0)))
    assert [(s.progress.offset, s.progress.clock) for s in steps] == [(3, T), (5, T + 9)]


def fired(steps: list[Step]) -> list[list[int]]:
    return [step.slots.tolist() for step in steps]


def test_a_mark_with_many_timers_takes_several_steps() -> None:
    names = users(1201)
    part = folding([mark(T + 40 * DAY)], silent(names), names, Due(names, True))
    steps = list(part.steps(Progress(offset=0, clock=T)))
    clock = T + 40 * DAY
    assert [(reached(s), len(s.slots), s.outcomes) for s in steps] == [
        ((0, clock, 500), 500, {}),
        ((0, clock, 1000), 500, {}),
        ((1, clock, 0), 201, {"mark": 1}),
    ]
    assert part.states["gone"].all()


def test_a_mark_visits_no_more_than_it_says_and_the_earliest_first() -> None:
    names = ["b", "a", "ä", "c"]
    states = silent(names)
    states["timer_ms"] = [T + 2, T + 2, T + 2, T + 1]
    part = folding([mark(T + 60 * DAY, visits=3)], states, names, Due(["c", "a", "b", "ä"], True))
    (step,) = part.steps(Progress(offset=0))
    assert step.slots.tolist() == [0, 1, 3]  # all but ä, whose bytes come last
    assert reached(step) == (1, T + 60 * DAY, 0)
    assert step.progress.upto == T + 1  # those with T + 2 have not all been visited


def test_a_mark_taken_up_again_goes_on_where_it_was() -> None:
    names = users(5)
    states = silent(names)
    order = np.argsort(states["timer_ms"], kind="stable")
    part = folding([mark(T + 60 * DAY, visits=4)], states, names, Due([names[i] for i in order], True), 2)
    steps = part.steps(Progress(offset=0, clock=T))
    first = next(steps)
    assert (first.progress.visited, len(first.slots)) == (2, 2)
    again = folding([mark(T + 60 * DAY, visits=4)], part.states, names, Due(names, True), 2)
    rest = list(again.steps(first.progress))
    assert [len(s.slots) for s in rest] == [2]
    assert reached(rest[-1]) == (1, T + 60 * DAY, 0)
    assert Counter(again.states["gone"].tolist()) == {1: 4, 0: 1}


def test_timers_that_were_not_read_come_before_what_follows_the_mark() -> None:
    names = users(3)
    states = silent(names)
    states["timer_ms"] = [T + 1, T + 2, T + 3]
    records = [mark(T + 60 * DAY), event("u0000", T + 60 * DAY, "page_view", "later")]
    # the batch's own first, then those who are only due; the third was not read
    part = folding(records, states[[0, 1]], names[:2], Due(names[:2], False))
    (step,) = part.steps(Progress(offset=0, clock=T))
    assert (step.slots.tolist(), reached(step)) == ([0, 1], (0, T + 60 * DAY, 2))
    whole = np.concatenate([part.states, states[[2]]])
    part = folding(records, whole, names, Due(names[2:], True))
    (step,) = part.steps(step.progress)
    assert (step.slots.tolist(), reached(step)) == ([0, 2], (2, T + 60 * DAY, 0))
    assert part.states["returns"].tolist() == [1, 0, 0]


def test_whether_all_were_visited_is_not_guessed_where_some_were_not_read() -> None:
    names = users(2)
    states = silent(names)
    states["timer_ms"] = [T + 1, T + 2]
    records = [mark(T + 60 * DAY, visits=1)]
    for others in (names[1:], []):
        part = folding(records, states[[0]], names[:1], Due(names[:1], False))
        (step,) = part.steps(Progress(offset=0, clock=T))
        assert (reached(step), step.progress.upto) == ((0, T + 60 * DAY, 1), T)
        later = states[[1]] if others else states[:0]
        part = folding(records, later, others, Due(others, True))
        (end,) = part.steps(step.progress)
        assert (reached(end), end.progress.upto) == ((1, T + 60 * DAY, 0), T if others else T + 60 * DAY)


def test_no_more_users_than_it_may_touch_even_where_a_mark_follows_events() -> None:
    names = users(4)
    records = [*visits_by(names[:1], T + 1, "b"), mark(T + 60 * DAY)]
    steps = list(
        folding(records, silent(names), names, Due(names, True), 2).steps(Progress(offset=0, clock=T))
    )
    # who was active is visited too, and has no room to himself in a later step
    assert [len(s.slots) for s in steps] == [2, 2, 1]
    assert [(s.progress.offset, s.progress.visited) for s in steps] == [(1, 1), (1, 3), (2, 0)]


def test_nothing_left_is_no_step() -> None:
    assert list(folding(visits_by(["a"])).steps(Progress(offset=1))) == []
    assert list(folding([]).steps(Progress(offset=0))) == []


@pytest.mark.parametrize("name", ["a", "ä", "f" * 128])
def test_users_go_by_their_bytes_and_hashes(name: str) -> None:
    part = folding([event(name, T, "page_view", "e")])
    assert part.ids == [name.encode()]
    assert part.hashes.tolist() == [hash_of(name)]
