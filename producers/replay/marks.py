"""When, in event time, the clock marks of a replay fall."""


class MarkSchedule:
    """Marks at whole multiples of an interval since 1970, each before the first event at or after it."""

    def __init__(self, every_ms: int) -> None:
        self._every = every_ms
        self._next: int | None = None

    def before(self, time: int) -> range:
        """Times of the marks to be written before an event of `time` (milliseconds); calls must not go back.

        Nothing is marked before the first event: no clock ran then.
        """
        following = (time // self._every + 1) * self._every
        due = range(following if self._next is None else self._next, following, self._every)
        self._next = following
        return due


def last_mark(last_event: int, tail_ms: int = 0) -> int:
    """The final mark: the millisecond after the last event, lest silence be made up, plus `tail_ms`."""
    return last_event + 1 + tail_ms
