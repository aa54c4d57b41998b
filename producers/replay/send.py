"""The sorted events into Kafka, with clock marks in between, at full speed or at a given rate."""

import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from producers.replay.marks import MarkSchedule, last_mark
from producers.replay.sessions import GapSessions
from producers.replay.spool import Spooled

_REPORT_EVERY: Final = 2000
_LAG_FORGIVEN: Final = 1.0


class Sink(Protocol):
    """Where events and marks go: `producers.publish.Publisher`."""

    def send(self, key: bytes, value: bytes) -> None:
        """One event."""
        ...

    def mark(self, time_ms: int) -> None:
        """One clock mark, behind all events sent so far."""
        ...


class Pace:
    """Holds calls to a rate; after a pause it does not catch up by more than a second's worth."""

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Args:
        rate: calls a second.
        clock: seconds, never going back.
        """
        self._step = 1.0 / rate
        self._clock = clock
        self._sleep = sleep
        self._due = clock()

    def __call__(self) -> None:
        """Wait until the next call is due."""
        now = self._clock()
        self._due = max(self._due, now - _LAG_FORGIVEN)
        # short sleeps overshoot: let a few calls through and wait for all of them at once
        if self._due - now > 0.002:
            self._sleep(self._due - now)
        self._due += self._step


def send(
    events: Iterable[Spooled],
    sink: Sink,
    *,
    mark_every_ms: int,
    tail_ms: int = 0,
    sessions: GapSessions | None = None,
    pace: Pace | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Send all events and marks.

    Args:
        events: in order of time.
        tail_ms: how far the clock moves beyond the last event.
        sessions: gives session ids to events; none for files that have them.
        progress: told now and then how many events were sent since it was last told.

    Returns:
        How many marks were written.
    """
    schedule = MarkSchedule(mark_every_ms)
    marks = count = 0
    last: int | None = None
    for last, key, value in events:
        for moment in schedule.before(last):
            sink.mark(moment)
            marks += 1
        if pace is not None:
            pace()
        sink.send(key, value if sessions is None else sessions(last, value))
        count += 1
        if count % _REPORT_EVERY == 0:
            progress(_REPORT_EVERY)
    if last is not None:
        sink.mark(last_mark(last, tail_ms))
        marks += 1
    progress(count % _REPORT_EVERY)
    return marks
