"""Order, marks, sessions and pace of what is sent."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Event, encode
from producers.replay.marks import MarkSchedule
from producers.replay.send import Pace, send
from producers.replay.sessions import GapSessions
from producers.replay.spool import Spool, Spooled

HOUR = 3_600_000
START = 1_700_000_000_000 // HOUR * HOUR


class Recorder:
    """Keeps what it is sent, in order: marks as numbers, events as their value."""

    def __init__(self) -> None:
        self.calls: list[int | bytes] = []

    def send(self, key: bytes, value: bytes) -> None:
        self.calls.append(value)

    def mark(self, time_ms: int) -> None:
        self.calls.append(time_ms)


def spooled(times: Iterable[int]) -> list[Spooled]:
    return [Spooled(time, b"u", b"%d" % time) for time in times]


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.binary(max_size=9), st.binary(min_size=1, max_size=30)), max_size=60
    )
)
def test_the_spool_sorts_by_time_and_keeps_the_order_of_equals(
    events: list[tuple[int, bytes, bytes]],
) -> None:
    with Spool() as spool:
        for event in events:
            spool.add(*event)
        assert list(spool.in_time_order()) == sorted(events, key=lambda event: event[0])
        assert len(spool) == len(events)
        assert spool.span() == max((e[0] for e in events), default=0) - min((e[0] for e in events), default=0)


def test_marks_stand_before_the_first_event_at_or_after_them() -> None:
    sink = Recorder()
    marks = send(spooled([START, START + 5, START + HOUR, START + 3 * HOUR + 1]), sink, mark_every_ms=HOUR)
    assert sink.calls == [
        b"%d" % START,
        b"%d" % (START + 5),
        START + HOUR,
        b"%d" % (START + HOUR),
        START + 2 * HOUR,
        START + 3 * HOUR,
        b"%d" % (START + 3 * HOUR + 1),
        START + 3 * HOUR + 2,
    ]
    assert marks == 4


def test_the_tail_is_added_to_the_last_mark_only_and_no_events_make_no_marks() -> None:
    sink = Recorder()
    assert send(spooled([START + 7]), sink, mark_every_ms=HOUR, tail_ms=30 * HOUR) == 1
    assert sink.calls[-1] == START + 8 + 30 * HOUR
    assert send([], sink, mark_every_ms=HOUR) == 0


@given(
    st.lists(st.integers(START, START + 30 * HOUR), min_size=1).map(sorted),
    st.integers(HOUR // 60, 10 * HOUR),
)
def test_no_event_is_sent_behind_the_clock_and_no_boundary_is_left_out(times: list[int], every: int) -> None:
    schedule = MarkSchedule(every)
    marks = [(mark, time) for time in times for mark in schedule.before(time)]
    assert all(mark <= time for mark, time in marks)
    between = [n * every for n in range(times[0] // every + 1, times[-1] // every + 1)]
    assert [mark for mark, _ in marks] == between


def test_progress_adds_up() -> None:
    told: list[int] = []
    send(spooled(range(START, START + 4500)), Recorder(), mark_every_ms=HOUR, progress=told.append)
    assert sum(told) == 4500
    assert len(told) > 1


def session_ids(events: list[tuple[int, str, str]]) -> list[str | None]:
    sessions = GapSessions(30)
    values = [encode(Event(event_id=str(i), user_id=u, type=k, time=t)) for i, (t, u, k) in enumerate(events)]
    return [
        msgspec.json.decode(sessions(t, value), type=Event).session_id
        for value, (t, _, _) in zip(values, events, strict=True)
    ]


def test_a_pause_longer_than_the_gap_begins_a_session_of_that_user() -> None:
    assert session_ids(
        [(100, "a", "page_view"), (110, "b", "page_view"), (130, "a", "purchase"), (141, "b", "page_view"),
         (160, "a", "page_view"), (191, "a", "page_view")]
    ) == ["100", "110", "100", "141", "100", "191"]  # fmt: skip


def test_only_signs_of_life_open_a_session() -> None:
    assert session_ids(
        [(1, "a", "signup"), (2, "a", "session_end"), (3, "a", "page_view"), (40, "a", "refund"),
         (60, "a", "session_end"), (61, "a", "session_end"), (62, "a", "page_view"), (63, "a", "session_start"),
         (64, "a", "custom")]
    ) == [None, None, "3", None, None, None, "62", "63", None]  # fmt: skip
    assert session_ids([(1, "a", "page_view"), (5, "a", "session_end"), (6, "a", "page_view")]) == [
        "1",
        "1",
        "6",
    ]


def test_sessions_reach_what_is_sent() -> None:
    sink = Recorder()
    event = Event(event_id="e", user_id="u", type="page_view", time=START)
    send([Spooled(START, b"u", encode(event))], sink, mark_every_ms=HOUR, sessions=GapSessions(30))
    assert isinstance(sink.calls[0], bytes)
    assert msgspec.json.decode(sink.calls[0])["session_id"] == str(START)


class Timepiece:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def test_the_pace_is_kept_and_a_pause_is_not_made_up_for() -> None:
    watch = Timepiece()
    pace = Pace(100.0, lambda: watch.now, watch.sleep)
    moments = []
    for i in range(1001):
        if i == 500:
            watch.now += 60
        pace()
        moments.append(watch.now)
    assert moments[499] == pytest.approx(4.99)
    # a second's worth at once, then the pace again
    assert moments[1000] - moments[500] == pytest.approx(4.0, abs=0.05)
    assert max(b - a for a, b in pairwise(moments[:500])) < 0.02


def test_the_spool_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Spool() as spool:
        spool.add(1, b"k", b"v")
        assert list(spool.in_time_order()) == [(1, b"k", b"v")]
        assert list(tmp_path.iterdir()) == []
