"""Copying a log to other partitions: each user's order and each mark's place are kept."""

from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from control.log import Record
from domain.events import MIN_TIME_MS, ClockMark, encode
from ebbwatch.repartition import copy

T = MIN_TIME_MS


def event(offset: int, name: str) -> Record:
    return Record(offset, 0, name[:1].encode(), name.encode(), {})


def mark(offset: int, after: int, visits: int = 100) -> Record:
    return Record(offset, 0, None, encode(ClockMark(mark=T + after, visits=visits)), {})


def copied(*partitions: Sequence[Record]) -> tuple[list[str], list[int]]:
    """What was sent, in order, marks as numbers after a hash, and the progress."""
    sent: list[str] = []
    steps = copy(
        {p: iter(records) for p, records in enumerate(partitions)},
        lambda key, value: sent.append((value or b"-").decode() if key or value else "-"),
        lambda time, visits: sent.append(f"#{time - T}x{visits}"),
    )
    return sent, list(steps)


def test_what_stands_before_a_mark_stays_before_it() -> None:
    sent, counts = copied(
        [event(0, "a1"), mark(1, 10), event(2, "a2"), mark(3, 20)],
        [event(0, "b1"), mark(1, 10), event(2, "b2"), mark(3, 20), event(4, "b3")],
    )
    assert sent == ["a1", "b1", "#10x100", "a2", "b2", "#20x100", "b3"]
    assert counts[-1] == 9


def test_marks_out_of_step_are_merged_by_their_time() -> None:
    sent, _ = copied(
        [event(0, "a1"), mark(1, 30)], [event(0, "b1"), mark(1, 10), event(2, "b2"), mark(3, 20)]
    )
    assert sent == ["b1", "#10x100", "b2", "#20x100", "a1", "#30x100"]


def test_a_mark_that_goes_back_does_nothing() -> None:
    sent, _ = copied([mark(0, 20), event(1, "a1"), mark(2, 10), event(3, "a2")])
    assert sent == ["#20x100", "a1", "a2"]


def test_what_is_no_mark_is_copied_as_it_is() -> None:
    junk = [Record(0, 0, None, b"{", {}), Record(1, 0, None, None, {}), Record(2, 0, b"k", None, {})]
    assert copied(junk) == (["{", "-", "-"], [3])
    assert copied([], []) == ([], [])


NAMES = st.sampled_from(["event", "event", "event", "mark"])


@given(st.lists(st.lists(st.tuples(NAMES, st.integers(1, 40)), max_size=12), min_size=1, max_size=4))
def test_nothing_is_lost_and_no_partition_is_reordered(logs: list[list[tuple[str, int]]]) -> None:
    partitions = [
        [event(i, f"{p}:{i}") if kind == "event" else mark(i, time) for i, (kind, time) in enumerate(log)]
        for p, log in enumerate(logs)
    ]
    sent, counts = copied(*partitions)
    for p, log in enumerate(logs):
        expected = [f"{p}:{i}" for i, (kind, _) in enumerate(log) if kind == "event"]
        assert [name for name in sent if name.startswith(f"{p}:")] == expected
    marks = [int(name[1:].split("x")[0]) for name in sent if name.startswith("#")]
    assert marks == sorted(set(marks))
    times = {time for log in logs for kind, time in log if kind == "mark"}
    assert max(marks, default=0) == max(times, default=0)
    assert (counts[-1] if counts else 0) == sum(map(len, logs))


def test_marks_are_what_the_decoder_takes() -> None:
    assert msgspec.json.decode(mark(0, 5).value or b"", type=ClockMark).mark == T + 5
